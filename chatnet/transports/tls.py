"""TLS as a thin filter of the outlet: records are made in memory and leave by the outlet's own socket path.

One OpenSSL connection over memory buffers per client.  Everything it wants to say, in the handshake and
after it, leaves through :meth:`SocketOutlet.push`, so that records keep their order; and reading goes on
until OpenSSL wants more, because more than one record may have come at once.  Client certificates are asked
for, taken whoever signed them, and never needed: who holds the key is all that matters for a fingerprint.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import cast

from OpenSSL import SSL
from twisted.internet.interfaces import IPushProducer, IReactorTime, ITransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.session.outlet import Turn
from chatnet.settings import TLSSettings
from chatnet.transports.certificates import CertificateStore, digest
from chatnet.transports.client import TLS_HELLO, ClientFactory, ClientProtocol
from chatnet.transports.deadlines import Deadlines
from chatnet.transports.leftovers import Leftovers
from chatnet.transports.outlets import Receiver, SocketOutlet
from chatnet.transports.tunnel import Grown, Tunnel, tunnel_over

CIPHERS = b"ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2. AES-128 is no less safe today, and with it a handshake hashes by SHA-256, which CPUs know."""

SUITES = b"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
"""For TLS 1.3: all that there are, in that order."""

PRIORITIZE_CHACHA = 1 << 21
"""OpenSSL's option: ChaCha20 it is for a client that names it first, having no AES in its CPU."""

WORTH = 32
"""Bytes of records that go with a byte of text, at most: a single letter takes 24."""

WORDLESS = 65536
"""Bytes of records beyond that after which nobody is listened to any more: so much is no text in the making,
and to change keys costs us more than who asks for it."""

UNANSWERED = 65536
"""Bytes read after which OpenSSL's own answers are sent even if there is nothing else to say."""

log = Logger()


def prepare_context(context: SSL.Context) -> None:
    """Set up a new server context, but for its certificate."""
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE | PRIORITIZE_CHACHA)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_cipher_list(CIPHERS)
    if hasattr(context, "set_tls13_ciphersuites"):  # since pyOpenSSL 25.2
        context.set_tls13_ciphersuites(SUITES)
    context.set_verify(SSL.VERIFY_PEER, _accept_certificate)
    context.set_alpn_select_callback(_choose_protocol)
    # Without a session id context each resumed handshake with a client certificate would fail. Sessions live
    # in tickets; no cache is kept here.
    context.set_session_id(b"chatnet")
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)


def prepare_link_context(context: SSL.Context) -> None:
    """Set up a new context for links, of either end: both must show a certificate, and none is left out of it
    by resuming a session."""
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_cipher_list(CIPHERS)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_certificate)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)


def _accept_certificate(
    connection: SSL.Connection, certificate: object, error: int, depth: int, ok: int
) -> bool:
    return True


class ForeignProtocol(SSL.Error):
    """What the client wants to speak (ALPN) is not spoken here."""


class Wordless(SSL.Error):
    """Records keep coming in which nothing is said."""


def _choose_protocol(connection: SSL.Connection, offered: list[bytes]) -> bytes:
    """Nobody is led to us who was to speak another protocol.  https://www.rfc-editor.org/rfc/rfc7301#section-3.2

    What escapes is a fatal alert, no_application_protocol.
    """
    ours: bytes = connection.get_app_data()
    if ours not in offered:
        raise ForeignProtocol()
    return ours


class TLSGate:
    """What all TLS listeners share: the certificates, and how many handshakes may begin in one turn.

    `settings` is asked at the moment of use, so that a reload needs nothing here.
    """

    def __init__(
        self, store: CertificateStore, settings: Callable[[], TLSSettings], clock: IReactorTime
    ) -> None:
        self.store = store
        self.settings = settings
        self.grown = Grown(clock)
        self.leftovers = Leftovers(clock)
        self._clock = clock
        self._begun = 0
        self._queue: deque[Callable[[], bool]] = deque()
        self._ticking = False

    def protocol(self, factory: ClientFactory) -> TLSProtocol:
        """A protocol for one connection to a TLS listener."""
        return TLSProtocol(factory, self)

    def may_begin(self) -> bool:
        """Whether one more handshake may begin in this turn; if so it is counted."""
        if self._begun >= self.settings().handshakes_per_turn:
            return False
        self._begun += 1
        self._tick_later()
        return True

    def wait(self, begin: Callable[[], bool]) -> None:
        """Call `begin` in the first later turn that has room; it tells whether it took any."""
        self._queue.append(begin)
        self._tick_later()

    def _tick_later(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._clock.callLater(0, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        self._begun = 0
        queue = self._queue
        if queue:
            room = self.settings().handshakes_per_turn
            while queue and self._begun < room:
                self._begun += queue.popleft()()
            self._tick_later()


class TLSOutlet(SocketOutlet):
    """An outlet whose lines become TLS records. What waits for a blocked peer waits as lines."""

    __slots__ = ("_tunnel",)

    def __init__(
        self,
        turn: Turn,
        transport: ITransport,
        deadlines: Deadlines,
        close_timeout: float,
        tunnel: Tunnel,
    ) -> None:
        super().__init__(turn, transport, deadlines, close_timeout)
        self._tunnel = tunnel

    def seal(self, lines: list[bytes]) -> bytes:
        try:
            return self._tunnel.seal(lines[0] if len(lines) == 1 else b"".join(lines))
        except SSL.Error as error:
            self.tls_failed(error)
            return b""

    def farewell(self) -> bytes:
        return self._tunnel.farewell()

    def peer_left(self) -> None:
        """The peer said goodbye to TLS, and will say nothing more."""
        self.close()

    def drain(self) -> None:
        """Send what OpenSSL has to say of itself: the handshake, alerts, new keys."""
        if records := self._tunnel.pending():
            self.push(records)

    def tls_failed(self, error: SSL.Error) -> None:
        """There is no going on after an error; it is the peer's doing, or the network's."""
        log.debug("TLS failed: {error!r}", error=error)
        self.failure = self.words_for(error)
        self.drain()
        self.hang_up()

    def words_for(self, error: SSL.Error) -> str:
        """What is said of an error: it may be in a QUIT, where it is of no use to anybody to know more."""
        return "TLS error"


class TLSProtocol(ClientProtocol):
    """A client under TLS. Its session is opened when the handshake is done."""

    outlet_class = TLSOutlet
    spoken = b"irc"
    """What is spoken under TLS, as it is registered for ALPN."""
    tickets_may_wait = True
    """Whether what TLS 1.3 has to say after the handshake goes with the first line that is said."""
    tunnel: Tunnel
    tls_outlet: TLSOutlet
    _held = b""

    def __init__(self, factory: ClientFactory, gate: TLSGate) -> None:
        super().__init__(factory)
        self._gate = gate
        self._unanswered = 0
        self._wordless = 0

    def refuse(self, address: str, text: str) -> None:
        # To say it would take a handshake.
        self.cut()

    def begin(self, address: str, port: int, secure: bool) -> None:
        self._address, self._port = address, port
        self.factory.deadlines.set(self, self._gate.settings().handshake_timeout, self._handshake_late)
        self.dataReceived = self._hello  # type: ignore[method-assign]  # each phase reads in its own way

    def _handshake_late(self) -> None:
        log.debug("No TLS handshake from {address} in time", address=self._address)
        self.cut()

    def _hello(self, data: bytes) -> None:
        if data and not data.startswith(TLS_HELLO):  # who dialled begins without any
            self.turn_away("it speaks no TLS")
            return
        if self._gate.may_begin():
            self._begin_handshake(data)
        else:
            # Who has said hello waits for an answer: nothing has to be done so that nothing more is read.
            self._held = data
            self.dataReceived = self._early  # type: ignore[method-assign]  # as above
            self._gate.wait(self._its_turn)

    def _early(self, data: bytes) -> None:
        """More has come, and the handshake has not begun."""
        self._held += data
        cast(IPushProducer, self.transport).pauseProducing()

    def _its_turn(self) -> bool:
        """Begin the handshake, after it had to wait; False if the connection is lost."""
        if self.dataReceived != self._early:
            return False
        data, self._held = self._held, b""
        cast(IPushProducer, self.transport).resumeProducing()
        self._begin_handshake(data)
        return True

    def _begin_handshake(self, data: bytes) -> None:
        context = self._gate.store.context_for(None)
        if context is None:
            log.error("There is no certificate for a connection from {address}", address=self._address)
            self.cut()
            return
        self.tunnel = tunnel_over(self.make_connection(context), self._gate.grown)
        factory = self.factory
        self.outlet = self.tls_outlet = self.outlet_class(
            factory.turn,
            cast(ITransport, self.transport),
            factory.deadlines,
            factory.close_timeout,
            self.tunnel,
        )
        self.dataReceived = self._handshake  # type: ignore[method-assign]
        self._handshake(data)

    def make_connection(self, context: SSL.Context) -> SSL.Connection:
        """Our end of TLS, before its first byte."""
        connection = SSL.Connection(context, None)
        connection.set_app_data(self.spoken)
        connection.set_accept_state()
        return connection

    def _handshake(self, data: bytes) -> None:
        outlet = self.tls_outlet
        try:
            done = self.tunnel.handshake(data)
        except SSL.Error as error:
            outlet.tls_failed(error)
            return
        if not done:
            outlet.drain()
            return
        terms = self.tunnel.terms()
        if not (self.tickets_may_wait and terms.startswith("TLSv1.3")):
            outlet.drain()
        self.factory.deadlines.clear(self)
        connection = self.tunnel.connection
        # After the handshake, not in the verify callback: a resumed session does not call that.
        certificate = connection.get_peer_certificate()
        certfp = digest(certificate) if certificate is not None else None
        peer = self.peer(self._address, self._port, True, terms, certfp)
        if name := connection.get_servername():
            peer.hostname = name.decode("ascii", "replace").lower().rstrip(".")
        self.open(outlet, peer)
        self._read_records()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._gate.leftovers.add()

    def attach(self, receiver: Receiver) -> None:
        self.dataReceived = self._records  # type: ignore[method-assign]

    def _records(self, data: bytes) -> None:
        self.tunnel.take(data)
        # A client may make OpenSSL answer without saying anything to the session.
        self._unanswered += len(data)
        if self._unanswered > UNANSWERED:
            self._unanswered = 0
            self.tls_outlet.drain()
        self._wordless += len(data)
        self._read_records()
        if self._wordless > WORDLESS and self.tls_outlet.is_open:
            self.tls_outlet.tls_failed(Wordless())

    def _read_records(self) -> None:
        outlet = self.tls_outlet
        receiver = self.receiver
        tunnel = self.tunnel
        while receiver is not None and outlet.is_open:
            try:
                text = tunnel.read()
            except SSL.ZeroReturnError:
                outlet.peer_left()
                return
            except SSL.Error as error:
                outlet.tls_failed(error)
                return
            if text is None:
                return
            self._wordless = max(self._wordless - WORTH * len(text), 0)
            receiver.receive(text)
            if not tunnel.may_have_more():
                return
