"""All that browsers and programs ask over HTTP/1.1, on the house's own sockets; a WebSocket begins here too.

A :class:`Door` stands where a session stands, behind outlet and TLS.  It has Twisted's HTTP channel take what
comes apart, and hands each whole request to whoever answers.  A request for a WebSocket leaves it, whichever
of its connection it is: its head goes to a :class:`WebSocket`, which has the connection from then on.  Where
it is the first one, and comes in one piece, as browsers send it, no channel is made for it.

The time a request may take is counted from its first byte, and not, as Twisted does, from its last; what
comes with it is counted before it is kept; and an answer is given away as fast as the reader takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IPushProducer, ITransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, WebSettings
from chatnet.transports.client import ClientProtocol
from chatnet.transports.crowd import Crowd
from chatnet.transports.outlets import Receiver, SocketOutlet
from chatnet.transports.upgrade import Refused, all_secure, client_behind
from chatnet.transports.web_answer import Told, Whole, head_of
from chatnet.transports.web_request import Channel, Incoming, plain_upgrade, split_target
from chatnet.transports.websocket import FrameOutlet, WebSocket, WebSocketFactory, WebSocketProtocol
from chatnet.web.exchange import Answering, Ask, Reply
from chatnet.wire.networks import is_loopback

LINGER: Final = 2.0
"""Seconds for which who is refused may go on sending, so that the answer is read before the end."""
SENDQ: Final = 1 << 31
"""Bytes that may wait for a reader: who makes streams ends them before, at `api.stream_queue`."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1"""
NOTHING: Final = Ask("GET", "/")
"""What is asked for as long as nobody knows what it is."""
PROBES: Final = ("/health", "/ready")
"""Paths that a proxy asks for itself."""

log = Logger()


class Stage:
    """What is waited for on a connection; plain numbers for speed."""

    BETWEEN: Final = 0  # the next request
    HEAD: Final = 1  # the end of its headers
    BODY: Final = 2  # the end of the rest
    ANSWER: Final = 3  # who answers
    READER: Final = 4  # the reader, to take the answer
    STREAM: Final = 5  # whatever is told
    OVER: Final = 6  # the end of the connection


@implementer(IPushProducer)
class Wire:
    """The transport of a channel: what it may do with the connection."""

    def __init__(self, outlet: FrameOutlet) -> None:
        self._outlet = outlet
        self.disconnecting = False

    def write(self, data: bytes) -> None:
        self._outlet.say(data)

    def loseConnection(self) -> None:
        self.disconnecting = True
        self._outlet.end()

    def pauseProducing(self) -> None:
        self._outlet.pause()

    def resumeProducing(self) -> None:
        self._outlet.resume()

    def stopProducing(self) -> None:
        self.loseConnection()

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """The channel wants to know when not to write; its requests are answered one by one instead."""

    def unregisterProducer(self) -> None:
        """As above."""


class Door:
    """What receives a connection: requests go to the channel, and come back as :class:`Ask`."""

    def __init__(self, protocol: WebProtocol, outlet: FrameOutlet, peer: Peer) -> None:
        self._protocol = protocol
        self._factory = protocol.factory
        self._outlet = outlet
        self._peer = peer
        self._trusted = protocol.trusted
        self._sendq = outlet.sendq
        outlet.sendq = SENDQ
        self._wire = Wire(outlet)
        self._made: Channel | None = None
        self._ask = NOTHING
        self._number = 0  # of the request that is answered
        self._whole: Whole | None = None
        self._told: Told | None = None
        self._next: WebSocket | None = None
        self._factory.crowd.visitors.add(self)
        self._await(Stage.BETWEEN, self._factory.web().head_timeout)

    @property
    def secure(self) -> bool:
        """Whether it is under TLS."""
        return self._peer.secure

    @property
    def _channel(self) -> Channel:
        """What takes requests apart, made with the first one."""
        if self._made is None:
            self._made = Channel(self)
            self._made.makeConnection(cast(ITransport, self._wire))  # type: ignore[no-untyped-call]  # Twisted's
        return self._made

    # what is waited for

    def _await(self, stage: int, seconds: float) -> None:
        self._stage = stage
        if stage == Stage.BETWEEN:
            self._factory.crowd.idle[self] = None
        self._factory.deadlines.set(self, seconds, self._late)

    def _late(self) -> None:
        stage = self._stage
        if stage in (Stage.HEAD, Stage.BODY):
            self.refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "The request did not come in time."))
        elif stage == Stage.ANSWER:
            text = "The answer takes too long. What was asked for may come to be all the same."
            self.refuse(Refused(HTTPStatus.SERVICE_UNAVAILABLE, text))
        elif stage == Stage.READER:
            self._outlet.abort()
        else:
            self._end()

    def _end(self) -> None:
        """Close when all that was said has left."""
        self._stage = Stage.OVER
        self._factory.crowd.idle.pop(self, None)
        if self._made is not None:
            self._made.over = True
        self._factory.deadlines.clear(self)
        self._wire.loseConnection()

    # the receiver

    def receive(self, data: bytes) -> None:
        """Take `data`, as read from the socket or out of its TLS records."""
        if self._next is not None:
            self._next.receive(data)  # what TLS had read already
        elif self._stage != Stage.OVER:
            if self._stage == Stage.BETWEEN:
                if self._made is None and self._opens(data):
                    return
                self.begun()
            self._channel.dataReceived(data)  # type: ignore[no-untyped-call]  # as above

    def connection_lost(self, reason: str) -> None:
        """The connection is gone."""
        self._leave_crowd()
        self._stage = Stage.OVER
        self._number += 1
        if self._made is not None:
            self._made.connectionLost(connectionDone)  # type: ignore[no-untyped-call]  # as above
            self._made.forget()
        if self._told is not None:
            self._told.stop()

    def sendq_exceeded(self) -> None:
        """Who reads a stream takes nothing of it."""

    def leave(self) -> None:
        """The server ends."""
        if self._told is not None:
            self._told.stop()
            self._end()
        elif self._stage in (Stage.ANSWER, Stage.READER):
            self._channel.persistent = False
        else:
            self._end()

    def _leave_crowd(self) -> None:
        self._factory.deadlines.clear(self)
        self._factory.crowd.visitors.discard(self)
        self._factory.crowd.idle.pop(self, None)
        self._outlet.emptied = None
        self._protocol.depart()

    # what comes of the channel

    @property
    def head_size(self) -> int:
        return self._factory.settings().request_size

    @property
    def body_size(self) -> int:
        return self._factory.web().body_size

    def begun(self) -> None:
        self._ask = NOTHING
        if self._stage == Stage.BETWEEN:
            self._factory.crowd.idle.pop(self, None)
            self._await(Stage.HEAD, self._factory.web().head_timeout)

    def headed(self, request: Incoming) -> bool:
        channel = self._channel
        try:
            self._ask = ask = self._read(channel.method, channel.target, request.headers)
        except Refused as refused:
            self.refuse(refused)
            return True
        if (
            channel.length == 0
            and channel.minor
            and request.has("upgrade", "websocket")
            and self._factory.site.opens(ask, self._factory.listen.serves)
        ):
            rest: bytes = channel.clearLineBuffer()  # type: ignore[no-untyped-call]  # as above
            self._hand_over(channel.head + rest)
            return False
        self._await(Stage.BODY, self._factory.web().body_timeout)
        return True

    def _opens(self, data: bytes) -> bool:
        """Whether these are the first bytes of a WebSocket, and it has them now."""
        found = plain_upgrade(data, self.head_size)
        if found is None:
            return False
        try:
            ask = self._read("GET", *found)
        except Refused:
            return False  # the channel comes to the same, and it is for it to answer
        if not self._factory.site.opens(ask, self._factory.listen.serves):
            return False
        self._ask = ask
        self._hand_over(data)
        return True

    def _read(self, method: str, target: str, headers: dict[str, str]) -> Ask:
        """What is asked for, and by whom, but for what comes with it.  Raises Refused."""
        path, host, query = split_target(target)
        if host is not None:
            headers["host"] = host
        address, encrypted, local = self._peer.address, self._peer.secure, self._protocol.local
        told = headers.get("x-forwarded-for", "")
        if self._trusted:
            if told or path not in PROBES:
                address = client_behind(told, self._factory.trusted)
                local = is_loopback(address)
                encrypted = all_secure(headers.get("x-forwarded-proto", ""))
        elif told and local:
            # All the world would be this machine.
            text = "A proxy asks for somebody else, and `forwarded_from` does not have its address."
            raise Refused(HTTPStatus.BAD_REQUEST, text, odd=True)
        if address == "localhost":
            address = "127.0.0.1"
        return Ask(method, path, query, headers, b"", address, encrypted or local, encrypted)

    def wanted(self) -> None:
        self._outlet.say(CONTINUE)

    def asked(self, request: Incoming) -> None:
        ask = self._ask
        if request.body:
            ask = replace(ask, body=bytes(request.body))
            request.body.clear()
        self._number += 1
        number = self._number
        self._await(Stage.ANSWER, self._factory.web().answer_timeout)
        coming = Deferred.fromCoroutine(self._factory.site.answer(ask, self._factory.listen.serves))
        coming.addCallback(self._answer, number)
        coming.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        log.failure("An answer could not be given", failure)
        self._outlet.abort()

    def refuse(self, refused: Refused) -> None:
        form, address = "Refused a request of {address}: {text}", self._peer.address
        if refused.odd:
            self._factory.tell(form, address, text=refused.text)
        else:
            log.debug(form, address=address, text=refused.text)
        stage = self._stage
        self._number += 1
        self._factory.crowd.idle.pop(self, None)
        self._channel.over = self._wire.disconnecting = True
        reply = self._factory.site.refused(self._ask, refused.status, refused.text)
        assert isinstance(reply.body, bytes)
        body = b"" if self._ask.method == "HEAD" else reply.body
        self._outlet.say(head_of(reply, ends=True) + body)
        if stage == Stage.ANSWER:
            self._end()
        else:
            self._stage = Stage.OVER
            self._factory.deadlines.set(self, LINGER, self._outlet.end)

    # answers

    def _answer(self, reply: Reply, number: int) -> None:
        body = reply.body
        if number != self._number or self._stage != Stage.ANSWER:
            if not isinstance(body, bytes):
                body.stop()
            return
        channel = self._channel
        if reply.status == HTTPStatus.MISDIRECTED_REQUEST:
            form = "A request of {address} was for the host {host}, which is not ours: see web.hosts"
            self._factory.tell(form, self._ask.address, host=self._ask.headers.get("host", "")[:100])
        ends = not channel.persistent
        if isinstance(body, bytes):
            head = head_of(reply, ends=ends)
            self._await(Stage.READER, self._factory.web().idle_timeout)
            if self._ask.method == "HEAD" or not body:
                body = b""
            self._whole = Whole(self._outlet, head, body, self._answered)
            self._outlet.emptied = self._go_on
            self._whole.go_on()
        elif self._ask.method == "HEAD":
            body.stop()
            channel.persistent = False
            self._outlet.say(head_of(reply, ends=True))
            self._end()
        else:
            self._factory.deadlines.clear(self)
            self._stage = Stage.STREAM
            channel.persistent = False
            chunked = bool(channel.minor)
            self._outlet.say(head_of(reply, ends=True, chunked=chunked))
            self._told = Told(self._outlet, body, chunked=chunked)
            body.begin(self._told)

    def _go_on(self) -> None:
        """The reader has taken all that there was."""
        if self._stage == Stage.READER and self._whole is not None:
            self._await(Stage.READER, self._factory.web().idle_timeout)
            self._whole.go_on()

    def _answered(self) -> None:
        """The next request, or the end."""
        self._whole = None
        if self._channel.persistent:
            self._await(Stage.BETWEEN, self._factory.web().idle_timeout)
            self._channel.done()
        else:
            self._end()

    # WebSocket

    def _hand_over(self, data: bytes) -> None:
        """From here on it is a WebSocket's connection, whose first bytes are these."""
        factory, peer, protocol = self._factory, self._peer, self._protocol
        if not self._trusted and (refusal := factory.admit(peer.address)) is not None:
            self.refuse(Refused(HTTPStatus.SERVICE_UNAVAILABLE, refusal))
            return
        if not self._trusted:  # else the WebSocket asks for whom the proxy tells of
            protocol.admitted = peer.address
        self._stage = Stage.OVER
        self._leave_crowd()
        self._outlet.sendq = self._sendq
        if self._made is not None:
            self._made.forget()
        self._next = WebSocket(protocol, self._outlet, peer)
        protocol.become(self._next)
        self._next.receive(data)


class WebProtocol(WebSocketProtocol):
    """A connection to a web listener, without TLS."""

    factory: WebFactory
    visiting: str | None = None
    """As what the crowd knows it."""
    trusted = False
    """Whether the other end is a proxy that is believed."""
    local = False
    """Whether it is of this machine."""

    def enter(self, address: str, port: int, secure: bool) -> None:
        factory = self.factory
        self.trusted = bool(factory.trusted) and factory.trusts(address)
        self.local = is_loopback(address)
        refusal = factory.crowd.refusal(address, spared=self.trusted or self.local)
        if refusal is not None:
            self.refuse(address, refusal)
            return
        self.visiting = factory.crowd.enter(address)
        self.begin(address, port, secure)

    def open(self, outlet: SocketOutlet, peer: Peer) -> None:
        self.receiver = outlet.receiver = door = Door(self, cast(FrameOutlet, outlet), peer)
        self.attach(door)

    def become(self, receiver: Receiver) -> None:
        """Let another have all that is read from now on."""
        self.receiver = receiver
        if self.outlet is not None:
            self.outlet.receiver = receiver
        self.read_for(receiver)

    def read_for(self, receiver: Receiver) -> None:
        """The same, without what TLS does."""
        self.dataReceived = receiver.receive  # type: ignore[method-assign]  # looked up at each read

    def depart(self) -> None:
        """It is no connection that speaks HTTP any more."""
        visiting, self.visiting = self.visiting, None
        if visiting is not None:
            self.factory.crowd.release(visiting)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        try:
            super().connectionLost(reason)
        finally:
            self.depart()


class WebFactory(WebSocketFactory):
    """Makes the protocols of one web listener; `site` answers, and `web` is asked at the moment of use."""

    def __init__(
        self,
        listen: ListenSettings,
        *,
        site: Answering,
        crowd: Crowd,
        web: Callable[[], WebSettings],
        **options: Any,
    ) -> None:
        super().__init__(listen, is_ours=site.is_ours, **options)
        self.site = site
        self.crowd = crowd
        self.web = web

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol:  # type: ignore[override]
        return WebProtocol(self) if self.tls is None else self.tls(self)
