"""Servers that keep accounts, alone or linked in pairs, and clients that log in to them."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import socket
import sqlite3
import sys
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from bench_load.server import HOST, Ports
from bench_load.tree import LAUNCH

from chatnet.storage.store import FILE

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SIDS: Final = {"a": "0AA", "b": "0BA"}
WORD: Final = "correct-horse-battery"
DEADLINE: Final = 300.0
LEARNING: Final = "still learning the accounts"

CONFIGURATION: Final = """\
[server]
name = "{name}.bench"
sid = "{sid}"
data = "data"

[cloak]
key = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

[accounts]
register_rate = 1000000
register_all = 1000000

[flood]
enabled = false

[sasl]
attempts = 1000
timeout = 600.0

[limits]
registration_timeout = 600.0

[[listen]]
endpoint = "tcp:{plain}:interface=127.0.0.1:backlog=1024"

[[listen]]
kind = "server"
endpoint = "tcp:{link}:interface=127.0.0.1"

[[connection_class]]
name = "bench"
flood_exempt = true
ping_interval = 300.0

[[link]]
name = "{other}.bench"
password = "benchlink"
role = "hub"
accounts = "full"
tls = false
addresses = [{addresses}]
"""


class Club:
    """A server that keeps accounts: `a`, or `b` which dials the port `dials` of that.

    It begins with a copy of the store at `seeds`, or with an empty one.  `besides` is more configuration.
    """

    links = True

    def __init__(
        self, name: str, seeds: Path | None = None, dials: int | None = None, besides: str = ""
    ) -> None:
        self.name = name
        self._besides = besides
        self._seeds = seeds
        self._addresses = "" if dials is None else f'"{HOST}:{dials}"'

    def command(self, folder: Path, ports: Ports) -> list[str]:
        """Write its configuration, and what it begins with."""
        (folder / "data").mkdir(mode=0o700)
        if self._seeds is not None:
            shutil.copy(self._seeds, store_of(folder))
        (folder / "bench.toml").write_text(
            CONFIGURATION.format(
                name=self.name,
                sid=SIDS[self.name],
                other="b" if self.name == "a" else "a",
                plain=ports.plain,
                link=ports.link,
                addresses=self._addresses,
            )
            + self._besides
        )
        return [sys.executable, "-c", LAUNCH, "-n", "--pidfile=", "chatnet", "--config", "bench.toml"]

    def environment(self) -> dict[str, str]:
        """Ours, but for what would configure it."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
        return {**ours, "PYTHONPATH": str(ROOT)}

    def is_up(self, folder: Path) -> bool:
        """It is one process, which listens last."""
        return True

    def database_cpu(self) -> float:
        """It has none."""
        return 0.0

    def mistaken(self, folder: Path) -> str | None:
        """It is of this tree."""
        return None


def store_of(folder: Path) -> Path:
    """The store of a server in that folder."""
    return folder / "data" / FILE


class Look:
    """The store of a running server, read beside it."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(f"{store_of(folder).as_uri()}?mode=ro", uri=True)

    def count(self) -> int:
        """How many records it has numbered."""
        [(seq,)] = self._connection.execute("SELECT value FROM store WHERE key = 'seq'")
        return int(seq)

    def has(self, folded: str) -> bool:
        """Whether somebody asked for that name."""
        found = self._connection.execute("SELECT 1 FROM claim WHERE folded = ?", (folded,))
        return found.fetchone() is not None


class Person:
    """A client that is registered, over a blocking socket."""

    def __init__(self, port: int, nick: str) -> None:
        self.socket = socket.create_connection((HOST, port), DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self.nick = nick
        self.say("CAP REQ :sasl", f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")
        self.until(f" MODE {nick} ")

    def say(self, *lines: str) -> None:
        """Send whole lines."""
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def until(self, *words: str) -> str:
        """The next line with one of these words in it."""
        while True:
            line, mark, rest = self._rest.partition(b"\r\n")
            if not mark:
                data = self.socket.recv(65536)
                if not data:
                    raise SystemExit(f"the server closed the connection of {self.nick}")
                self._rest += data
                continue
            self._rest = rest
            text = line.decode(errors="replace")
            if any(word in text for word in words):
                return text

    def register(self) -> None:
        """Ask for an account that is called as the nick is."""
        self.say(f"REGISTER * * {WORD}")

    def registered(self) -> None:
        """Wait for it; a server that has been linked just now has to learn the accounts first."""
        while LEARNING in (line := self.until("REGISTER SUCCESS", "FAIL REGISTER", " NOTICE ")):
            time.sleep(0.1)
            self.register()
        if "SUCCESS" not in line:
            raise SystemExit(f"{self.nick} could not register: {line}")

    def plain(self, account: str, word: str = WORD) -> None:
        """Begin to log in by PLAIN; `logged_in` or `refused` ends it."""
        text = b64encode(f"\0{account}\0{word}".encode()).decode()
        self.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {text}")

    def logged_in(self) -> None:
        """Wait for it."""
        if " 903 " not in (line := self.until(" 903 ", " 904 ", " 906 ", " 908 ")):
            raise SystemExit(f"{self.nick} could not log in: {line}")

    def refused(self) -> None:
        """Wait until that was the wrong password."""
        if " 904 " not in (line := self.until(" 903 ", " 904 ", " 906 ", " 908 ")):
            raise SystemExit(f"{self.nick} was to be refused: {line}")

    def scram(self, account: str, salted: dict[str, bytes]) -> None:
        """Log in by SCRAM-SHA-256; `salted` remembers what is hashed 64,000 times, as some clients do."""

        def tell(text: str) -> str:
            self.say(f"AUTHENTICATE {b64encode(text.encode()).decode()}")
            line = self.until("AUTHENTICATE ", " 904 ")
            return b64decode(line.partition("AUTHENTICATE ")[2]).decode()

        def signed(key: bytes, text: str) -> bytes:
            return hmac.digest(key, text.encode(), "sha256")

        self.say("AUTHENTICATE SCRAM-SHA-256")
        self.until("AUTHENTICATE +")
        bare = f"n={account},r={os.urandom(12).hex()}"
        challenge = tell(f"n,,{bare}")
        nonce, salt, iterations = (part[2:] for part in challenge.split(","))
        if challenge[challenge.index(",") :] not in salted:
            made = hashlib.pbkdf2_hmac("sha256", WORD.encode(), b64decode(salt), int(iterations))
            salted[challenge[challenge.index(",") :]] = made
        password = salted[challenge[challenge.index(",") :]]
        key, last = signed(password, "Client Key"), f"c=biws,r={nonce}"
        proof = signed(hashlib.sha256(key).digest(), f"{bare},{challenge},{last}")
        xored = bytes(one ^ other for one, other in zip(key, proof, strict=True))
        tell(f"{last},p={b64encode(xored).decode()}")
        self.say("AUTHENTICATE +")
        self.logged_in()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
