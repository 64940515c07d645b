"""A club of two linked servers, of which one has operators."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from argon2 import PasswordHasher
from asking import secret
from chess_club import CONFIGURATION, ClubDaemon
from daemon_process import wait_for

from chatnet.services.tokens import token_hash

WORD = "a boss's word"

OPERATORS = """
[limits]
nick = NICK
[[oper_class]]
name = "boss"
privileges = ["kill", "rehash", "bans", "routing", "see-all", "accounts", "channels", "audit"]
[[oper_class]]
name = "aide"
privileges = ["kill"]
[[oper]]
name = "boss"
class = "boss"
password = "WORD"
[[oper]]
name = "aide"
class = "aide"
password = "WORD"
[[link]]
name = "irc2.example.org"
password = "a-word"
role = "hub"
addresses = ["UNIX"]
[[link]]
name = "irc3.example.org"
password = "a-word"
role = "leaf"
"""
TOKEN = """
[[token]]
name = "NAME"
nick = "NAME"
hash = "HASH"
scope = "operate,events,read"
class = "CLASS"
"""
OTHER = """
[server]
name = "irc2.example.org"
sid = "2CN"
network = "Chessclub"
[cloak]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
kind = "server"
endpoint = "unix:UNIX:mode=600"
[[link]]
name = "irc.example.org"
password = "a-word"
role = "hub"
"""


class Office:
    """`here` has operators and browsers, `there` is the other; tokens are called desk and helper."""

    def __init__(self, folder: Path) -> None:
        for name in ("here", "there"):
            (folder / name).mkdir()
        socket = str(folder / "there.sock")
        word = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORD)
        more = OPERATORS.replace("UNIX", socket).replace("WORD", word)
        for name, kind in (("desk", "boss"), ("helper", "aide")):
            hashed = token_hash(secret(name)) or ""
            more += TOKEN.replace("NAME", name).replace("HASH", hashed).replace("CLASS", kind)
        self.configuration = CONFIGURATION + more
        self.here = ClubDaemon(folder / "here", self.configuration.replace("NICK", "30"))
        self.there = ClubDaemon(folder / "there", OTHER.replace("UNIX", socket))

    def __enter__(self) -> Office:
        try:
            self.there.start()
            self.here.start()
            for daemon in (self.here, self.there):
                wait_for(partial(self._linked, daemon), "the link")
        except BaseException:
            self.__exit__()
            raise
        return self

    @staticmethod
    def _linked(daemon: ClubDaemon) -> bool:
        return "has told all it knew" in daemon.output()

    def __exit__(self, *error: object) -> None:
        self.here.end()
        self.there.end()

    def mend(self, nick: str) -> None:
        """Write the configuration of `here` with another length of nicks."""
        self.here.configure(self.configuration.replace("NICK", nick).replace("WEB", str(self.here.web)))
