"""Clients over any stream transport: the protocol of one connection, and the factory of one listener."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IReactorTime, ITCPTransport, ITransport
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.internet.tcp import Server
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.rules.repeats import Repeats
from chatnet.session.outlet import Outlet, Turn
from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings
from chatnet.transports.deadlines import Deadlines
from chatnet.transports.outlets import CLOSE_TIMEOUT, Receiver, SocketOutlet
from chatnet.transports.proxy import HeaderParser, ProxyError
from chatnet.transports.sockets import ClientSocket
from chatnet.wire.masks import normalise_address
from chatnet.wire.networks import address_in, networks_of

TLS_HELLO = b"\x16"
"""What TLS begins with, and no line of IRC or HTTP does.  https://www.rfc-editor.org/rfc/rfc8446#section-5.1"""

PROXY_TIMEOUT = 5.0
"""Seconds a proxy has to send its header."""

log = Logger()


class ClientProtocol(Protocol):
    """One connection, from accept to loss. Its session reads from it directly once it exists."""

    factory: ClientFactory

    def __init__(self, factory: ClientFactory) -> None:
        self.factory = factory
        self.admitted: str | None = None
        self.outlet: SocketOutlet | None = None
        self.receiver: Receiver | None = None

    def connectionMade(self) -> None:
        try:
            transport: object = self.transport
            if isinstance(transport, ClientSocket):
                address, port = transport.peer
            else:
                self.prepare_socket()
                address, port = address_of(transport)
            if self.factory.proxies:
                self._expect_header(address)
            else:
                self.enter(address, port, False)
        except Exception:
            # Nobody would close the socket otherwise.
            log.failure("A connection could not be set up")
            self.cut()

    def _expect_header(self, address: str) -> None:
        factory = self.factory
        if address_in("127.0.0.1" if address == "localhost" else address, factory.proxies):
            factory.deadlines.set(self, factory.proxy_timeout, self._header_late)
            self._header = HeaderParser()
            self.dataReceived = self._read_header  # type: ignore[method-assign]  # until the header is whole
        else:
            factory.tell("{address} is no proxy of {endpoint}: refused", address, endpoint=factory.endpoint)
            self.cut()

    def _read_header(self, data: bytes) -> None:
        address, port = address_of(self.transport)
        try:
            header = self._header.feed(data)
        except ProxyError as error:
            self.factory.tell("Refused the proxy {address}: {error}", address, error=error)
            self.cut()
            return
        if header is None:
            return
        self.factory.deadlines.clear(self)
        del self._header, self.dataReceived
        if header.address is not None:
            address, port = normalise_address(header.address), header.port
        self.enter(address, port, header.secure)
        if header.rest and (self.outlet is None or not self.outlet.gone):
            self.dataReceived(header.rest)

    def _header_late(self) -> None:
        self.factory.tell("No PROXY header from {address} in time", address_of(self.transport)[0])
        self.cut()

    def cut(self) -> None:
        """Close at once, without a word."""
        cast(ITCPTransport, self.transport).abortConnection()

    def prepare_socket(self) -> None:
        """Lines leave when they are flushed; a peer that vanished is noticed in the end."""
        transport: object = self.transport
        if isinstance(transport, Server) and isinstance(transport.getPeer(), IPv4Address | IPv6Address):
            try:
                transport.setTcpNoDelay(True)
                transport.setTcpKeepAlive(True)
            except OSError as error:
                log.debug("Socket options not set: {error}", error=error)

    def enter(self, address: str, port: int, secure: bool) -> None:
        """The true client address is known; `secure` tells that a proxy in front speaks TLS."""
        if (refusal := self.factory.admit(address)) is not None:
            self.refuse(address, refusal)
            return
        self.admitted = address
        self.begin(address, port, secure)

    def refuse(self, address: str, text: str) -> None:
        """Say why, and close."""
        line = f"ERROR :Closing Link: {address} ({text})\r\n"
        outlet = self.make_outlet()
        outlet.send(line.encode("utf-8", "surrogateescape"))
        outlet.close()

    def begin(self, address: str, port: int, secure: bool) -> None:
        """Admitted: open the session."""
        self.open(self.make_outlet(), self.peer(address, port, secure))

    def make_outlet(self) -> SocketOutlet:
        """The only writer of this connection."""
        factory = self.factory
        transport: Any = self.transport
        self.outlet = outlet = SocketOutlet(factory.turn, transport, factory.deadlines, factory.close_timeout)
        return outlet

    def peer(
        self, address: str, port: int, secure: bool, tls: str | None = None, certfp: str | None = None
    ) -> Peer:
        """What the session is told of the other end."""
        factory = self.factory
        return Peer(address, port, factory.endpoint, secure, tls, certfp, factory.connection_class)

    def open(self, outlet: SocketOutlet, peer: Peer) -> None:
        """From here on everything read goes to a session."""
        receiver = self.factory.open_session(outlet, peer)
        self.receiver = outlet.receiver = receiver
        self.attach(receiver)

    def attach(self, receiver: Receiver) -> None:
        """Let `receiver` have what is read, after a look at the first of it without a step between."""
        self.dataReceived = self._first  # type: ignore[method-assign]  # looked up at each read

    def _first(self, data: bytes) -> None:
        if data[:1] == TLS_HELLO:
            self.turn_away("it speaks TLS, and this port is plain")
        elif self.receiver is not None:
            self.dataReceived = self.receiver.receive  # type: ignore[method-assign]  # as above
            self.dataReceived(data)

    def turn_away(self, reason: str) -> None:
        """Close at once, for the other end speaks something else; the log has the reason."""
        form = "Closed a connection from {address} to {endpoint}: {reason}"
        factory = self.factory
        address = self.admitted or address_of(self.transport)[0]
        factory.tell(form, address, endpoint=factory.endpoint, reason=reason)
        self.cut()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        outlet, self.outlet = self.outlet, None
        receiver, self.receiver = self.receiver, None
        admitted, self.admitted = self.admitted, None
        failure = None
        if receiver is None:
            self.factory.deadlines.clear(self)  # what a PROXY header or a handshake had
        if outlet is not None:
            outlet.lost()
            outlet.receiver = None
            failure = outlet.failure
        self.dataReceived = discard  # type: ignore[method-assign]  # do not keep the session alive
        try:
            if receiver is not None:
                receiver.connection_lost(failure or words_for(reason))
        finally:
            if admitted is not None:
                self.factory.release(admitted)


def discard(data: bytes) -> None:
    """What is read when there is nobody to read it."""


def words_for(reason: Failure) -> str:
    """The loss of a connection as other people read it in a QUIT."""
    if reason is connectionDone or reason.check(ConnectionDone):
        return "Connection closed"
    if reason.check(ConnectionAborted):
        return "Connection aborted"
    if reason.check(ConnectionLost):
        return "Connection reset by peer"
    return "Read error: internal error"


def address_of(transport: object) -> tuple[str, int]:
    """Address and port of the peer; ``("localhost", 0)`` where there are none, as on a UNIX socket."""
    if isinstance(transport, ClientSocket):
        return transport.peer
    peer = cast(ITransport, transport).getPeer()
    if isinstance(peer, IPv4Address | IPv6Address):
        return normalise_address(peer.host), peer.port
    return "localhost", 0


def _write(text: str) -> None:
    log.info("{text}", text=text)


class ClientFactory(ServerFactory):
    """Makes the protocols of one listener.

    `admit` is asked with each client's address and answers with the text of a refusal, or None; `release` is
    called once for each address admitted, when its connection is gone.  `repeats` keeps in measure what
    strangers have written into the log.
    """

    noisy = False

    def __init__(
        self,
        listen: ListenSettings,
        *,
        turn: Turn,
        open_session: Callable[[Outlet, Peer], Receiver],
        admit: Callable[[str], str | None],
        release: Callable[[str], None],
        repeats: Repeats,
        clock: IReactorTime,
        close_timeout: float = CLOSE_TIMEOUT,
        proxy_timeout: float = PROXY_TIMEOUT,
        tls: Callable[[ClientFactory], ClientProtocol] | None = None,
    ) -> None:
        if listen.tls and tls is None:
            raise ValueError(f"{listen.endpoint}: TLS is not available")
        self.tls = tls if listen.tls else None
        self.listen = listen
        self.endpoint, self.connection_class = listen.endpoint, listen.connection_class  # for each peer
        self.proxies = networks_of(listen.proxy_from)
        self.turn = turn
        self.open_session = open_session
        self.admit = admit
        self.release = release
        self.repeats = repeats
        self.clock = clock
        self.close_timeout = close_timeout
        self.proxy_timeout = proxy_timeout
        self.deadlines = Deadlines(clock)

    def tell(self, form: str, address: str, **details: object) -> None:
        """Write into the log, by a form of its own, what somebody at `address` caused and may repeat."""
        self.repeats.say(form, address, form.format(address=address, **details), _write)

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol:  # type: ignore[override]
        return ClientProtocol(self) if self.tls is None else self.tls(self)
