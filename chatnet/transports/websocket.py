"""WebSocket clients: one line per message, without its CR LF, in both directions.

A :class:`WebSocket` stands between a connection, plain or TLS, and its session: it answers the HTTP request,
takes frames apart by wsproto and hands the lines on as if they had come over TCP.  The way back is shorter:
the outlet puts a header before each line when it seals what it sends, so that a turn stays one ``send``.
https://ircv3.net/specs/extensions/websocket, https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from struct import pack
from typing import Any, Final, cast

from twisted.internet.interfaces import IAddress, ITransport
from twisted.logger import Logger
from wsproto.connection import Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping
from wsproto.frame_protocol import CloseReason

from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, WebSocketSettings
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.transports.outlets import Receiver, SocketOutlet
from chatnet.transports.upgrade import BINARY, Deflate, Opening, Refused
from chatnet.wire.masks import compile_glob
from chatnet.wire.networks import address_in, networks_of

TEXT_FRAME: Final = 0x81
BINARY_FRAME: Final = 0x82
COMPRESSED: Final = 0x40
CLOSE_FRAME: Final = 0x88
PONG_FRAME: Final = 0x8A

BATCH = 65536
"""Bytes of lines that are handed to the session at once."""

log = Logger()


def frame(first: int, payload: bytes) -> bytes:
    """A whole frame of ours: not masked, in one piece.  https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return pack("!BBH", first, 126, size) + payload
    return pack("!BBQ", first, 127, size) + payload


class FrameOutlet(SocketOutlet):
    """An outlet whose lines become frames; what waits for a blocked peer waits as lines.

    Before :meth:`start` it says HTTP: by :meth:`say`, or in lines, which go as they are.  Its last frame is a
    Close; then the peer has some time to answer with one before the connection is closed.
    """

    first = TEXT_FRAME
    """The first byte of each frame: what is in it."""
    deflate: Deflate | None = None
    going_away: Callable[[], bool]
    emptied: Callable[[], object] | None = None
    """Told when the peer has taken all that it would not take at once."""
    _started = False
    _goodbye: bytes | None = None

    def start(self, first: int, deflate: Deflate | None, going_away: Callable[[], bool]) -> None:
        """From here on, frames. With `going_away` a close says that the server ends, or the listener."""
        self.first = first
        self.deflate = deflate
        self.going_away = going_away
        self._started = True

    def say(self, data: bytes) -> None:
        """Send bytes that are no line: HTTP, or a control frame. They overtake lines that wait."""
        if self._goodbye is None:
            self.push(super().seal([data]))

    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self.emptied is not None and self.is_open and not self._blocked:
            self.emptied()

    def seal(self, lines: list[bytes]) -> bytes:
        if not self._started:
            return super().seal(lines)
        goodbye = b""
        if lines[-1] is self._goodbye:
            goodbye = lines[-1]
            lines = lines[:-1]
        return super().seal([self._frames(lines) + goodbye])

    def _frames(self, lines: list[bytes]) -> bytes:
        data = b"".join(lines)
        first = self.first
        if first == TEXT_FRAME and not data.isascii():
            # "Servers MUST NOT relay non-UTF-8 content to clients using text messages"
            data = data.decode("utf-8", "replace").encode()
        payloads = data.split(b"\r\n")
        payloads.pop()
        if self.deflate is not None:
            deflate = self.deflate.deflate
            first |= COMPRESSED
            payloads = [deflate(payload) for payload in payloads]
        return b"".join([frame(first, payload) for payload in payloads])

    def flush(self) -> None:
        if self._goodbye is None:
            super().flush()
        else:
            self.out.clear()  # nothing follows a Close

    def close(self) -> None:
        if self._started:
            self.leave(CloseReason.GOING_AWAY if self.going_away() else CloseReason.NORMAL_CLOSURE)
        else:
            self.end()

    def hang_up(self) -> None:
        self._started = False  # who cannot be told anything more is told no Close either
        super().hang_up()

    def leave(self, code: int, reason: str = "") -> None:
        """Say goodbye behind all that is queued; close when the peer has answered, or after a while."""
        if self._goodbye is not None or not self.is_open:
            return
        self._say_goodbye(code, reason)
        if self._blocked:
            self.end()
        elif self.is_open:
            self._deadlines.set(self, self._close_timeout, self.end)

    def answer_close(self, code: int, reason: str = "") -> None:
        """The peer takes leave, or cannot be understood: say goodbye, if that is still to do, and close.

        Who speaks HTTP as yet is told nothing.
        """
        if self._started and self._goodbye is None and self.is_open:
            self._say_goodbye(code, reason)
        self.end()

    def _say_goodbye(self, code: int, reason: str) -> None:
        text = b"" if code == CloseReason.NO_STATUS_RCVD else pack("!H", code) + reason.encode()[:120]
        goodbye = frame(CLOSE_FRAME, text)
        self.out.append(goodbye)
        # Known as the goodbye when it is sealed, which may be now.
        self._goodbye = goodbye
        super().flush()

    def end(self) -> None:
        """Close the connection when all that was sealed has left."""
        super().close()

    @property
    def leaving(self) -> bool:
        """Whether our Close is on its way: what the peer says now is of no interest."""
        return self._goodbye is not None


class Failed(Exception):
    """The peer did what it may not: `code` goes into our Close, and the text to it and to others."""

    def __init__(self, code: CloseReason, text: str) -> None:
        super().__init__(text)
        self.code = code


class WebSocket:
    """What stands between a connection and its session: an HTTP request first, and then frames."""

    def __init__(self, protocol: WebSocketProtocol, outlet: FrameOutlet, peer: Peer) -> None:
        self._protocol = protocol
        self._factory = factory = protocol.factory
        self._outlet = outlet
        self._peer = peer
        self._opening: Opening | None = Opening(factory.settings().request_size)
        self._connection: Connection | None = None
        self._session: Receiver | None = None
        self._message = bytearray()  # its fragments so far
        self._agreed = False  # else the first message says what ours are
        factory.deadlines.set(self, factory.settings().handshake_timeout, self._late)

    def receive(self, data: bytes) -> None:
        """Take `data`, as read from the socket or out of its TLS records."""
        if self._connection is not None:
            self._read(self._connection, data)
        elif self._opening is not None:
            try:
                rest = self._opening.feed(data)
                if rest is not None:
                    self._open(self._opening, rest)
            except Refused as refused:
                self._refuse(refused)

    def connection_lost(self, reason: str) -> None:
        """The connection is gone."""
        self._opening = None
        self._factory.deadlines.clear(self)
        if self._outlet.deflate is not None:
            self._outlet.deflate.forget()
        self._lose(reason)

    def sendq_exceeded(self) -> None:
        """The peer does not read."""
        if self._session is not None:
            self._session.sendq_exceeded()

    # the request

    def _late(self) -> None:
        self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "The request did not come in time."))

    def _refuse(self, refused: Refused) -> None:
        form, address = "Refused {address}: {text}", self._peer.address
        if refused.odd:
            self._factory.tell(form, address, text=refused.text)
        else:
            log.debug(form, address=address, text=refused.text)
        self._opening = None
        self._factory.deadlines.clear(self)
        self._outlet.say(refused.answer())
        self._outlet.end()

    def _open(self, opening: Opening, rest: bytes) -> None:
        factory, outlet = self._factory, self._outlet
        opening.check_origin(factory.origins, factory.is_ours)
        if self._protocol.admitted is None:
            self._come_forward(opening)
        deflate = Deflate(factory.settings().message_size) if factory.listen.compression else None
        answer, connection = opening.accept(deflate)
        factory.deadlines.clear(self)
        self._opening = None
        self._connection = connection
        subprotocol = opening.subprotocol
        self._agreed = subprotocol is not None
        outlet.say(answer)
        if outlet.gone:
            return
        outlet.start(
            BINARY_FRAME if subprotocol == BINARY else TEXT_FRAME,
            deflate if deflate is not None and deflate.enabled() else None,
            factory.going_away,
        )
        self._session = factory.open_session(outlet, self._peer)
        if rest:
            self._read(connection, rest)

    def _come_forward(self, opening: Opening) -> None:
        """A proxy that we trust is at the other end: learn who is behind it, and whether they may come in."""
        peer, factory = self._peer, self._factory
        client = opening.forwarded_for(factory.trusted)
        # Whatever is known of the connection is the proxy's: its TLS and its certificate, too.
        secure, kind = opening.forwarded_secure, peer.connection_class
        self._peer = peer = Peer(client, 0, peer.listener, secure, connection_class=kind)
        if (refusal := factory.admit(peer.address)) is not None:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, refusal)
        self._protocol.admitted = peer.address

    # frames

    def _read(self, connection: Connection, data: bytes) -> None:
        outlet = self._outlet
        connection.receive_data(data)
        if not outlet.leaving:
            try:
                self._take(connection.events())
            except Failed as failed:
                self._lose(f"WebSocket error: {failed}")
                outlet.leave(failed.code, str(failed))
        if outlet.leaving and any(type(event) is CloseConnection for event in connection.events()):
            outlet.end()

    def _take(self, events: Iterable[Event]) -> None:
        """Hand the lines on, to the end of `events` or of the session."""
        outlet = self._outlet
        limits = self._factory.settings()
        spare = limits.frames_per_read
        lines: list[bytes] = []
        size = 0
        ping: Ping | None = None
        close: CloseConnection | None = None
        try:
            for event in events:
                if isinstance(event, Message):
                    if line := self._collect(event, limits.message_size):
                        lines.append(line)
                        size += len(line)
                        if size > BATCH:
                            self._hand_over(lines)
                            size = 0
                            if outlet.leaving or not outlet.is_open:
                                return
                        continue
                elif isinstance(event, CloseConnection):
                    close = event
                    break
                elif isinstance(event, Ping):
                    ping = event  # the last one only: RFC 6455, 5.5.3
                spare -= 1
                if spare < 0:
                    raise Failed(CloseReason.POLICY_VIOLATION, "too many frames without a line")
        finally:
            self._hand_over(lines)
        if ping is not None:
            outlet.say(frame(PONG_FRAME, ping.payload))
        if close is not None:
            self._closed(close)

    def _collect(self, event: Message[Any], limit: int) -> bytes | None:
        """The line, if `event` completes one that is not empty.

        Of either type, whatever was agreed: "servers and clients should strive for maximum compatibility".
        """
        if not self._agreed:
            self._agreed = True
            self._outlet.first = BINARY_FRAME if type(event) is BytesMessage else TEXT_FRAME
        payload = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
        message = self._message
        if len(message) + len(payload) > limit:
            raise Failed(CloseReason.MESSAGE_TOO_BIG, "message too big")
        if not event.message_finished:
            message += payload
            return None
        if message:
            payload = bytes(message + payload)
            message.clear()
        return payload.rstrip(b"\r\n")

    def _hand_over(self, lines: list[bytes]) -> None:
        if lines and self._session is not None:
            self._session.receive(b"\r\n".join(lines) + b"\r\n")
        lines.clear()

    def _closed(self, close: CloseConnection) -> None:
        """The peer sent a Close, or what is no frame at all."""
        connection = cast(Connection, self._connection)
        if connection.state is ConnectionState.REMOTE_CLOSING:
            self._lose("Connection closed")
            self._outlet.answer_close(close.code)
        else:
            self._lose(f"WebSocket error: {close.reason}")
            self._outlet.answer_close(close.code, close.reason or "")

    def _lose(self, reason: str) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.connection_lost(reason)


class WebSocketProtocol(ClientProtocol):
    """A WebSocket client without TLS."""

    factory: WebSocketFactory

    def enter(self, address: str, port: int, secure: bool) -> None:
        if self.factory.trusts(address):
            self.begin(address, port, secure)  # the request will tell whom to admit
        else:
            super().enter(address, port, secure)

    def make_outlet(self) -> FrameOutlet:
        factory = self.factory
        transport = cast(ITransport, self.transport)
        self.outlet = outlet = FrameOutlet(factory.turn, transport, factory.deadlines, factory.close_timeout)
        return outlet

    def refuse(self, address: str, text: str) -> None:
        outlet = self.make_outlet()
        outlet.say(Refused(HTTPStatus.SERVICE_UNAVAILABLE, text).answer())
        outlet.end()

    def open(self, outlet: SocketOutlet, peer: Peer) -> None:
        self.receiver = outlet.receiver = receiver = WebSocket(self, cast(FrameOutlet, outlet), peer)
        self.attach(receiver)


class WebSocketFactory(ClientFactory):
    """Makes the protocols of one WebSocket listener; `settings` is asked at the moment of use.

    `going_away` tells whether sessions that are closed now are so because the server ends; `is_ours` whether
    a host name is one of this server.
    """

    def __init__(
        self,
        listen: ListenSettings,
        *,
        settings: Callable[[], WebSocketSettings],
        going_away: Callable[[], bool],
        is_ours: Callable[[str], bool],
        **options: Any,
    ) -> None:
        super().__init__(listen, **options)
        self.settings = settings
        self.going_away = going_away
        self.is_ours = is_ours
        self.origins = [compile_glob(origin, str.lower) for origin in listen.origins]
        self.trusted = networks_of(listen.forwarded_from)

    def trusts(self, address: str) -> bool:
        """Whether what a request from there says of its client is believed."""
        return address_in("127.0.0.1" if address == "localhost" else address, self.trusted)

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol:  # type: ignore[override]
        return WebSocketProtocol(self) if self.tls is None else self.tls(self)
