"""Reads from many sockets behind one reader of the reactor.

A reactor spends more on telling one protocol that its socket is readable than the kernel spends on the read.
An epoll object that holds the clients' sockets is itself a file descriptor: it is the one reader that the
reactor knows, and when it is readable each ready socket is read here, once, so that nobody starves.
Everything else (accepting, writing what the kernel would not take, closing, errors) stays with Twisted's
transport, which gets its socket back for the end of the connection.  Linux only.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol as Seam

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

CHUNK = 16384
"""Bytes read from one socket in one turn."""
READY = 512
"""Ready sockets served in one turn; the others are first in the next."""

log = Logger()


class Reader(Seam):
    """Who gets what was read; `dataReceived` may be exchanged while the connection lasts."""

    def dataReceived(self, data: bytes) -> None:
        """Take what was read."""


@implementer(IReadDescriptor)
class Readers:
    """The sockets that are read here."""

    def __init__(self, reactor: IReactorFDSet) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, tuple[Callable[[int], bytes], Reader, Connection]] = {}
        self._reactor = reactor
        reactor.addReader(self)

    def fileno(self) -> int:
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        return "clients"

    def adopt(self, transport: Connection, reader: Reader) -> int:
        """Read from the socket of `transport` for `reader` instead of the reactor; returns its descriptor."""
        transport.stopReading()
        handle = transport.getHandle()
        descriptor = handle.fileno()
        self._readers[descriptor] = (handle.recv, reader, transport)
        self._epoll.register(descriptor, select.EPOLLIN)
        return descriptor

    def release(self, descriptor: int) -> None:
        """Do not read from this socket any more. It may be closed already, or not be read here at all."""
        if self._readers.pop(descriptor, None) is not None:
            self.pause(descriptor)

    def pause(self, descriptor: int) -> None:
        """Leave what comes in the kernel until :meth:`resume`."""
        # Taken out, for an epoll that is asked for no event still tells of a hang-up, again and again.
        with suppress(OSError):
            self._epoll.unregister(descriptor)

    def resume(self, descriptor: int) -> None:
        """Read again."""
        if descriptor in self._readers:
            with suppress(FileExistsError):
                self._epoll.register(descriptor, select.EPOLLIN)

    def doRead(self) -> None:
        readers = self._readers
        for descriptor, _ in self._epoll.poll(0, READY):
            entry = readers.get(descriptor)
            if entry is None:  # closed by what another client just said
                continue
            recv, reader, transport = entry
            try:
                data = recv(CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                # The end, or an error: the transport meets it again and does what is to be done.
                self.release(descriptor)
                transport.startReading()
                continue
            try:
                reader.dataReceived(data)
            except Exception:
                log.failure("A client's data could not be handled")
                transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops."""
        self._readers.clear()
        self._epoll.close()
