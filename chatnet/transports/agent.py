"""Requests that this server makes, to places that people named: never to its own network, unless it may.

Each address that a name means, or that stands there itself, is looked at before it is connected to: a name
that means another address a moment later leads nowhere else either.  Redirects are not followed, no proxy of
the environment is asked, and of an answer no more is read than is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import (
    ConnectError,
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
    DNSLookupError,
)
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, ResponseFailed, ResponseNeverReceived
from twisted.web.error import SchemeNotSupported
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IPolicyForHTTPS
from zope.interface import implementer

from chatnet.rules.reachable import may_reach
from chatnet.web.telling import Told, Untold
from chatnet.wire.networks import networks_of

ANSWER: Final = 16_384
"""Bytes of an answer that are read."""
BARRED: Final = "it is on a network that this server does not connect to"

log = Logger()


@implementer(IResolutionReceiver)
class _Receiver:
    """Hands on those addresses that may be connected to."""

    def __init__(self, inner: Any, may: Callable[[str], bool]) -> None:
        self._inner = inner
        self._may = may
        self.barred = False

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self._inner.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        if self._may(str(getattr(address, "host", ""))):
            self._inner.addressResolved(address)
        else:
            self.barred = True

    def resolutionComplete(self) -> None:
        self._inner.resolutionComplete()


@implementer(IHostnameResolver)
class _Resolver:
    """A resolver of names that knows no addresses but those that may be connected to."""

    def __init__(self, inner: Any, may: Callable[[str], bool]) -> None:
        self._inner = inner
        self._may = may
        self._receivers: list[_Receiver] = []

    @property
    def barred(self) -> bool:
        """Whether an address was left out."""
        return any(receiver.barred for receiver in self._receivers)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        receiver = _Receiver(resolutionReceiver, self._may)
        self._receivers.append(receiver)
        found: IHostResolution = self._inner.resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )
        return found


@implementer(IReactorPluggableNameResolver)
class _Reactor:
    """A reactor with another resolver of names."""

    def __init__(self, reactor: Any, resolver: _Resolver) -> None:
        self._reactor = reactor
        self.nameResolver = resolver

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """Nobody does."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Makes the endpoint of one request."""

    def __init__(self, reactor: Any, policy: Any, seconds: float) -> None:
        self._reactor = reactor
        self._policy = policy
        self._seconds = seconds

    def endpointForURI(self, uri: Any) -> IStreamClientEndpoint:
        endpoint = HostnameEndpoint(self._reactor, uri.host, uri.port, timeout=self._seconds)
        if uri.scheme == b"http":
            return endpoint
        if uri.scheme != b"https":
            raise SchemeNotSupported(f"{uri.scheme!r}")
        wrapped: IStreamClientEndpoint = wrapClientTLS(
            self._policy.creatorForNetloc(uri.host, uri.port), endpoint
        )
        return wrapped


class _Reading(Protocol):
    """Reads the beginning of a body."""

    def __init__(self, done: Deferred[bytes]) -> None:
        self._done: Deferred[bytes] | None = done
        self._read = b""

    def dataReceived(self, data: bytes) -> None:
        self._read += data[: ANSWER - len(self._read)]
        if len(self._read) == ANSWER:
            self._end()
            _cut(self.transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end()  # of a body that was cut off the rest is not needed either

    def _end(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done.callback(self._read)


@implementer(IBodyProducer)
class _Body:
    """Bytes that are sent at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """All has been given already."""

    def resumeProducing(self) -> None:
        """As above."""

    def stopProducing(self) -> None:
        """As above."""


class Courier:
    """Tells programs elsewhere; as ``Tell``.

    `private` are the networks of operators' own that may be reached, read at each request, as `seconds` is,
    within which all of it has to be done.
    """

    def __init__(
        self,
        reactor: Any,
        private: Callable[[], Sequence[str]],
        seconds: Callable[[], float],
        policy: IPolicyForHTTPS | None = None,
    ) -> None:
        self._reactor = reactor
        self._private = private
        self._seconds = seconds
        self._policy = policy

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """As ``Tell``."""
        seconds, encrypted = self._seconds(), url.startswith("https:")
        private = networks_of(self._private())
        resolver = _Resolver(
            self._reactor.nameResolver, lambda address: may_reach(address, private, encrypted=encrypted)
        )
        if self._policy is None:
            self._policy = BrowserLikePolicyForHTTPS()
        endpoints = _Endpoints(_Reactor(self._reactor, resolver), self._policy, seconds)
        agent = Agent.usingEndpointFactory(self._reactor, endpoints)
        given = Headers({name: [value] for name, value in headers.items()})
        answer = Deferred.fromCoroutine(_ask(agent, url, given, body))
        answer.addTimeout(
            seconds,
            self._reactor,
            lambda found, _: Failure(DeferredTimeout()) if isinstance(found, Failure) else found,
        )
        try:
            return await answer
        except Exception as error:  # whatever went wrong, it was not told
            if resolver.barred and isinstance(error, DNSLookupError):
                raise Untold(BARRED, True) from None
            log.debug("A hook was not told: {error!r}", error=error)
            raise Untold(_words(error, seconds)) from None


async def _ask(agent: Agent, url: str, headers: Headers, body: bytes) -> Told:
    response: Any = await agent.request(b"POST", url.encode("ascii"), headers, _Body(body))
    read: Deferred[bytes] = Deferred(lambda _: _cut(reading.transport))
    reading = _Reading(read)
    response.deliverBody(reading)
    kind = response.headers.getRawHeaders("content-type", [""])[0].partition(";")[0].strip().lower()
    return Told(response.code, kind, await read)


def _cut(transport: Any) -> None:
    """Close a connection, whatever still comes."""
    if transport is not None:
        close = getattr(transport, "abortConnection", None) or transport.loseConnection
        close()


def _words(error: Exception, seconds: float) -> str:
    """What went wrong, without a word that the other end or a resolver chose."""
    if isinstance(error, ResponseNeverReceived | ResponseFailed):
        reasons = [failure.value for failure in getattr(error, "reasons", ()) if isinstance(failure, Failure)]
        inner = next((each for each in reasons if not isinstance(each, ConnectionAborted)), None)
        if inner is not None and not isinstance(inner, ResponseFailed):
            return _words(inner, seconds) if isinstance(inner, Exception) else "it closed the connection"
    if isinstance(error, DeferredTimeout | ConnectTimeout | CancelledError):
        return f"it did not answer within {seconds:g} seconds"
    if isinstance(error, DNSLookupError):
        return "there is no such host"
    if isinstance(error, ConnectError):
        return "nobody can be reached there"
    if isinstance(error, SSL.Error | VerificationError | CertificateError):
        return "its certificate is not to be believed, or it speaks no TLS"
    if isinstance(error, ConnectionLost | ConnectionDone):
        return "it closed the connection"
    return f"it cannot be told ({type(error).__name__})"
