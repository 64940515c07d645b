"""A bot on the library ``irc``: PORT and, to speak TLS, the file of the authority to trust."""

import functools
import logging
import ssl
import sys

import irc.bot
import irc.connection


class Bot(irc.bot.SingleServerIRCBot):
    def on_welcome(self, connection, event):
        connection.cap("REQ", "message-tags", "server-time", "account-tag", "echo-message")
        connection.join("#den")

    def on_pubmsg(self, connection, event):
        print("tags", sorted(tag["key"] for tag in event.tags))
        if event.source.nick != connection.get_nickname():
            connection.privmsg(event.target, f"{event.source.nick}: I heard {event.arguments[0]}")

    def on_privmsg(self, connection, event):
        if event.arguments[0] == "leave":
            self.die("good night")

    def on_names(self, connection, event):
        print("with", " ".join(sorted(self.channels["#den"].users())))


def main(port, authority=None):
    factory = irc.connection.Factory()
    if authority is not None:
        context = ssl.create_default_context(cafile=authority)
        factory = irc.connection.Factory(
            wrapper=functools.partial(context.wrap_socket, server_hostname="localhost")
        )
    bot = Bot([("localhost", int(port))], "jaraco", "A library", connect_factory=factory)
    bot.reactor.add_global_handler("endofnames", bot.on_names, 10)
    bot.reactor.add_global_handler("all_events", lambda connection, event: print("event", event.type), 10)
    bot.start()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    main(*sys.argv[1:])
