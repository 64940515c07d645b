"""A TCP proxy between two servers that does to connections what networks do to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

HOST = "127.0.0.1"


class End(Protocol):
    """One end of a connection through the proxy: what it says goes into its flow."""

    transport: Any
    flow: Flow | None = None
    gone = False

    def __init__(self, opened: Callable[[End], None]) -> None:
        self._opened = opened

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.pauseProducing()
        self._opened(self)

    def dataReceived(self, data: bytes) -> None:
        assert self.flow is not None
        self.flow.take(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone = True
        if self.flow is not None:
            self.flow.end(reason.check(type(connectionDone.value)) is not None)


class EndFactory(Factory):
    """Makes ends."""

    def __init__(self, opened: Callable[[End], None]) -> None:
        self._opened = opened

    def buildProtocol(self, addr: IAddress | None) -> End:
        return End(self._opened)


class Flow:
    """One direction of a connection, from its `source` to its `target`, and what is done to it.

    After `budget` bytes the connection is reset; `lag` are seconds that everything takes; one bit of the next
    bytes is turned over if it is to `garble`.
    """

    def __init__(self, reactor: Any, pipe: Pipe, source: End, target: End) -> None:
        self._reactor = reactor
        self._pipe = pipe
        self.source = source
        self.target = target
        self.budget: int | None = None
        self.lag = 0.0
        self.garble = False
        self._late: deque[bytes | None] = deque()
        self._last = 0.0

    def stall(self, stalled: bool) -> None:
        """Let nothing pass, not even the end; or everything again."""
        if self.source.gone:
            return
        if stalled:
            self.source.transport.pauseProducing()
        else:
            self.source.transport.resumeProducing()

    def take(self, data: bytes) -> None:
        """The source said something."""
        if self.garble:
            self.garble = False
            data = data[:-1] + bytes([data[-1] ^ 1])
        if self.budget is not None:
            if len(data) >= self.budget:
                if not self.target.gone:
                    self.target.transport.write(data[: self.budget])
                self._pipe.reset()
                return
            self.budget -= len(data)
        self._later(data)

    def end(self, orderly: bool) -> None:
        """The source is gone: the target hears of it in the same way."""
        if orderly:
            self._later(None)
        elif not self.target.gone:
            self.target.transport.abortConnection()
        self._pipe.ended()

    def _later(self, data: bytes | None) -> None:
        if not self.lag and not self._late:
            self._out(data)
            return
        now = self._reactor.seconds()
        self._last = max(self._last, now + self.lag)
        self._late.append(data)
        self._reactor.callLater(self._last - now, lambda: self._out(self._late.popleft()))

    def _out(self, data: bytes | None) -> None:
        if self.target.gone:
            return
        if data is None:
            self.target.transport.loseConnection()
        else:
            self.target.transport.write(data)


class Pipe:
    """A connection through the proxy: `out` is what the dialling server says, `back` what the other does."""

    def __init__(self, reactor: Any, proxy: Proxy, dialling: End, answering: End) -> None:
        self._proxy = proxy
        self.out = Flow(reactor, self, dialling, answering)
        self.back = Flow(reactor, self, answering, dialling)
        dialling.flow, answering.flow = self.out, self.back

    @property
    def flows(self) -> tuple[Flow, Flow]:
        return self.out, self.back

    def reset(self) -> None:
        """RST to both ends (SO_LINGER 0), whatever is on its way."""
        for end in (self.out.source, self.back.source):
            if not end.gone:
                end.transport.abortConnection()

    def ended(self) -> None:
        """One end is gone."""
        if self.out.source.gone and self.back.source.gone:
            self._proxy.pipes.pop(self, None)


class Proxy:
    """Listens on `port` for whoever wants to reach the server at `target`; a fault is a method.

    `prepare` is called with each new connection, before anything passes: for faults that wait for one.
    """

    def __init__(self, reactor: Any, port: int, target: int) -> None:
        self._reactor = reactor
        self._listener: Any = None
        self._waiting: list[End] = []
        self._silent = False
        self.port = port
        self.target = target
        self.pipes: dict[Pipe, None] = {}
        self.prepare: Callable[[Pipe], None] | None = None
        self.connections = 0
        self.open()

    def open(self) -> None:
        """Accept connections."""
        if self._listener is None:
            self._listener = self._reactor.listenTCP(self.port, EndFactory(self._came), interface=HOST)

    def refuse(self) -> None:
        """Refuse new connections, until ``open``; those that are there stay."""
        if self._listener is not None:
            # Its socket is closed at once; that it is over is told later.
            self._listener.stopListening()
            self._listener = None

    def reset(self) -> None:
        """RST to both ends of each connection."""
        for pipe in list(self.pipes):
            pipe.reset()
        for end in self._waiting:
            end.transport.abortConnection()
        self._waiting = []

    def half_close(self, back: bool) -> None:
        """FIN to the dialling server (`back`) or to the other one; the way back stays open."""
        for pipe in self.pipes:
            target = (pipe.back if back else pipe.out).target
            if not target.gone:
                target.transport.loseWriteConnection()

    def silence(self, silent: bool) -> None:
        """A black hole: nothing passes, and who connects has no answer; or all of it goes on."""
        self._silent = silent
        for pipe in self.pipes:
            for flow in pipe.flows:
                flow.stall(silent)
        if not silent:
            waiting, self._waiting = self._waiting, []
            for end in waiting:
                self._came(end)

    def stall(self, stalled: bool, *, out: bool = True, back: bool = True) -> None:
        """Let nothing pass through the connections that are there, in one direction or both."""
        for pipe in self.pipes:
            if out:
                pipe.out.stall(stalled)
            if back:
                pipe.back.stall(stalled)

    def delay(self, seconds: float) -> None:
        """Let everything take so long, in both directions."""
        for pipe in self.pipes:
            for flow in pipe.flows:
                flow.lag = seconds

    def cut_after(self, size: int, back: bool) -> None:
        """Reset each connection when so many more bytes have passed in one direction."""
        for pipe in self.pipes:
            (pipe.back if back else pipe.out).budget = size

    def garble(self, back: bool) -> None:
        """Turn over one bit of what passes next in one direction."""
        for pipe in self.pipes:
            (pipe.back if back else pipe.out).garble = True

    def _came(self, end: End) -> None:
        if self._silent:
            self._waiting.append(end)
            return
        if end.gone:
            return

        def connected(other: End) -> None:
            pipe = Pipe(self._reactor, self, end, other)
            if end.gone:
                other.transport.abortConnection()
                return
            self.pipes[pipe] = None
            self.connections += 1
            if self.prepare is not None:
                self.prepare(pipe)
            if self._silent:
                return
            for flow in pipe.flows:
                flow.stall(False)

        def failed(failure: Failure) -> None:
            if not end.gone:
                end.transport.abortConnection()

        endpoint = TCP4ClientEndpoint(self._reactor, HOST, self.target)
        endpoint.connect(EndFactory(connected)).addErrback(failed)
