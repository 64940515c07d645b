"""Connections to other servers, accepted or dialled.

Under TLS both ends show a certificate, whoever signed it; whose it is, is judged when it is known which
server is meant.  Nothing is said to who may not come in, and nothing about what is configured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from OpenSSL import SSL, crypto
from twisted.internet.defer import CancelledError, TimeoutError
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.links.dialler import Attempt
from chatnet.links.identity import Identity
from chatnet.links.link import Link
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, host_and_port
from chatnet.transports.client import ClientFactory, ClientProtocol, Receiver, words_for
from chatnet.transports.tls import TLSGate, TLSOutlet, TLSProtocol
from chatnet.transports.trust import Trust
from chatnet.wire.masks import aggregate, is_loopback

log = Logger()


@dataclass(slots=True)
class ServerPeer(Peer):
    """The other end of a connection between servers, with the certificate it showed and what came along."""

    certificate: crypto.X509 | None = None
    chain: tuple[crypto.X509, ...] = ()

    def identity(self, trust: Trust) -> Identity:
        """What a link needs to know of it."""
        return Identity(self.address, self.secure, partial(trust.vouched, self.certificate, self.chain))


class Strangers:
    """Accepted connections of which it is not known yet which server they are, as many as `limit` says.

    When there are so many, the network with the most of them loses one to a network that has less by two: who
    only holds connections open keeps no server away.
    """

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._networks: dict[LinkProtocol, str] = {}

    def take(self, protocol: LinkProtocol, address: str) -> bool:
        """Whether there is room for one more; if so it is counted until it is known, or gone."""
        self._networks = {one: network for one, network in self._networks.items() if one.is_stranger}
        newcomer = aggregate(address, 32, 64)
        if len(self._networks) >= self._limit():
            counts = Counter(self._networks.values())
            (crowd, number), *_ = counts.most_common(1)
            if number < counts[newcomer] + 2:
                return False
            oldest = next(one for one, network in self._networks.items() if network == crowd)
            log.info("Cut off a server from {network}: too many are not known yet", network=crowd)
            del self._networks[oldest]
            oldest.cut()
        self._networks[protocol] = newcomer
        return True


class LinkProtocol(ClientProtocol):
    """A connection without TLS."""

    factory: LinkFactory
    _over = False

    @property
    def is_stranger(self) -> bool:
        """Whether it is there, and not known yet which server it is."""
        link = self.receiver
        return not self._over and (not isinstance(link, Link) or link.server is None)

    def prepare_socket(self) -> None:
        transport: object = self.transport
        if isinstance(transport, Connection) and hasattr(transport, "setTcpNoDelay"):
            try:
                transport.setTcpNoDelay(True)
                transport.setTcpKeepAlive(True)
            except OSError as error:
                log.debug("Socket options not set: {error}", error=error)

    def enter(self, address: str, port: int, secure: bool) -> None:
        factory = self.factory
        if factory.tls is None and not is_loopback(address) and not factory.insecure():
            log.info("Refused a server from {address}: it comes without TLS", address=address)
            self.cut()
        elif factory.dialled is None and not factory.strangers.take(self, address):
            log.info("Refused a server from {address}: too many are not known yet", address=address)
            self.cut()
        else:
            super().enter(address, port, secure)

    def refuse(self, address: str, text: str) -> None:
        self.cut()

    def peer(
        self, address: str, port: int, secure: bool, tls: str | None = None, certfp: str | None = None
    ) -> ServerPeer:
        return ServerPeer(address, port, self.factory.endpoint, secure, tls, certfp)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over = True
        never_opened = self.receiver is None
        failure = self.outlet.failure if self.outlet is not None else None
        super().connectionLost(reason)
        if never_opened:
            self.factory.failed(failure or words_for(reason))


class TLSLinkOutlet(TLSOutlet):
    """An outlet whose lines become TLS records; operators read what is wrong with TLS."""

    __slots__ = ()

    def words_for(self, error: SSL.Error) -> str:
        reasons = error.args[0] if error.args and isinstance(error.args[0], list) else ()
        words = "; ".join(reason[-1] for reason in reasons if reason[-1])
        return f"TLS error ({words})" if words else "TLS error"


class TLSLinkProtocol(TLSProtocol, LinkProtocol):
    """A connection under TLS; who dialled begins with it."""

    outlet_class = TLSLinkOutlet

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
        peer.certificate = self.connection.get_peer_certificate()
        peer.chain = tuple(self.connection.get_peer_cert_chain() or ())
        return peer


class LinkFactory(ClientFactory):
    """Makes the protocols of one listener for servers, or of one attempt to reach a server.

    `dialled` is the name of that server.  `trust` judges certificates; without a `gate` there is no TLS, and
    `insecure` tells whether somebody from another machine may come nevertheless.  `strangers` bounds those
    who are accepted.  `failed` hears, with the reason, of a connection that was lost before it was a link.
    """

    def __init__(
        self,
        listen: ListenSettings,
        *,
        open_link: Callable[[Outlet, Identity], Receiver],
        gate: TLSGate | None,
        trust: Trust,
        insecure: Callable[[], bool],
        strangers: Strangers,
        dialled: str | None = None,
        failed: Callable[[str], object] = lambda reason: None,
        **options: Any,
    ) -> None:
        def open_session(outlet: Outlet, peer: Peer) -> Receiver:
            return open_link(outlet, cast(ServerPeer, peer).identity(trust))

        tls = None if gate is None else lambda factory: TLSLinkProtocol(factory, gate)
        super().__init__(listen, open_session=open_session, tls=tls, **options)
        self.insecure = insecure
        self.strangers = strangers
        self.dialled = dialled
        self.failed = failed

    # Factory is generic in its protocol in newer Twisted only.
    def buildProtocol(self, addr: IAddress | None) -> ClientProtocol:  # type: ignore[override]
        return LinkProtocol(self) if self.tls is None else self.tls(self)


def dial(reactor: Any, attempt: Attempt, factory: LinkFactory, timeout: float) -> None:
    """Connect to the address of `attempt`; it hears of a failure, within some `timeout` seconds."""
    endpoint: IStreamClientEndpoint
    if attempt.address.startswith("/"):
        endpoint = UNIXClientEndpoint(reactor, attempt.address, timeout)
    else:
        host, port = host_and_port(attempt.address)
        endpoint = HostnameEndpoint(reactor, host, port, timeout)
    connecting = endpoint.connect(factory)
    # The time of the endpoint does not count the look-up of the name.
    connecting.addTimeout(timeout, reactor)
    connecting.addErrback(lambda failure: attempt.failed(_words(failure)))


def _words(failure: Failure) -> str:
    """Why there is no connection, for operators."""
    if failure.check(ConnectionRefusedError):
        return "connection refused"
    if failure.check(TimeoutError, CancelledError):
        return "no answer in time"
    if failure.check(DNSLookupError):
        return "there is no such host"
    return failure.getErrorMessage()
