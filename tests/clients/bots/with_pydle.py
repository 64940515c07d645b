"""A bot on the library ``pydle``: PORT and, to speak TLS, ``tls``."""

import asyncio
import logging
import sys

import pydle


class Bot(pydle.Client):
    def __init__(self):
        super().__init__("pydle", realname="A library")
        self.left = asyncio.Event()

    async def on_connect(self):
        await super().on_connect()
        await self.join("#den")

    async def on_message(self, target, source, text):
        await super().on_message(target, source, text)
        if text == "leave":
            await self.quit("good night")
        elif source != self.nickname:
            found = await self.whois(source)
            await self.message(target, f"{source}: I heard {text}, {found['realname']}")

    async def on_disconnect(self, expected):
        await super().on_disconnect(expected)
        self.left.set()


async def main(port, tls=False):
    bot = Bot()
    await bot.connect("localhost", port, tls=tls, tls_verify=tls)
    await bot.left.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    asyncio.run(main(int(sys.argv[1]), "tls" in sys.argv))
