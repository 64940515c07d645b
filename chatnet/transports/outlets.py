"""The outlet over any stream transport: what writes to the socket, and the turn at whose end it does.

The outlet is the only writer of its connection.  At the end of a turn it joins what was queued and gives it
to the kernel with one ``send`` on the socket itself, past the transport, which would go through the reactor
once more.  What the kernel does not take goes to the transport, with the outlet as its pull producer: while
the transport has something to write the outlet keeps all that is new, and when the transport is empty again
the outlet gives it the next part, or goes back to the socket.  Only meanwhile does SendQ count.

A transport without a socket of its own (in memory, or wrapped by an endpoint) gets one ``write`` per flush,
with the outlet as its push producer.
"""

from __future__ import annotations

from collections.abc import Callable
from socket import SocketType
from typing import Final, Protocol, cast

from twisted.internet.interfaces import (
    IConsumer,
    IPullProducer,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
    ITransport,
)
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from zope.interface import implementer

from chatnet.session.outlet import Outlet, Turn
from chatnet.transports.deadlines import Deadlines
from chatnet.transports.sockets import ClientSocket

PORTION = 65536
"""Bytes given to a blocked transport at a time; the rest of what waits stays shared with other outlets."""

CLOSE_TIMEOUT = 10.0
"""Seconds a closed connection has to take what was queued for it."""

log = Logger()


class Receiver(Protocol):
    """What a transport calls: the session at the near end of the connection."""

    def receive(self, data: bytes) -> None:
        """Take `data`, as read; lines may be cut anywhere."""

    def connection_lost(self, reason: str) -> None:
        """The connection is gone, for `reason` in words. Called once; nothing is called after it."""

    def sendq_exceeded(self) -> None:
        """The peer does not read and more than ``outlet.sendq`` bytes wait. Aborted after this returns."""


class Phase:
    """How far the end of a connection has come; plain numbers for speed."""

    OPEN: Final = 0
    CLOSING: Final = 1  # what was queued before the close is still leaving
    LEAVING: Final = 2  # the farewell (TLS has one) is leaving
    GONE: Final = 3


@implementer(IPullProducer, IPushProducer)
class SocketOutlet(Outlet):
    """An outlet over a Twisted transport; see the module for how it writes.

    ``direct`` is the ``send`` of the socket while nothing stands between this outlet and the kernel;
    ``None`` when something does, or there is no socket: then :meth:`flush` decides.
    """

    __slots__ = (
        "_blocked",
        "_close_timeout",
        "_deadlines",
        "_in_transport",
        "_phase",
        "_sealed",
        "_send",
        "_transport",
        "_waiting",
        "_waiting_bytes",
        "direct",
        "failure",
        "receiver",
    )

    def __init__(
        self,
        turn: Turn,
        transport: ITransport | ClientSocket,
        deadlines: Deadlines,
        close_timeout: float = CLOSE_TIMEOUT,
    ) -> None:
        Outlet.__init__(self, turn)  # super() takes longer than what it finds
        self._transport = transport
        self._deadlines = deadlines
        self._close_timeout = close_timeout
        self._phase: int = Phase.OPEN
        self._blocked = False
        self._sealed: list[bytes] = []  # to be written before anything that waits
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0  # of both
        self._in_transport = 0  # bytes the transport was given last; it does not tell how many it still has
        self.receiver: Receiver | None = None
        self.failure: str | None = None
        # Ours, or Twisted's own plain sockets: a wrapper may answer getHandle() with a socket below a layer
        # that changes what is written.
        send: Callable[[bytes], int] | None = None
        if isinstance(transport, ClientSocket):
            send = transport.socket.send
        elif isinstance(transport, Connection) and not transport.TLS:
            handle: object = transport.getHandle()
            send = handle.send if isinstance(handle, SocketType) else None
        self._send = self.direct = send
        if send is None:
            cast(IConsumer, transport).registerProducer(self, True)

    @property
    def waiting(self) -> int:
        return super().waiting + self._waiting_bytes + self._in_transport

    def flush(self) -> None:
        out = self.out
        if not out:
            return
        if self._phase:
            out.clear()
        elif self._blocked:
            self._waiting += out
            self._waiting_bytes += sum(map(len, out))
            out.clear()
            self._check_sendq()
        else:
            data = self.seal(out)
            out.clear()
            self.push(data)

    def seal(self, lines: list[bytes]) -> bytes:
        """The bytes that say `lines` on this connection."""
        return lines[0] if len(lines) == 1 else b"".join(lines)

    def farewell(self) -> bytes:
        """The last bytes of an orderly close."""
        return b""

    def push(self, data: bytes) -> None:
        """Send sealed bytes, behind everything sealed before. There is no other way out."""
        if self._phase == Phase.GONE:
            return
        if self._blocked:
            self._sealed.append(data)
            self._waiting_bytes += len(data)
            self._check_sendq()
        elif self._send is None:
            self._write(data)
            self._check_sendq()
        else:
            try:
                sent = self._send(data)
            except BlockingIOError:
                self.block(data)
            except OSError as error:
                self.broken(error)
            else:
                if sent != len(data):
                    self.block(data[sent:])

    def block(self, rest: bytes) -> None:
        """The kernel left `rest`: it goes by the transport, and all that follows waits behind it."""
        self.direct = None
        self._blocked = True
        self._sealed.append(rest)
        self._waiting_bytes += len(rest)
        # The transport asks its new pull producer at once: resumeProducing writes the first portion.
        cast(IConsumer, self._transport).registerProducer(self, False)
        self._check_sendq()

    def broken(self, error: OSError) -> None:
        """Sending failed for good."""
        if isinstance(error, ConnectionResetError):
            self.failure = "Connection reset by peer"
        else:
            self.failure = f"Write error: {error.strerror or error}"
        self.abort()

    def resumeProducing(self) -> None:
        """The transport has written everything (pull), or has room again (push)."""
        self._in_transport = 0
        if self._phase == Phase.GONE:
            return
        if self._send is None:
            self._blocked = False
            while self._waiting_bytes and not self._blocked:
                self._write(self._portion())
            if self._waiting_bytes:
                return
        elif self._waiting_bytes:
            self._write(self._portion())
            return
        else:
            self._blocked = False
            cast(IConsumer, self._transport).unregisterProducer()
        if self._phase == Phase.OPEN:
            self.direct = self._send
        else:
            self._leave()

    def pauseProducing(self) -> None:
        """The transport (one without a socket) has enough for now."""
        self._blocked = True

    def stopProducing(self) -> None:
        """The transport is gone; :meth:`lost` follows."""

    def _portion(self) -> bytes:
        if self._sealed:
            data = b"".join(self._sealed)
            self._sealed.clear()
            self._waiting_bytes -= len(data)
            return data
        waiting = self._waiting
        size = count = 0
        for line in waiting:
            size += len(line)
            count += 1
            if size >= PORTION:
                break
        lines = waiting[:count]
        del waiting[:count]
        self._waiting_bytes -= size
        return self.seal(lines)

    def _write(self, data: bytes) -> None:
        self._in_transport = len(data)
        self._transport.write(data)
        if not self._blocked:
            self._in_transport = 0

    def _check_sendq(self) -> None:
        if self._waiting_bytes + self._in_transport <= self.sendq or not self._blocked:
            return
        if self._phase == Phase.OPEN and self.receiver is not None:
            self.receiver.sendq_exceeded()
        self.abort()

    def close(self) -> None:
        if self._phase:
            return
        if self.direct is not None and isinstance(self._transport, ClientSocket):
            self._close_at_once(self._transport)
            return
        self.flush()
        # mypy takes the phase for OPEN still, but the flush may have ended in abort().
        if self.gone:
            return
        self._phase = Phase.CLOSING
        self.direct = None
        if self._blocked or self._send is None:
            self._deadlines.set(self, self._close_timeout, self.abort)
        if self._blocked:
            self.pause()
        else:
            self._leave()

    def _close_at_once(self, transport: ClientSocket) -> None:
        """Nothing waits: what is queued, the farewell and the end leave in one segment."""
        out = self.out
        data = (self.seal(out) if out else b"") + self.farewell()
        out.clear()
        if self._phase == Phase.GONE:  # TLS failed over it
            return
        self._phase = Phase.LEAVING
        self.direct = None
        sent = 0
        try:
            if data:
                sent = transport.write_last(data)
        except BlockingIOError:
            pass
        except OSError as error:
            self.broken(error)
            return
        if sent == len(data):
            transport.loseConnection()
        else:
            self._deadlines.set(self, self._close_timeout, self.abort)
            self.block(data[sent:])
            self.pause()

    def _leave(self) -> None:
        if self._phase == Phase.CLOSING:
            self._phase = Phase.LEAVING
            if last := self.farewell():
                self.push(last)
                if self._blocked:
                    self._deadlines.set(self, self._close_timeout, self.abort)
                if self._blocked or self.gone:
                    return
        if self._send is None:
            cast(IConsumer, self._transport).unregisterProducer()
        self._transport.loseConnection()

    def hang_up(self) -> None:
        """Close, but forget what is not sealed yet."""
        self.out.clear()
        self._waiting.clear()
        self._waiting_bytes = sum(map(len, self._sealed))
        self.close()

    def abort(self) -> None:
        if self._phase != Phase.GONE:
            self.lost()
            cast(ITCPTransport, self._transport).abortConnection()

    def lost(self) -> None:
        """The connection is gone or as good as: keep nothing, send nothing."""
        self._phase = Phase.GONE
        self.direct = None
        self.out.clear()
        if self._waiting_bytes:
            self._waiting_bytes = 0
            self._sealed.clear()
            self._waiting.clear()
        self._deadlines.clear(self)

    @property
    def gone(self) -> bool:
        """Aborted, broken or lost."""
        return self._phase == Phase.GONE

    @property
    def is_open(self) -> bool:
        """Neither closed by us nor gone."""
        return self._phase == Phase.OPEN

    def pause(self) -> None:
        if self._phase != Phase.GONE:
            cast(IPushProducer, self._transport).pauseProducing()

    def resume(self) -> None:
        if self._phase == Phase.OPEN:
            cast(IPushProducer, self._transport).resumeProducing()


class ClientTurn(Turn):
    """A turn that ends when the reactor's does, and spares a plain socket the calls of its own flush."""

    __slots__ = ()

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__(lambda: clock.callLater(0, self.flush))

    def _flush(self, dirty: list[Outlet]) -> None:
        # A failing one is logged and aborted, and the others still flush. Members of one channel are often
        # told the same: what is joined for one of them is sent to the next as it is.
        lines: list[bytes] = []
        joined = b""
        for outlet in dirty:
            try:
                if type(outlet) is not SocketOutlet or (send := outlet.direct) is None:
                    outlet.flush()
                    continue
                out = outlet.out
                if not out:  # a sender's own line was taken back
                    continue
                if len(out) == 1:
                    data = out[0]
                else:
                    if out != lines:
                        lines = out.copy()
                        joined = b"".join(lines)
                    data = joined
                out.clear()
                try:
                    sent = send(data)
                except BlockingIOError:
                    outlet.block(data)
                except OSError as error:
                    outlet.broken(error)
                else:
                    if sent != len(data):
                        outlet.block(data[sent:])
            except Exception:
                log.failure("A flush failed")
                outlet.abort()
