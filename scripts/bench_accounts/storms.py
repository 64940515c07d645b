"""Many who log in and do not come to an end, or come to a wrong one, and what others wait meanwhile."""

from __future__ import annotations

import selectors
import socket
import time
from base64 import b64encode
from collections import deque
from typing import Final

from bench_load.server import HOST

AT_A_TIME: Final = 100
"""Connections that are being made."""
EACH_ADDRESS: Final = 1000
"""Connections from one address; the next one begins at 127.0.1.1."""
FIRST: Final = b64encode(b"n,,n=owner0,r=fyko+d2lbbFgONRv9qkxdawL").decode()
"""What a client says first by SCRAM."""
UNFINISHED: Final = "A" * 400
"""A chunk of PLAIN, behind which there is to come another one."""


class Crowd:
    """So many connections that begin to log in and say nothing more: half by SCRAM, half by PLAIN.

    `half` are how many have come so far, `closed` how many the server has closed.
    """

    def __init__(self, port: int, size: int) -> None:
        self.half = 0
        self.closed = 0
        self._port = port
        self._selector = selectors.EpollSelector()
        self._to_make = deque(range(size))
        self._making = 0

    def work(self, seconds: float) -> None:
        """Go on for at most so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            while self._making < AT_A_TIME and self._to_make:
                self._make(self._to_make.popleft())
            for key, _ in self._selector.select(left):
                self._hear(key)

    def close(self) -> None:
        """Hang up."""
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]

    def _make(self, number: int) -> None:
        mine = socket.socket()
        mine.bind((f"127.0.1.{number // EACH_ADDRESS + 1}", 0))
        mine.connect((HOST, self._port))
        mine.setblocking(False)
        word, answers = ("SCRAM-SHA-256", [FIRST, ""]) if number % 2 else ("PLAIN", [UNFINISHED])
        lines = "CAP REQ :sasl", f"NICK half{number}", "USER half 0 * :half", f"AUTHENTICATE {word}"
        mine.sendall("".join(f"{line}\r\n" for line in lines).encode())
        self._making += 1
        self._selector.register(mine, selectors.EVENT_READ, deque(answers))

    def _hear(self, key: selectors.SelectorKey) -> None:
        mine, answers = key.fileobj, key.data
        assert isinstance(mine, socket.socket)
        try:
            data = mine.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(mine)
            mine.close()
            self.closed += 1
            self._making -= bool(answers)
        elif answers and b"AUTHENTICATE " in data:
            if answer := answers.popleft():
                mine.sendall(f"AUTHENTICATE {answer}\r\n".encode())
            if not answers:
                self.half += 1
                self._making -= 1
