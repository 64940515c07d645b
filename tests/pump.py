"""Real loopback sockets under Twisted's transports, pumped by hand: no reactor runs, no time passes."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

from leftovers import ends_of_a_test
from twisted.internet.interfaces import IProtocol, IReactorFDSet, IReadDescriptor, IWriteDescriptor
from twisted.internet.task import Clock
from twisted.internet.tcp import Port, Server
from twisted.python.failure import Failure
from zope.interface import implementer

from chatnet.rules.repeats import Repeats
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.settings import FloodSettings, ListenSettings
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.transports.outlets import ClientTurn


def able(
    readers: Sequence[Any], writers: Sequence[Any] = (), seconds: float = 0
) -> tuple[list[Any], list[Any]]:
    """Those of which something can be read, and those that take something, within so many seconds.

    As by `select`, which takes no descriptor above 1,023.
    """
    asked: dict[int, int] = {}
    for some, event in ((readers, select.POLLIN), (writers, select.POLLOUT)):
        for each in some:
            asked[each.fileno()] = asked.get(each.fileno(), 0) | event
    waiting = select.poll()
    for descriptor, events in asked.items():
        waiting.register(descriptor, events)
    found = dict(waiting.poll(1000 * seconds))
    assert not any(events & select.POLLNVAL for events in found.values())
    readable, writable = select.POLLIN | select.POLLHUP | select.POLLERR, select.POLLOUT | select.POLLERR
    return (
        [each for each in readers if found.get(each.fileno(), 0) & readable],
        [each for each in writers if found.get(each.fileno(), 0) & writable],
    )


@implementer(IReactorFDSet)
class Pump(Clock):
    """The part of a reactor that socket transports use."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []
        self.writers: list[Any] = []

    def addReader(self, reader: IReadDescriptor) -> None:
        if reader not in self.readers:
            self.readers.append(reader)

    def addWriter(self, writer: IWriteDescriptor) -> None:
        if writer not in self.writers:
            self.writers.append(writer)

    def removeReader(self, reader: IReadDescriptor) -> None:
        if reader in self.readers:
            self.readers.remove(reader)

    def removeWriter(self, writer: IWriteDescriptor) -> None:
        if writer in self.writers:
            self.writers.remove(writer)

    def removeAll(self) -> list[IReadDescriptor | IWriteDescriptor]:
        everything = [*self.readers, *self.writers]
        self.readers.clear()
        self.writers.clear()
        return everything

    def getReaders(self) -> list[IReadDescriptor]:
        return list(self.readers)

    def getWriters(self) -> list[IWriteDescriptor]:
        return list(self.writers)

    def turn(self) -> bool:
        """One turn of the reactor: due calls, then each ready descriptor once. False if there was nothing."""
        due = [call for call in self.calls if call.getTime() <= self.seconds()]
        for call in due:  # and not, as Clock.advance does, those that they ask for
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        readable, writable = able(self.readers, self.writers)
        for ready, method in ((readable, "doRead"), (writable, "doWrite")):
            for transport in ready:
                if transport.fileno is None or transport not in self.readers + self.writers:
                    continue
                reason = getattr(transport, method)()
                if reason is not None:
                    self.removeReader(transport)
                    self.removeWriter(transport)
                    transport.connectionLost(Failure(reason))
        return bool(due) or bool(readable) or bool(writable)

    def wait(self, other: socket.socket, seconds: float = 0.1) -> None:
        """Until something is to be done, or can be read from `other`: the system is not at once."""
        able([other, *self.readers], self.writers, seconds)

    def run(self, until: Callable[[], bool] = lambda: False, turns: int = 10000) -> None:
        """Turn until nothing is to be done, or `until`."""
        for _ in range(turns):
            if until() or not self.turn():
                return
        raise AssertionError("it never ends")


class Listener:
    """A session that writes down what it is told."""

    def __init__(self, outlet: Outlet, peer: Peer) -> None:
        self.outlet = outlet
        self.peer = peer
        self.received: list[bytes] = []
        self.lost: list[str] = []
        self.exceeded = 0
        self.on_receive: Callable[[bytes], object] = lambda data: None

    @property
    def text(self) -> bytes:
        return b"".join(self.received)

    def receive(self, data: bytes) -> None:
        assert not self.lost
        self.received.append(data)
        self.on_receive(data)

    def connection_lost(self, reason: str) -> None:
        self.lost.append(reason)

    def sendq_exceeded(self) -> None:
        assert not self.lost
        self.exceeded += 1
        self.outlet.abort()


class Doorway:
    """A factory with its collaborators, and a way to connect to it."""

    def __init__(
        self,
        listen: ListenSettings | None = None,
        make: type[ClientFactory] = ClientFactory,
        **options: Any,
    ) -> None:
        self.pump = Pump()
        self.turn = ClientTurn(self.pump)
        self.sessions: list[Listener] = []
        self.admitted: list[str] = []
        self.released: list[str] = []
        self.clients: list[socket.socket] = []
        self.refusal: str | None = None
        self.factory = make(
            listen or ListenSettings(endpoint="tcp:6667"),
            turn=self.turn,
            open_session=self.open_session,
            admit=self.admit,
            release=self.released.append,
            repeats=Repeats(self.pump.callLater, FloodSettings),
            clock=self.pump,
            **options,
        )

    def open_session(self, outlet: Outlet, peer: Peer) -> Listener:
        session = Listener(outlet, peer)
        self.sessions.append(session)
        return session

    def admit(self, address: str) -> str | None:
        if self.refusal is None:
            self.admitted.append(address)
        return self.refusal

    @property
    def session(self) -> Listener:
        (session,) = self.sessions
        return session

    def connect(self, sndbuf: int = 0, rcvbuf: int = 0) -> tuple[socket.socket, ClientProtocol]:
        """A connected client socket (blocking, with a time limit) and the protocol at our end."""
        with socket.socket() as port:
            if rcvbuf:
                port.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf or rcvbuf)
            port.bind(("127.0.0.1", 0))
            port.listen()
            client = socket.socket()
            client.settimeout(10)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if rcvbuf:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            client.connect(port.getsockname())
            accepted, address = port.accept()
        self.clients.append(client)  # closed by the test only
        ends_of_a_test(client, accepted)
        protocol = self.factory.buildProtocol(None)
        transport = Server(accepted, protocol, address, cast(Port, None), 0, self.pump)
        cast(IProtocol, protocol).makeConnection(transport)
        return client, protocol

    def read(self, client: socket.socket, size: int | None = None) -> bytes:
        """What arrives at `client`: `size` bytes, or everything until the end; pumping meanwhile."""
        data = bytearray()
        while size is None or len(data) < size:
            self.pump.run()
            try:
                part = client.recv(1 << 16)
            except ConnectionResetError:
                break
            if not part:
                break
            data += part
        return bytes(data)
