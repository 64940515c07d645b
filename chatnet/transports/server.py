"""Connections to other servers, accepted or dialled.

Under TLS both ends show a certificate, whoever signed it; whose it is, is judged when it is known which
server is meant.  Nothing is said to who may not come in, and nothing about what is configured.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from OpenSSL import SSL, crypto
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, TimeoutError
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.links.dialling.attempts import Attempt
from chatnet.links.neighbour.connection import Connection as LinkConnection
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, Settings, host_and_port
from chatnet.transports.client import ClientFactory, ClientProtocol, words_for
from chatnet.transports.outlets import Receiver
from chatnet.transports.tls import TLSGate, TLSOutlet, TLSProtocol
from chatnet.transports.trust import Trust
from chatnet.wire.masks import normalise_address
from chatnet.wire.networks import aggregate, is_loopback

log = Logger()


@dataclass(slots=True)
class ServerPeer(Peer):
    """The other end of a connection between servers, with the certificate it showed and what came along."""

    certificate: crypto.X509 | None = None
    chain: tuple[crypto.X509, ...] = ()

    def identity(self, trust: Trust) -> Identity:
        """What a link needs to know of it."""
        return Identity(self.address, self.secure, partial(trust.vouched, self.certificate, self.chain))


@dataclass(slots=True, frozen=True)
class Seat:
    """What counts of a connection of which it is not known yet which server it is."""

    network: str
    expected: bool
    """It comes from where a server of a ``[[link]]`` is."""


class Strangers:
    """Accepted connections of which it is not known yet which server they are, ``links.unknown`` at most.

    When there are so many, the oldest of them goes for the next: of the network that has the most, if that of
    the newcomer has less by two; or of the newcomer's own; or of all.  Who comes from where a server of a
    ``[[link]]`` is goes after all others.  So who only holds connections open keeps no server away.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._seats: dict[LinkProtocol, Seat] = {}
        self._places: dict[str, str] = {}  # of servers: where they were met last

    def met(self, server: str, address: str) -> None:
        """A server is, or is to be, at that address."""
        self._places[server.lower()] = address

    def take(self, protocol: LinkProtocol, address: str) -> bool:
        """Whether there is room for one more; if so it is counted until it is known, or gone."""
        settings = self._settings()
        self._forget_known()
        newcomer = Seat(aggregate(address, 32, settings.flood.network_ipv6), self._is_expected(address))
        if len(self._seats) >= settings.links.unknown:
            leaving = self._who_leaves(newcomer)
            if leaving is None:
                return False
            network = self._seats.pop(leaving).network
            leaving.factory.tell("Cut off a server from {address}: too many are not known yet", network)
            leaving.cut()
        self._seats[protocol] = newcomer
        return True

    def _forget_known(self) -> None:
        for one in [one for one in self._seats if not one.is_stranger]:
            del self._seats[one]
            one.tell_where()

    def _is_expected(self, address: str) -> bool:
        return any(
            self._places.get(block.name.lower()) == address
            or any(not a.startswith("/") and _host(a) == address for a in block.addresses)
            for block in self._settings().link
        )

    def _who_leaves(self, newcomer: Seat) -> LinkProtocol | None:
        seats = {one: seat for one, seat in self._seats.items() if not seat.expected}
        if not seats and newcomer.expected:
            seats = self._seats
        counts = Counter(seat.network for seat in seats.values())
        network, most = max(counts.items(), key=lambda item: item[1], default=("", 0))
        own = counts[newcomer.network]
        if most < own + 2:
            network = newcomer.network if own else ""
        return next((one for one, seat in seats.items() if network in ("", seat.network)), None)


class LinkProtocol(ClientProtocol):
    """A connection without TLS."""

    factory: LinkFactory
    _over = False
    _failure: str | None = None

    @property
    def is_stranger(self) -> bool:
        """Whether it is there, and not known yet which server it is."""
        return not self._over and self._server is None

    @property
    def _server(self) -> str | None:
        """The name of the server, once it is known."""
        connection = self.receiver
        link = connection.link if isinstance(connection, LinkConnection) else None
        known = link is not None and (link.server is not None or link.state is State.STANDBY)
        return link.name if link is not None and known else None

    def tell_where(self) -> None:
        """If it is known which server it is, let those who come from there be expected."""
        if self._server is not None and self.admitted is not None:
            self.factory.strangers.met(self._server, self.admitted)

    def prepare_socket(self) -> None:
        self._bound_sending()
        transport: object = self.transport
        if isinstance(transport, Connection) and hasattr(transport, "setTcpNoDelay"):
            try:
                transport.setTcpNoDelay(True)
                transport.setTcpKeepAlive(True)
            except OSError as error:
                log.debug("Socket options not set: {error}", error=error)

    def _bound_sending(self) -> None:
        """Have the system give the connection up if nothing that was sent arrives."""
        seconds = self.factory.send_timeout()
        handle = getattr(self.transport, "getHandle", lambda: None)()
        if (
            not seconds
            or not hasattr(socket, "TCP_USER_TIMEOUT")
            or not isinstance(handle, socket.SocketType)
        ):
            return
        if handle.family in (socket.AF_INET, socket.AF_INET6):
            try:
                handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
            except OSError as error:
                log.debug("No time limit for sending: {error}", error=error)

    def enter(self, address: str, port: int, secure: bool) -> None:
        factory = self.factory
        if factory.tls is None and not is_loopback(address) and not factory.insecure():
            factory.tell("Refused a server from {address}: it comes without TLS", address)
            self.cut()
        elif factory.dialled is not None:
            factory.strangers.met(factory.dialled, address)
            super().enter(address, port, secure)
        elif not factory.strangers.take(self, address):
            factory.tell("Refused a server from {address}: too many are not known yet", address)
            self.cut()
        else:
            super().enter(address, port, secure)

    def refuse(self, address: str, text: str) -> None:
        self.cut()

    def turn_away(self, reason: str) -> None:
        self._failure = reason
        if self.outlet is not None:
            self.outlet.failure = reason
        self.cut()

    def peer(
        self, address: str, port: int, secure: bool, tls: str | None = None, certfp: str | None = None
    ) -> ServerPeer:
        return ServerPeer(address, port, self.factory.endpoint, secure, tls, certfp)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over = True
        self.tell_where()
        never_opened, admitted = self.receiver is None, self.admitted
        failure = self.outlet.failure if self.outlet is not None else self._failure
        super().connectionLost(reason)
        if never_opened:
            words = failure or words_for(reason)
            if self.factory.dialled is None and admitted is not None:
                self.factory.tell("No link with {address}: {words}", admitted, words=words)
            self.factory.failed(words)


NO_TLS = "wrong version number"
"""What OpenSSL says of bytes that are no TLS at all."""


class TLSLinkOutlet(TLSOutlet):
    """An outlet whose lines become TLS records; operators read what is wrong with TLS."""

    __slots__ = ()

    def words_for(self, error: SSL.Error) -> str:
        reasons = error.args[0] if error.args and isinstance(error.args[0], list) else ()
        words = "; ".join(reason[-1] for reason in reasons if reason[-1])
        if words == NO_TLS:
            words += ": no TLS is spoken there"
        return f"TLS error ({words})" if words else "TLS error"


class TLSLinkProtocol(TLSProtocol, LinkProtocol):
    """A connection under TLS; who dialled begins with it."""

    outlet_class = TLSLinkOutlet
    tickets_may_wait = False

    def begin(self, address: str, port: int, secure: bool) -> None:
        super().begin(address, port, secure)
        if self.factory.dialled is not None:
            self._hello(b"")

    def make_connection(self, context: SSL.Context) -> SSL.Connection:
        dialled = self.factory.dialled
        if dialled is None:
            return super().make_connection(context)
        connection = SSL.Connection(context, None)
        connection.set_connect_state()
        connection.set_tlsext_host_name(dialled.encode("ascii"))
        return connection

    def peer(
        self, address: str, port: int, secure: bool, tls: str | None = None, certfp: str | None = None
    ) -> ServerPeer:
        peer = super().peer(address, port, secure, tls, certfp)
        peer.certificate = self.tunnel.connection.get_peer_certificate()
        peer.chain = tuple(self.tunnel.connection.get_peer_cert_chain() or ())
        return peer


class LinkFactory(ClientFactory):
    """Makes the protocols of one listener for servers, or of one attempt to reach a server.

    `dialled` is the name of that server.  `trust` judges certificates; without a `gate` there is no TLS, and
    `insecure` tells whether somebody from another machine may come nevertheless.  `strangers` bounds those
    who are accepted.  `send_timeout` tells how many seconds what is sent may be on its way (0: for ever).
    `failed` hears, with the reason, of a connection that was lost before it was a link.
    """

    def __init__(
        self,
        listen: ListenSettings,
        *,
        open_link: Callable[[Outlet, Identity], Link],
        gate: TLSGate | None,
        trust: Trust,
        insecure: Callable[[], bool],
        strangers: Strangers,
        send_timeout: Callable[[], float] = lambda: 0.0,
        dialled: str | None = None,
        failed: Callable[[str], object] = lambda reason: None,
        **options: Any,
    ) -> None:
        def open_session(outlet: Outlet, peer: Peer) -> Receiver:
            return open_link(outlet, cast(ServerPeer, peer).identity(trust)).connection

        tls = None if gate is None else lambda factory: TLSLinkProtocol(factory, gate)
        super().__init__(listen, open_session=open_session, tls=tls, **options)
        self.insecure = insecure
        self.strangers = strangers
        self.send_timeout = send_timeout
        self.dialled = dialled
        self.failed = failed

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol:  # type: ignore[override]
        return LinkProtocol(self) if self.tls is None else self.tls(self)


class Once(Factory):
    """Makes the protocol of one connection, and leads to `factory` no longer than until then.

    An endpoint leaves cycles behind, which live until a collection; what a connection took, TLS and all, need
    not.
    """

    noisy = False

    def __init__(self, factory: LinkFactory) -> None:
        self._factory: LinkFactory | None = factory

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol | None:  # type: ignore[override]
        factory, self._factory = self._factory, None
        return None if factory is None else factory.buildProtocol(addr)

    def forget(self) -> None:
        """There is no connection, and will be none."""
        self._factory = None


def _host(dialled: str) -> str:
    return normalise_address(host_and_port(dialled)[0])


def dial(reactor: Any, attempt: Attempt, factory: LinkFactory, timeout: float) -> None:
    """Connect to the address of `attempt`; it hears of a failure, within some `timeout` seconds."""
    once = Once(factory)
    connecting = _endpoint(reactor, attempt.address, timeout).connect(once)
    # The time of the endpoint does not count the look-up of the name.
    connecting.addTimeout(timeout, reactor)

    def failed(failure: Failure) -> None:
        once.forget()
        attempt.failed(_words(failure), bool(failure.check(ConnectionRefusedError)))

    connecting.addCallbacks(lambda protocol: None, failed)


def _endpoint(reactor: Any, address: str, timeout: float) -> IStreamClientEndpoint:
    """The way to an address of a block."""
    if address.startswith("/"):
        return UNIXClientEndpoint(reactor, address, timeout)
    host, port = host_and_port(address)
    # (To look up what is no name makes a class each time.)
    if isIPAddress(host):
        return TCP4ClientEndpoint(reactor, host, port, timeout)
    if isIPv6Address(host):
        return TCP6ClientEndpoint(reactor, host, port, timeout)
    return HostnameEndpoint(reactor, host, port, timeout)


def _words(failure: Failure) -> str:
    """Why there is no connection, for operators."""
    if failure.check(ConnectionRefusedError):
        return "connection refused"
    if failure.check(TimeoutError, CancelledError):
        return "no answer in time"
    if failure.check(DNSLookupError):
        return "there is no such host"
    return failure.getErrorMessage()
