"""A bot on the library ``pydle``: PORT; ``--tls`` to speak that, and ``--password`` to log in."""

import argparse
import asyncio
import logging
import sys

import pydle


class Bot(pydle.Client):
    def __init__(self, password):
        login = {"sasl_username": "pydle", "sasl_password": password} if password else {}
        super().__init__("pydle", realname="A library", **login)
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


async def main(port, tls, password):
    bot = Bot(password)
    await bot.connect("localhost", port, tls=tls, tls_verify=tls)
    await bot.left.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--password")
    asyncio.run(main(**vars(parser.parse_args())))
