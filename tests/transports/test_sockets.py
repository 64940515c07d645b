"""The sockets behind one reader: real loopback sockets, a reactor driven by hand."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator

import pytest
from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPullProducer, IReadDescriptor
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from chatnet.session.outlet import Outlet, Turn
from chatnet.transports import sockets as module
from chatnet.transports.sockets import ClientSocket, Sockets


class HandReactor(Clock):
    """A clock, and readers and writers that nobody looks at but the test."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[IReadDescriptor] = set()

    def addReader(self, reader: IReadDescriptor) -> None:
        self.readers.add(reader)

    def removeReader(self, reader: IReadDescriptor) -> None:
        self.readers.discard(reader)

    def removeWriter(self, writer: object) -> None:
        """There are none."""


class Echo(Protocol):
    """Notes what happens."""

    def __init__(self) -> None:
        self.got = b""
        self.lost: Failure | None = None
        self.fails = False
        self.hears: Callable[[bytes], object] = bool

    def dataReceived(self, data: bytes) -> None:
        self.got += data
        self.hears(data)
        if self.fails:
            raise ZeroDivisionError

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self.lost is None, "told twice"
        self.lost = reason

    @property
    def near(self) -> ClientSocket:
        transport: object = self.transport
        assert isinstance(transport, ClientSocket)
        return transport


class Near(Outlet):
    """What is said to the client of an `echo`, in a turn."""

    def __init__(self, turn: Turn, echo: Echo) -> None:
        super().__init__(turn)
        self._echo = echo

    def flush(self) -> None:
        self._echo.near.socket.send(b"".join(self.out))
        self.out.clear()


class EchoFactory(ServerFactory):
    """Of a port for clients, unless it is set otherwise."""

    for_servers = False


class Door:
    """A listening port of Twisted whose connections our sockets accept."""

    def __init__(self, turn: Turn | None = None) -> None:
        self.reactor = HandReactor()
        self.room = 1 << 20
        self.full: list[str] = []
        self.sockets = Sockets(self.reactor, lambda: self.room, self.full.append, self.reactor.seconds, turn)
        self.made: list[Echo] = []
        self.factory = factory = EchoFactory()
        factory.noisy = False
        factory.buildProtocol = self.build  # type: ignore[method-assign]  # it takes any address
        self.port = tcp.Port(0, factory, backlog=512, interface="127.0.0.1", reactor=self.reactor)
        self.port.startListening()
        assert self.sockets.accept_from(self.port, factory)
        self.far: list[socket.socket] = []

    def build(self, addr: object) -> Echo:
        self.made.append(Echo())
        return self.made[-1]

    def connect(self) -> tuple[socket.socket, Echo]:
        far = socket.create_connection(self.port.socket.getsockname(), timeout=5)
        self.far.append(far)
        self.turn()
        return far, self.made[-1]

    def turn(self) -> None:
        """What a turn of the reactor does for us, and what was asked for later."""
        self.sockets.doRead()
        self.reactor.advance(0)

    def close(self) -> None:
        for far in self.far:
            far.close()
        for echo in self.made:
            if echo.lost is None:
                echo.near.abortConnection()
        self.port.socket.close()
        self.sockets.connectionLost(Failure(ConnectionDone()))


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def test_what_is_said_while_clients_are_served_is_sent_then_and_there() -> None:
    """No timer is set for it; what is said at another time asks to be sent, as ever."""
    asked: list[str] = []
    turn = Turn(lambda: asked.append("flush"))
    door = Door(turn)
    try:
        far, echo = door.connect()
        near = Near(turn, echo)
        echo.hears = lambda data: near.send(b"you said " + data)
        far.send(b"tea\r\n")
        door.turn()
        assert far.recv(100) == b"you said tea\r\n" and asked == []
        near.send(b"later\r\n")
        assert asked == ["flush"]
        door.turn()
        assert far.recv(100) == b"later\r\n"
    finally:
        door.close()


def test_the_reactor_does_not_know_the_port_any_more(door: Door) -> None:
    assert door.reactor.readers == {door.sockets}


def test_what_comes_is_read(door: Door) -> None:
    far, echo = door.connect()
    far.sendall(b"hello")
    door.turn()
    assert echo.got == b"hello"
    assert echo.near.peer == ("127.0.0.1", far.getsockname()[1])
    assert echo.near.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert echo.near.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_while_too_much_comes_nobody_is_read_from(door: Door) -> None:
    door.sockets.press(True)
    assert door.reactor.readers == set()
    door.sockets.press(False)
    assert door.reactor.readers == {door.sockets}
    door.reactor.advance(module.REST / 2)
    door.sockets.press(True)
    door.reactor.advance(module.REST / 2)
    assert door.reactor.readers == set()
    door.reactor.advance(module.REST / 2)
    assert door.reactor.readers == {door.sockets}
    door.sockets.press(True)


def test_the_end_is_told_once(door: Door) -> None:
    far, echo = door.connect()
    far.close()
    door.turn()
    assert echo.lost is not None and echo.lost.check(ConnectionDone)
    assert echo.near.socket.fileno() == -1
    echo.near.abortConnection()
    echo.near.loseConnection()
    door.turn()


def test_last_words_arrive_though_something_unread_resets_the_connection(door: Door) -> None:
    far, echo = door.connect()
    far.sendall(b"nobody reads this")
    assert echo.near.write_last(b"goodbye") == 7
    echo.near.loseConnection()
    assert far.recv(100) == b"goodbye"


def test_a_reset_is_told_as_a_loss(door: Door) -> None:
    far, echo = door.connect()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    door.turn()
    assert echo.lost is not None and echo.lost.check(ConnectionLost)


def test_a_paused_client_is_left_alone_even_when_it_hangs_up(door: Door) -> None:
    far, echo = door.connect()
    echo.near.pauseProducing()
    far.sendall(b"later")
    far.close()
    door.turn()
    assert echo.got == b"" and echo.lost is None
    echo.near.resumeProducing()
    echo.near.resumeProducing()
    door.turn()
    door.turn()
    assert echo.got == b"later" and echo.lost is not None


def test_an_aborted_client_hears_of_it_in_the_next_turn(door: Door) -> None:
    far, echo = door.connect()
    echo.near.abortConnection()
    assert echo.lost is None
    door.turn()
    assert echo.lost is not None and echo.lost.check(ConnectionAborted)
    assert far.recv(10) == b""


def test_a_failing_protocol_loses_its_own_connection_only(door: Door) -> None:
    far, echo = door.connect()
    other_far, other = door.connect()
    echo.fails = True
    far.sendall(b"x")
    other_far.sendall(b"y")
    door.turn()
    assert echo.lost is not None and other.lost is None and other.got == b"y"


@implementer(IPullProducer)
class Source:
    """A pull producer with some portions."""

    def __init__(self, client: ClientSocket, portions: list[bytes]) -> None:
        self.client = client
        self.portions = portions

    def resumeProducing(self) -> None:
        if self.portions:
            self.client.write(self.portions.pop(0))
        else:
            self.client.unregisterProducer()

    def stopProducing(self) -> None:
        """Nothing to stop."""


@pytest.mark.parametrize("closing", [False, True])
def test_a_producer_is_asked_until_it_has_no_more(door: Door, closing: bool) -> None:
    far, echo = door.connect()
    portions = [bytes([65 + index]) * 200_000 for index in range(8)]
    expected = b"".join(portions)
    echo.near.registerProducer(Source(echo.near, portions), False)
    if closing:
        echo.near.loseConnection()
    far.setblocking(False)
    got = b""
    for _ in range(10_000):
        door.turn()
        try:
            got += far.recv(65536)
        except BlockingIOError:
            if len(got) == len(expected):
                break
    assert got == expected
    if closing:
        door.turn()
        assert echo.lost is not None and echo.lost.check(ConnectionDone)
    else:
        assert echo.lost is None
        far.setblocking(True)
        far.sendall(b"still here")
        door.turn()
        assert echo.got == b"still here"


def test_writing_to_who_is_gone_ends_it(door: Door) -> None:
    far, echo = door.connect()
    echo.near.pauseProducing()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    echo.near.write(b"x")
    door.turn()
    assert echo.lost is not None and echo.lost.check(ConnectionLost)


def test_no_descriptors_left_is_survived(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        factory = EchoFactory()

        def accept(self) -> object:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    descriptor = door.port.socket.fileno()
    listening = door.sockets._ports[descriptor]
    door.sockets._ports[descriptor] = Full()  # type: ignore[assignment]  # accept() alone
    far = socket.create_connection(door.port.socket.getsockname(), timeout=5)
    door.far.append(far)
    door.turn()
    door.sockets._ports[descriptor] = listening
    door.turn()
    assert door.made == []
    assert door.full == ["Cannot accept connections for a moment: Too many open files"]
    door.reactor.advance(module.BREATH)
    door.turn()
    assert len(door.made) == 1


def test_some_descriptors_are_kept_from_clients_but_not_from_servers(door: Door) -> None:
    _, first = door.connect()
    door.room = first.near.descriptor + 1  # any further one is too many
    turned_away = socket.create_connection(door.port.socket.getsockname(), timeout=5)
    door.far.append(turned_away)
    door.turn()
    assert turned_away.recv(1) == b"" and len(door.made) == 1
    assert door.full == [
        f"A client was not let in: {door.room} descriptors are in use, and the others are kept"
    ]
    door.factory.for_servers = True
    door.connect()
    assert len(door.made) == 2


def test_a_crowd_that_comes_at_once_waits_for_itself(door: Door) -> None:
    """Where turns take long fewer are taken in one, so that who is there does not wait for all of them."""

    def taken(seconds: float) -> int:
        """How many are, in a turn that takes so long for each."""
        before, build = len(door.made), door.build

        def slowly(addr: object) -> Echo:
            door.reactor.rightNow += seconds
            return build(addr)

        door.factory.buildProtocol = slowly  # type: ignore[method-assign]
        door.sockets.doRead()
        return len(door.made) - before

    for _ in range(300):
        door.far.append(socket.create_connection(door.port.socket.getsockname(), timeout=5))
    assert [taken(0.001) for _ in range(5)] == [64, 32, 16, 8, 16]
    assert [taken(0.02) for _ in range(4)] == [8, 8, 8, 8]
    assert [taken(0.0) for _ in range(4)] == [8, 16, 32, 64]


def test_a_port_that_is_left_takes_nobody(door: Door) -> None:
    door.sockets.leave(door.port)
    far = socket.create_connection(door.port.socket.getsockname(), timeout=5)
    door.far.append(far)
    door.turn()
    assert door.made == []


def test_ports_of_another_kind_stay_with_the_reactor() -> None:
    class Strange(unix.Port):
        """Not exactly a port that is known."""

    sockets = Sockets(HandReactor())
    factory = EchoFactory()
    assert not sockets.accept_from(Strange(b"nowhere", factory, reactor=HandReactor()), factory)
    assert not sockets.accept_from(object(), factory)
    sockets.connectionLost(Failure(ConnectionDone()))
