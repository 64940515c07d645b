"""Client sockets behind one reader of the reactor: accepting, reading, writing what had to wait, closing.

A reactor spends more on telling one protocol that its socket is readable than the kernel spends on the read.
An epoll object that holds the clients' sockets is itself a file descriptor: it is the one reader that the
reactor knows, and when it is readable each ready socket is served here, once, so that nobody starves.
Endpoints open the ports as ever; their listening sockets are then accepted from here.  Linux only: elsewhere,
and for ports of another kind, Twisted's own transports do the same, dearer.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Protocol as Seam

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionAborted, ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocol, IPullProducer, IReadDescriptor
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatnet.session.outlet import Turn
from chatnet.transports.handed import Handed
from chatnet.wire.masks import normalise_address

CHUNK = 16384
"""Bytes read from one socket in one turn."""
TOGETHER = 64
"""Sockets read before what they sent is handled; kernel and interpreter push each other out of the caches."""
FEW = 8
"""Ready sockets of which each is handled by itself, when there are no more."""
READY = 512
"""Ready sockets served in one turn; the others are first in the next."""
ACCEPTS = 64
"""Connections taken from one port in one turn, at most."""
FEW_ACCEPTS = 8
"""The same while turns take long: a crowd that comes at once is waited for by nobody who is there."""
LONG = 0.01
"""Seconds of a turn that are long."""
BREATH = 1.0
"""Seconds without accepting after the system had no descriptor or memory left for one more connection."""
REST = 1.0
"""Seconds for which nobody is read from, at most, because others in the process cannot keep up."""

log = Logger()


class MakeProtocol(Seam):
    """What a port asks for each connection."""

    @property
    def for_servers(self) -> bool:
        """Whether the port is for other servers, which are let in as long as there is any descriptor."""

    def buildProtocol(self, addr: IAddress | None) -> IProtocol | None:
        """The protocol, or None to close at once."""


class Reactor(Seam):
    """What is needed of a reactor."""

    def addReader(self, reader: IReadDescriptor) -> None:
        """Tell `reader` when its descriptor is readable."""

    def removeReader(self, reader: IReadDescriptor) -> None:
        """Tell it no more."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object:
        """Call it once, after `delay` seconds."""


class ClientSocket:
    """A transport: one accepted socket.

    Its protocol is told once that it is gone, never from within :meth:`abortConnection`.  Writing is for what
    the socket would not take at once; the pull producer is asked for more whenever nothing is left.
    """

    __slots__ = (
        "_closing",
        "_out",
        "_producer",
        "_reading",
        "_sockets",
        "descriptor",
        "peer",
        "protocol",
        "recv",
        "socket",
    )

    def __init__(self, sockets: Sockets, connection: socket.SocketType, peer: tuple[str, int]) -> None:
        self._sockets = sockets
        self.socket = connection
        self.recv = connection.recv
        self.descriptor = connection.fileno()
        self.peer = peer  # address in canonical form, and port; ("localhost", 0) for a UNIX socket
        self.protocol: IProtocol | None = None
        self._producer: IPullProducer | None = None
        self._out = b""
        self._reading = True
        self._closing = False

    def getHandle(self) -> socket.SocketType:
        return self.socket

    def _watch(self) -> None:
        self._sockets.watch(
            self, (select.EPOLLIN if self._reading else 0) | (select.EPOLLOUT if self._out else 0)
        )

    def pauseProducing(self) -> None:
        if self._reading and self.descriptor >= 0:
            self._reading = False
            self._watch()

    def resumeProducing(self) -> None:
        if not self._reading and self.descriptor >= 0:
            self._reading = True
            self._watch()

    def write(self, data: bytes) -> None:
        if self.descriptor >= 0 and data:
            self._out += data
            self._watch()

    def registerProducer(self, producer: IPullProducer, streaming: bool) -> None:
        self._producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self._producer = None

    def writable(self) -> None:
        """The kernel has room again."""
        try:
            sent = self.socket.send(self._out)
        except BlockingIOError:
            return
        except OSError as error:
            self.end(Failure(ConnectionLost(str(error))))
            return
        self._out = self._out[sent:]
        if self._out:
            return
        if self._producer is not None:
            self._producer.resumeProducing()
        if self.descriptor < 0 or self._out:
            return
        if self._closing:
            self.end(connectionDone)
        else:
            self._watch()

    def write_last(self, data: bytes) -> int:
        """Send the last bytes of all, in one segment with the end of the stream; how many the kernel took.

        It is for the caller to close then, or to write the rest.  A peer whose own bytes were not read yet
        must have ours before the close resets the connection, hence the shutdown.
        """
        sent = self.socket.send(data, socket.MSG_MORE)
        if sent == len(data):
            self.socket.shutdown(socket.SHUT_WR)
        return sent

    def loseConnection(self) -> None:
        """Close when everything written has left."""
        if self._out:
            self._closing = True
        else:
            self.end(connectionDone)

    def abortConnection(self) -> None:
        """Close at once; the protocol hears of it in the next turn."""
        if self.descriptor >= 0:
            protocol = self._close()
            if protocol is not None:
                self._sockets.later(lambda: protocol.connectionLost(Failure(ConnectionAborted())))

    def end(self, reason: Failure) -> None:
        """Close, and tell the protocol why."""
        if self.descriptor >= 0:
            protocol = self._close()
            if protocol is not None:
                protocol.connectionLost(reason)

    def _close(self) -> IProtocol | None:
        """Close, and return the protocol, which is to be told, if there is one."""
        # The kernel takes it out of the epoll object by itself.
        self._sockets.clients.pop(self.descriptor, None)
        self.descriptor = -1
        self._out = b""
        self.socket.close()
        protocol, self.protocol = self.protocol, None
        return protocol


class ListeningSocket:
    """The socket of an open port, and who makes a protocol for each connection to it."""

    __slots__ = ("_kind", "factory", "socket")

    def __init__(self, listening: socket.socket, factory: MakeProtocol) -> None:
        self.socket = listening
        self.factory = factory
        self._kind = int(listening.family), int(listening.type), listening.proto

    def accept(self) -> tuple[socket.SocketType, object]:
        """The next connection and its peer's address; OSError as ``socket.accept``, at half its price."""
        descriptor, peer = self.socket._accept()  # type: ignore[attr-defined]  # accept() stands on it
        return socket.SocketType(*self._kind, descriptor), peer


@implementer(IReadDescriptor)
class Sockets:
    """All client sockets of a process, and the ports they come in by; `clients` are the open ones.

    `room` tells how many descriptors may be in use before clients are let in no more, and `full` hears, in
    words, of each who was not; `monotonic` counts seconds.  `turn` is that of their outlets: what is said
    while clients are served is sent when all of them are, and not by a timer of its own.
    """

    def __init__(
        self,
        reactor: Reactor,
        room: Callable[[], int] = lambda: sys.maxsize,
        full: Callable[[str], object] = lambda text: None,
        monotonic: Callable[[], float] = time.monotonic,
        turn: Turn | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._turn = turn or Turn(lambda: None)
        self._accepts = ACCEPTS
        self._epoll = select.epoll()
        self._room = room
        self._full = full
        self.clients: dict[int, ClientSocket] = {}
        self._ports: dict[int, ListeningSocket] = {}
        self._reactor = reactor
        self._rests = 0
        reactor.addReader(self)

    def fileno(self) -> int:
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        return "clients"

    def press(self, pressed: bool) -> None:
        """Read from nobody, and let nobody in, while all they say is more than is coped with.

        For `REST` seconds at most, whatever is the matter: then it is not what a moment helps.  What this
        server says is sent as ever, unless somebody's kernel would not take it.
        """
        self._rests += 1
        if pressed:
            self._reactor.removeReader(self)
            self._reactor.callLater(REST, self._rested, self._rests)
        else:
            self._rested(self._rests)

    def _rested(self, rest: int) -> None:
        if rest == self._rests and not self._epoll.closed:
            self._reactor.addReader(self)

    def later(self, function: Callable[[], object]) -> None:
        """Call `function` in the next turn."""
        self._reactor.callLater(0, function)

    # ports

    def accept_from(self, port: object, factory: MakeProtocol) -> bool:
        """Accept here what comes to `port`, a listening port of Twisted; False if it is of a foreign kind."""
        if type(port) is tcp.Port:
            # What is accepted inherits these.
            port.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            port.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        elif type(port) is not unix.Port and type(port) is not Handed:
            return False
        port.stopReading()
        descriptor = port.socket.fileno()
        self._ports[descriptor] = ListeningSocket(port.socket, factory)
        self._epoll.register(descriptor, select.EPOLLIN)
        return True

    def leave(self, port: object) -> None:
        """Accept no more from `port`, which is about to be closed."""
        for descriptor, listening in list(self._ports.items()):
            if listening.socket is getattr(port, "socket", None):
                del self._ports[descriptor]
                self._unregister(descriptor)

    def _accept(self, descriptor: int, listening: ListeningSocket) -> None:
        room = sys.maxsize if listening.factory.for_servers else self._room()
        for _ in range(self._accepts):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                self._full(f"Cannot accept connections for a moment: {error.strerror}")
                self._unregister(descriptor)
                self._reactor.callLater(BREATH, self._accept_again, descriptor)
                return
            if connection.fileno() >= room:  # a new one is the lowest that is free
                connection.close()
                self._full(f"A client was not let in: {room} descriptors are in use, and the others are kept")
                continue
            try:
                self._enter(connection, peer, listening.factory)
            except Exception:
                log.failure("A connection could not be set up")
                connection.close()

    def _accept_again(self, descriptor: int) -> None:
        if descriptor in self._ports:
            try:
                self._epoll.register(descriptor, select.EPOLLIN)
            except FileExistsError:
                pass  # meanwhile it became another port, which is accepted from

    def _enter(self, connection: socket.SocketType, peer: object, factory: MakeProtocol) -> None:
        connection.setblocking(False)
        address, port = (peer[0], peer[1]) if isinstance(peer, tuple) else ("localhost", 0)
        if ":" in address:  # what the kernel calls an IPv4 address is in canonical form
            address = normalise_address(address)
        client = ClientSocket(self, connection, (address, port))
        protocol = factory.buildProtocol(None)
        if protocol is None:
            connection.close()
            return
        self._epoll.register(client.descriptor, select.EPOLLIN)
        self.clients[client.descriptor] = client
        client.protocol = protocol
        protocol.makeConnection(client)  # type: ignore[arg-type]  # no IAddress for each: see ClientSocket.peer

    # clients

    def watch(self, client: ClientSocket, events: int) -> None:
        """Look for `events` of a client; for none it is taken out, since a hang-up is told nevertheless."""
        if not events:
            self._unregister(client.descriptor)
            return
        try:
            self._epoll.modify(client.descriptor, events)
        except FileNotFoundError:
            self._epoll.register(client.descriptor, events)

    def _unregister(self, descriptor: int) -> None:
        try:
            self._epoll.unregister(descriptor)
        except OSError:
            pass  # not in it, or closed

    def doRead(self) -> None:
        begun, turn = self._monotonic(), self._turn
        turn.armed = True
        try:
            self._serve(self._epoll.poll(0, READY))
        finally:
            turn.flush()
        long = self._monotonic() - begun > LONG
        self._accepts = max(self._accepts // 2, FEW_ACCEPTS) if long else min(self._accepts * 2, ACCEPTS)

    def _serve(self, ready: list[tuple[int, int]]) -> None:
        # Of few, each is read when its turn comes: then there is more to read, and to send in one piece.
        together = TOGETHER if len(ready) > FEW else 1
        for start in range(0, len(ready), together):
            for client, data in self._read(ready[start : start + together]):
                protocol = client.protocol
                if protocol is None:
                    continue  # closed by what another one just said
                try:
                    if data:
                        protocol.dataReceived(data)
                    else:
                        client.end(connectionDone)
                except Exception:
                    log.failure("What a client sent could not be handled")
                    client.abortConnection()

    def _read(self, ready: list[tuple[int, int]]) -> list[tuple[ClientSocket, bytes]]:
        """What ready clients sent, nothing if they closed; all else that is ready is seen to at once."""
        read: list[tuple[ClientSocket, bytes]] = []
        readable = select.EPOLLIN
        for descriptor, events in ready:
            client = self.clients.get(descriptor)
            if client is None:
                # A port; or a client that was closed by what another one just said.
                if descriptor in self._ports:
                    self._accept(descriptor, self._ports[descriptor])
            elif events == readable or self._odd(client, events):
                recv = client.recv  # dearer to call where it stands
                try:
                    read.append((client, recv(CHUNK)))
                except BlockingIOError:
                    pass
                except OSError as error:
                    self._guard(client, client.end, Failure(ConnectionLost(str(error))))
        return read

    def _odd(self, client: ClientSocket, events: int) -> bool:
        """Room to write, or a hang-up; True if there is something to read after that."""
        if events & ~select.EPOLLIN and client._out:
            self._guard(client, client.writable)
        return bool(client.descriptor >= 0 and client._reading and events & ~select.EPOLLOUT)

    def _guard(self, client: ClientSocket, function: Callable[..., None], *args: object) -> None:
        try:
            function(*args)
        except Exception:
            log.failure("A connection could not be served")
            client.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops."""
        self.clients.clear()
        self._ports.clear()
        self._epoll.close()
