"""The listening sockets of a server of several processes: opened once, by the one that was started.

For TCP each process has a socket of its own at the same port (SO_REUSEPORT), among which the kernel spreads
those who connect; a UNIX socket, or one of systemd, they have in common.  A port for servers is the first's
alone.  They stay open whatever becomes of a process: who connects meanwhile is let in by another one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from twisted.internet import tcp
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatnet.settings import ListenSettings
from chatnet.settings.endpoints import endpoint_in
from chatnet.wiring.listeners import BACKLOG, Entrance

log = Logger(namespace="chatnet")


class Reserved(ServerFactory):
    """In the place of a factory: what comes to the port is accepted elsewhere."""

    noisy = False

    def __init__(self, listen: ListenSettings) -> None:
        self.listen = listen


class Opened:
    """An open port, and its further sockets, if it has some."""

    def __init__(self, port: Any, entrance: Entrance, further: list[socket.socket]) -> None:
        self.port = port
        self.entrance = entrance
        self.further = further

    def socket_of(self, number: int) -> socket.socket | None:
        """That of a process; None if it has none."""
        if number == 1:
            own: socket.socket = self.port.socket
            return own
        if self.entrance.for_servers:
            return None
        return self.further[number - 2] if self.further else self.port.socket


class Ports:
    """All of them, for so many processes: what listeners open is kept, and nobody is accepted."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._open: list[Opened] = []

    def accept_from(self, port: Any, entrance: Entrance) -> bool:
        """A port is open."""
        port.stopReading()
        further: list[socket.socket] = []
        if isinstance(port, tcp.Port) and port.addressFamily != socket.AF_UNIX:
            if not entrance.for_servers and not _by_systemd(entrance):
                further = self._beside(port, entrance)
            for each in (port.socket, *further):  # what is accepted inherits these
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._open.append(Opened(port, entrance, further))
        return True

    def leave(self, port: Any) -> None:
        """A port is about to be closed."""
        for each in [each for each in self._open if each.port is port]:
            self._open.remove(each)
            for further in each.further:
                further.close()

    def of(self, number: int) -> Iterator[tuple[str, socket.socket]]:
        """The endpoints of a process, and its sockets."""
        for each in self._open:
            if each.entrance.for_servers and each.further:  # since a reload
                for further in each.further:
                    further.close()
                each.further = []
            if (found := each.socket_of(number)) is not None:
                yield _listen_of(each.entrance).endpoint, found

    def alone(self, number: int) -> Iterator[tuple[str, socket.socket]]:
        """Those of them that no other process has: if it is away, somebody has to stand in."""
        for each in self._open:
            if each.further and (found := each.socket_of(number)) is not None:
                yield _listen_of(each.entrance).endpoint, found

    def _beside(self, port: tcp.Port, entrance: Entrance) -> list[socket.socket]:
        """Sockets of the other processes at the same port."""
        first: socket.socket = port.socket
        backlog = endpoint_in(_listen_of(entrance).endpoint).arguments.get("backlog", BACKLOG)
        made: list[socket.socket] = []
        try:
            # From here on, for while it was bound the port had to be nobody else's.
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            for _ in range(1, self._processes):
                made.append(another := socket.socket(first.family, first.type | socket.SOCK_CLOEXEC))
                another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                if first.family == socket.AF_INET6:
                    alone = first.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
                    another.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
                another.setblocking(False)
                another.bind(first.getsockname())
                another.listen(int(backlog))
        except OSError as error:
            for each in made:
                each.close()
            log.warn("Processes have the socket of a port in common: {reason}", reason=error.strerror)
            return []
        return made


def _listen_of(entrance: Entrance) -> ListenSettings:
    inner = entrance.inner
    assert isinstance(inner, Reserved)
    return inner.listen


def _by_systemd(entrance: Entrance) -> bool:
    return endpoint_in(_listen_of(entrance).endpoint).kind == "systemd"
