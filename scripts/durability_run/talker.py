"""A client that counts in a channel of its own, and remembers which of its numbers were echoed."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from typing import Final

HOST: Final = "127.0.0.1"
WORD: Final = "correct-horse-battery"
PAGE: Final = 1000
CAPS: Final = "sasl echo-message message-tags server-time batch draft/chathistory"
_ECHO: Final = re.compile(rb"PRIVMSG #\S+ :n(\d+)\r\n")
_SAID: Final = re.compile(r"msgid=([^ ;]+).* PRIVMSG #\S+ :n(\d+)$")


class Gone(Exception):
    """The server closed the connection."""


class Talker:
    """Logged in to an account; `echoed` are the numbers that it read again, and when, by a steady clock."""

    def __init__(self, number: int) -> None:
        self.nick = f"talker{number}"
        self.channel = f"#talk{number}"
        self.next = 0
        self.echoed: dict[int, float] = {}
        self._waiting = 0
        self._rest = b""
        self._socket = socket.socket()

    def fileno(self) -> int:
        """For selectors."""
        return self._socket.fileno()

    def register(self, port: int) -> None:
        """Make the account and the channel, once."""
        self._connect(port, "")
        self._say(f"REGISTER {self.nick} * {WORD}")
        self._until(r"REGISTER SUCCESS|You are now logged in")
        self._say(f"JOIN {self.channel}")
        self._until(" 366 ")
        self._say(f"PRIVMSG ChanServ :REGISTER {self.channel}")
        self._until("ChanServ!.* NOTICE ")
        self.leave()

    def created(self, port: int) -> int:
        """When the channel was made, as the server tells it, in Unix seconds."""
        self._connect(port, "")
        self._say(f"JOIN {self.channel}", f"MODE {self.channel}")
        at = int(self._until(" 329 ").rsplit(" ", 1)[1])
        self.leave()
        return at

    def come(self, port: int) -> None:
        """Connect, log in, and join."""
        secret = b64encode(f"\0{self.nick}\0{WORD}".encode()).decode()
        self._connect(port, f"AUTHENTICATE PLAIN\r\nAUTHENTICATE {secret}\r\n")
        self._say(f"JOIN {self.channel}")
        self._until(" 366 ")
        self._waiting = 0

    def leave(self) -> None:
        """Close the connection, whatever is on its way."""
        self._socket.close()
        self._rest = b""

    def talk(self, window: int) -> None:
        """Say as many numbers as may be on their way."""
        lines = []
        while self._waiting < window:
            lines.append(f"PRIVMSG {self.channel} :n{self.next}")
            self.next += 1
            self._waiting += 1
        if lines:
            self._say(*lines)

    def hear(self, now: float) -> int:
        """Take what has come; how many echoes there were."""
        data = self._socket.recv(65536)
        if not data:
            raise Gone
        self._rest += data
        whole, mark, self._rest = self._rest.rpartition(b"\r\n")
        found = [int(number) for number in _ECHO.findall(whole + mark)]
        self.echoed.update(dict.fromkeys(found, now))
        self._waiting -= len(found)
        return len(found)

    def stored(self) -> list[int]:
        """All numbers that CHATHISTORY tells, from the newest page to the oldest."""
        numbers: list[int] = []
        before = "*"
        while True:
            how = "LATEST" if before == "*" else "BEFORE"
            self._say(f"CHATHISTORY {how} {self.channel} {before} {PAGE}")
            page = []
            reference = self._until(r"BATCH \+\S+ chathistory").partition("BATCH +")[2].split(" ")[0]
            while f"BATCH -{reference}" not in (line := self._line()):
                if said := _SAID.search(line):
                    page.append((said[1], int(said[2])))
            if not page:
                return numbers
            numbers += [number for _, number in page]
            before = f"msgid={page[0][0]}"

    def _connect(self, port: int, login: str) -> None:
        self._socket = socket.create_connection((HOST, port), 60.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self._say(f"CAP REQ :{CAPS}", f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}")
        if login:
            self._socket.sendall(login.encode())
            self._until(" 903 ")
        self._say("CAP END")
        self._until(" 376 | 422 ")

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _until(self, pattern: str) -> str:
        while not re.search(pattern, line := self._line()):
            pass
        return line

    def _line(self) -> str:
        while b"\r\n" not in self._rest:
            data = self._socket.recv(65536)
            if not data:
                raise Gone
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line.decode("utf-8", "replace")
