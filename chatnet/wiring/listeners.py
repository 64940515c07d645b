"""Where clients connect: opened, closed, and changed at a reload without touching who is connected."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol as Seam

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory
from twisted.internet.protocol import ServerFactory

from chatnet.settings import ListenSettings
from chatnet.settings.endpoints import endpoint_in
from chatnet.transports.handed import Handed
from chatnet.wiring.endpoints import obstacle, overlap, socket_of

_LOCKED = "Cannot acquire lock"
"""What Twisted says of a UNIX socket that another process holds."""
BACKLOG = 1024
"""Connections the kernel may hold for us to accept; an endpoint may say otherwise."""

MakeFactory = Callable[[ListenSettings], IProtocolFactory]


class ListenError(Exception):
    """Not every listener could be opened, so none was; one sentence for each in `problems`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class Port(Seam):
    """An open port: one of Twisted, or what another process has opened."""

    def stopListening(self) -> object:
        """Close it; a Deferred if that takes time."""


class Accepting(Seam):
    """Who accepts what comes to ports."""

    def accept_from(self, port: Port, entrance: Entrance) -> bool:
        """A port is open; False: let Twisted do it."""

    def leave(self, port: Port) -> None:
        """It is about to be closed."""


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
    port: Port


class Listeners:
    """All open listeners, by what their endpoints mean."""

    def __init__(self, reactor: object, make_factory: MakeFactory) -> None:
        self._reactor = reactor
        self._make_factory = make_factory
        self._open: dict[Hashable, OpenListener] = {}
        self.sockets: Accepting | None = None  # who accepts, where it can, instead of Twisted
        self.handed: dict[str, socket.socket] = {}
        """Sockets that another process has opened, by their endpoints: they are taken before one is made."""
        self._stand_ins: dict[int, list[Handed]] = {}

    @property
    def open(self) -> list[OpenListener]:
        """Those that are open now."""
        return list(self._open.values())

    async def reconcile(self, wanted: Sequence[ListenSettings]) -> None:
        """Open what is new in `wanted`, then close what is not in it; the rest stays open all the while.

        A listener whose endpoint stays the same, be it in another spelling, but whose other settings changed
        serves new connections by the new ones.  What stands in the way of a new one is closed before that is
        opened, after all others: for a moment nobody is let in there.  Raises ListenError, with everything
        left as it was, when one cannot be opened.
        """
        problems: list[str] = []
        factories: dict[Hashable, IProtocolFactory] = {}
        changed: list[ListenSettings] = []
        new: list[tuple[ListenSettings, IProtocolFactory]] = []
        for settings in wanted:
            key = _meaning(settings.endpoint)
            current = self._open.get(key)
            if key in factories:
                problems.append(f"the endpoint {settings.endpoint} is listed twice")
                continue
            try:
                if current is not None and current.settings == settings:
                    factories[key] = current.entrance.inner
                    continue
                factories[key] = factory = self._make_factory(settings)
                if current is not None:
                    changed.append(settings)
                else:
                    new.append((settings, factory))
            except Exception as error:
                problems.append(_sentence(settings, error))
        leaving = [listener for key, listener in self._open.items() if key not in factories]
        blocked = [each for each in new if _blocking(each[0], leaving)]
        opened = await self._open_all([each for each in new if each not in blocked], problems)
        if blocked and not problems:
            opened += await self._replace(blocked, leaving, problems)
        if problems:
            # Not awaited: ports close in the reactor's next turn, and at the start it does not run yet.
            self._begin_close(opened)
            raise ListenError(problems)
        gone = [self._open.pop(key) for key in self._open.keys() - factories.keys()]
        for settings in changed:
            key = _meaning(settings.endpoint)
            current = self._open[key]
            current.settings = settings
            current.entrance.inner = factories[key]
            current.entrance.for_servers = settings.kind == "server"
        for listener in opened:
            self._open[_meaning(listener.settings.endpoint)] = listener
        for closing in self._begin_close(gone):
            await closing

    async def close(self) -> None:
        """Accept nobody any more. Who is connected stays."""
        for process in list(self._stand_ins):
            self.stand_down(process)
        await self.reconcile(())

    def beside(self, wanted: Sequence[ListenSettings]) -> list[ListenSettings]:
        """Those that are open and not in `wanted`."""
        meant = {_meaning(settings.endpoint) for settings in wanted}
        return [each.settings for key, each in self._open.items() if key not in meant]

    def stand_in(self, process: int, endpoint: str, listening: socket.socket) -> None:
        """Accept from another process's socket of a port that is open here as well, in its absence."""
        current = self._open.get(_meaning(endpoint))
        if current is None or self.sockets is None:
            listening.close()
            return
        port = Handed(listening)
        self.sockets.accept_from(port, current.entrance)
        self._stand_ins.setdefault(process, []).append(port)

    def stand_down(self, process: int) -> None:
        """That process is back."""
        for port in self._stand_ins.pop(process, ()):
            if self.sockets is not None:
                self.sockets.leave(port)
            port.stopListening()

    async def _open_all(
        self, wanted: Sequence[tuple[ListenSettings, IProtocolFactory]], problems: list[str]
    ) -> list[OpenListener]:
        """Open what can be; `problems` gets a sentence for each that cannot."""
        opened: list[OpenListener] = []
        for settings, factory in wanted:
            try:
                opened.append(await self._listen(settings, factory))
            except Exception as error:  # an endpoint's plugin may raise anything
                problems.append(_sentence(settings, error))
        return opened

    async def _replace(
        self,
        wanted: Sequence[tuple[ListenSettings, IProtocolFactory]],
        leaving: Sequence[OpenListener],
        problems: list[str],
    ) -> list[OpenListener]:
        """Open `wanted` in the place of those who leave and stand in their way; all of them, or none."""
        closed = [each for each in leaving if any(_blocking(settings, [each]) for settings, _ in wanted)]
        for listener in closed:
            del self._open[_meaning(listener.settings.endpoint)]
        for closing in self._begin_close(closed):
            await closing
        opened = await self._open_all(wanted, problems)
        if not problems:
            return opened
        for closing in self._begin_close(opened):
            await closing
        before = [(listener.settings, listener.entrance.inner) for listener in closed]
        for listener in await self._open_all(before, problems):
            self._open[_meaning(listener.settings.endpoint)] = listener
        return []

    async def _listen(self, settings: ListenSettings, factory: IProtocolFactory) -> OpenListener:
        entrance = Entrance(factory, settings.kind == "server")
        if self.sockets is not None and (listening := self.handed.pop(settings.endpoint, None)) is not None:
            handed = Handed(listening)
            self.sockets.accept_from(handed, entrance)
            return OpenListener(settings, entrance, handed)
        path = _path_of(settings.endpoint)
        if path and (found := obstacle(path)):
            raise ValueError(found)
        endpoint = serverFromString(self._reactor, with_backlog(settings.endpoint))
        try:
            port = await endpoint.listen(entrance)
        except CannotListenError as error:
            if path and error.socketError != _LOCKED:
                _unlock(path)
            raise
        if self.sockets is not None:
            self.sockets.accept_from(port, entrance)
        return OpenListener(settings, entrance, port)

    def _begin_close(self, listeners: Sequence[OpenListener]) -> list[Deferred[object]]:
        """Begin to close all of them; each is closed when its Deferred fires."""
        if self.sockets is not None:
            for listener in listeners:
                self.sockets.leave(listener.port)
        return [maybeDeferred(listener.port.stopListening) for listener in listeners]


def _meaning(text: str) -> Hashable:
    """The same for two spellings of one endpoint: the socket that is meant, and how it is opened."""
    try:
        endpoint = endpoint_in(text)
    except ValueError:  # what a plugin of Twisted makes of it is told when it is opened
        return text
    if (found := socket_of(endpoint)) is None:
        return text
    options = (endpoint.arguments.get(key, "") for key in ("backlog", "mode", "lockfile", "domain"))
    return found, *(option.lstrip("0") if len(option) > 1 else option for option in options)


def _blocking(settings: ListenSettings, others: Sequence[OpenListener]) -> bool:
    """Whether a listener cannot be opened while one of the others is."""
    try:
        wanted = endpoint_in(settings.endpoint)
        return any(overlap(wanted, endpoint_in(other.settings.endpoint)) for other in others)
    except ValueError:  # as in `_meaning`
        return False


def _path_of(text: str) -> str:
    """The path of a UNIX socket that the server makes; empty for all else."""
    try:
        endpoint = endpoint_in(text)
    except ValueError:
        return ""
    return endpoint.arguments["address"] if endpoint.kind == "unix" else ""


def _unlock(path: str) -> None:
    """Take away the lock that Twisted made for a socket, and left when that could not be opened."""
    with suppress(OSError):
        if os.readlink(f"{path}.lock") == str(os.getpid()):
            os.unlink(f"{path}.lock")


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
        if code == errno.EADDRINUSE or cause == _LOCKED:
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
