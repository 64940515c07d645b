"""Where clients connect: opened, closed, and changed at a reload without touching who is connected."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocol, IProtocolFactory
from twisted.internet.protocol import ServerFactory

from chatnet.settings import ListenSettings
from chatnet.transports.sockets import Sockets

BACKLOG = 1024
"""Connections the kernel may hold for us to accept; an endpoint may say otherwise."""

MakeFactory = Callable[[ListenSettings], IProtocolFactory]


class ListenError(Exception):
    """Not every listener could be opened, so none was; one sentence for each in `problems`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class Entrance(ServerFactory):
    """What an open port keeps while the factory behind it may be exchanged."""

    noisy = False

    def __init__(self, inner: IProtocolFactory, for_servers: bool) -> None:
        self.inner = inner
        self.for_servers = for_servers

    def buildProtocol(self, addr: IAddress | None) -> IProtocol | None:  # type: ignore[override]
        # (Factory is generic in its protocol in newer Twisted only.)
        return self.inner.buildProtocol(addr)  # type: ignore[arg-type]  # the interface knows no None


@dataclass(slots=True)
class OpenListener:
    """A listener that is open."""

    settings: ListenSettings
    entrance: Entrance
    port: IListeningPort


class Listeners:
    """All open listeners, by their endpoint string."""

    def __init__(self, reactor: object, make_factory: MakeFactory) -> None:
        self._reactor = reactor
        self._make_factory = make_factory
        self._open: dict[str, OpenListener] = {}
        self.sockets: Sockets | None = None  # who accepts, where it can, instead of Twisted

    @property
    def open(self) -> list[OpenListener]:
        """Those that are open now."""
        return list(self._open.values())

    async def reconcile(self, wanted: Sequence[ListenSettings]) -> None:
        """Open what is new in `wanted`, then close what is not in it; the rest stays open all the while.

        A listener whose endpoint stays the same but whose other settings changed serves new connections by
        the new ones.  Raises ListenError, with everything left as it was, when one cannot be opened.
        """
        problems: list[str] = []
        factories: dict[str, IProtocolFactory] = {}
        changed: list[ListenSettings] = []
        opened: list[OpenListener] = []
        for settings in wanted:
            endpoint = settings.endpoint
            current = self._open.get(endpoint)
            if endpoint in factories:
                problems.append(f"the endpoint {endpoint} is listed twice")
                continue
            try:
                if current is not None and current.settings == settings:
                    factories[endpoint] = current.entrance.inner
                    continue
                factories[endpoint] = factory = self._make_factory(settings)
                if current is not None:
                    changed.append(settings)
                else:
                    opened.append(await self._listen(settings, factory))
            except Exception as error:  # an endpoint's plugin may raise anything
                problems.append(_sentence(settings, error))
        if problems:
            # Not awaited: ports close in the reactor's next turn, and at the start it does not run yet.
            self._begin_close(opened)
            raise ListenError(problems)
        gone = [self._open.pop(endpoint) for endpoint in self._open.keys() - factories.keys()]
        for settings in changed:
            current = self._open[settings.endpoint]
            current.settings = settings
            current.entrance.inner = factories[settings.endpoint]
            current.entrance.for_servers = settings.kind == "server"
        for listener in opened:
            self._open[listener.settings.endpoint] = listener
        for closing in self._begin_close(gone):
            await closing

    async def close(self) -> None:
        """Accept nobody any more. Who is connected stays."""
        await self.reconcile(())

    async def _listen(self, settings: ListenSettings, factory: IProtocolFactory) -> OpenListener:
        entrance = Entrance(factory, settings.kind == "server")
        endpoint = serverFromString(self._reactor, with_backlog(settings.endpoint))
        port = await endpoint.listen(entrance)
        if self.sockets is not None:
            self.sockets.accept_from(port, entrance)
        return OpenListener(settings, entrance, port)

    def _begin_close(self, listeners: Sequence[OpenListener]) -> list[Deferred[object]]:
        """Begin to close all of them; each is closed when its Deferred fires."""
        if self.sockets is not None:
            for listener in listeners:
                self.sockets.leave(listener.port)
        return [maybeDeferred(listener.port.stopListening) for listener in listeners]


def with_backlog(endpoint: str) -> str:
    """The endpoint with our backlog, if it is of a kind that has one and names none."""
    kind, *arguments = re.split(r"(?<!\\):", endpoint)
    named = all("=" in argument for argument in arguments[1:])
    if kind in ("tcp", "tcp6", "unix") and named and not any(a.startswith("backlog=") for a in arguments):
        return f"{endpoint}:backlog={BACKLOG}"
    return endpoint


def _sentence(settings: ListenSettings, error: Exception) -> str:
    """Why a listener does not open, for the person who wrote its endpoint."""
    if isinstance(error, CannotListenError):
        if isinstance(error.port, bytes):
            place = f"the socket {error.port.decode('utf-8', 'replace')}"
        else:
            place = f"port {error.port} on {error.interface or 'all addresses'}"
        cause = error.socketError
        code = cause.errno if isinstance(cause, OSError) else None
        if code == errno.EADDRINUSE or cause == "Cannot acquire lock":
            return f"{place} is in use"
        if code in (errno.EACCES, errno.EPERM):
            return f"{place} may not be opened by this user"
        if code == errno.EADDRNOTAVAIL:
            return f"{place} cannot be opened: this machine does not have that address"
        return f"{place} cannot be opened: {cause.strerror if isinstance(cause, OSError) else cause}"
    if isinstance(error, OSError):
        return f"{settings.endpoint} cannot be opened: {error.strerror or error}"
    if isinstance(error, ValueError):
        text = str(error)
        return text if settings.endpoint in text else f"{settings.endpoint} cannot be opened: {text}"
    if isinstance(error, LookupError) and settings.endpoint.startswith("systemd:"):
        reason = "systemd has handed over no such socket (is chatnet.socket enabled?)"
        return f"{settings.endpoint} cannot be opened: {reason}"
    return f"{settings.endpoint} is not a complete endpoint ({type(error).__name__}: {error})"
