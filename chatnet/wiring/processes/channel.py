"""What the processes of a server tell each other beside the links: packets of JSON, with descriptors.

A message is an object, ``{"do": "reload"}``.  One that is longer than a packet is cut into several: each
begins with ``+``, the last of a message with ``.``; descriptors come with the first.
"""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.logger import Logger
from zope.interface import implementer

PIECE: Final = 32768
"""Bytes of a packet."""
_DESCRIPTORS: Final = 8
"""Descriptors that come with a message, at most."""

log = Logger(namespace="chatnet")

Message = Mapping[str, Any]
Heard = Callable[[Message, Sequence[int]], object]


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Reading:
    """Puts the messages together that come out of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pieces: list[bytes] = []
        self._descriptors: list[int] = []

    def next(self) -> tuple[Message, Sequence[int]] | None:
        """The next message, None if there will be none.  Raises BlockingIOError if it is not there yet."""
        while True:
            piece, descriptors, _, _ = socket.recv_fds(self._connection, PIECE + 1, _DESCRIPTORS)
            for descriptor in descriptors:  # (Flags that would say so are not heeded.)
                os.set_inheritable(descriptor, False)
            if not piece:
                return None
            self._pieces.append(piece[1:])
            self._descriptors += descriptors
            if piece[:1] == b".":
                message = json.loads(b"".join(self._pieces))
                found, self._pieces, self._descriptors = self._descriptors, [], []
                return message, found


def pieces_of(message: Message) -> Iterator[bytes]:
    """The packets of a message."""
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for start in range(0, len(data), PIECE):
        yield (b"+" if start + PIECE < len(data) else b".") + data[start : start + PIECE]


@implementer(IReadWriteDescriptor)
class Channel:
    """One end in a reactor.  `heard` is told of each message, `lost` when the other end is gone."""

    def __init__(
        self, reactor: Any, connection: socket.socket, heard: Heard, lost: Callable[[], object]
    ) -> None:
        self._reactor = reactor
        self._connection = connection
        self._reading = Reading(connection)
        self._heard = heard
        self._lost = lost
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        connection.setblocking(False)
        reactor.addReader(self)

    def fileno(self) -> int:
        return self._connection.fileno()

    def logPrefix(self) -> str:
        return "processes"

    def say(self, message: Message, *descriptors: int) -> None:
        """Tell the other end, which has copies of the descriptors then; nothing if it is gone."""
        if self._connection.fileno() < 0:
            return
        copies = [os.dup(each) for each in descriptors]  # ours may be closed before they leave
        for piece in pieces_of(message):
            self._waiting.append((piece, copies))
            copies = []
        self.doWrite()
        if self._waiting and self._connection.fileno() >= 0:
            self._reactor.addWriter(self)

    def doWrite(self) -> None:
        while self._waiting:
            piece, descriptors = self._waiting[0]
            try:
                socket.send_fds(self._connection, [piece], descriptors)
            except BlockingIOError:
                return
            except OSError:
                break  # it is gone, which the reader is told
            self._waiting.popleft()
            for descriptor in descriptors:
                os.close(descriptor)
        self._forget()

    def doRead(self) -> None:
        while self._connection.fileno() >= 0:
            try:
                found = self._reading.next()
            except BlockingIOError:
                return
            except OSError:
                found = None
            if found is None:
                self.close()
                self._lost()
                return
            try:
                self._heard(*found)
            except Exception:
                log.failure("What another process said could not be handled")

    def connectionLost(self, reason: object) -> None:
        """The reactor has found it broken."""
        if self._connection.fileno() >= 0:
            self.close()
            self._lost()

    def close(self) -> None:
        """Neither say nor hear anything more."""
        self._forget()
        self._reactor.removeReader(self)
        self._connection.close()

    def _forget(self) -> None:
        for _, descriptors in self._waiting:
            for descriptor in descriptors:
                os.close(descriptor)
        self._waiting.clear()
        self._reactor.removeWriter(self)
