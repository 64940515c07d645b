"""All that is for programs: the API, hooks, lines, inlets, plugins; made when the first of them is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from chatnet.api.api import Api
from chatnet.api.hooks.bots import Bots
from chatnet.api.hooks.incoming import Incoming
from chatnet.api.hooks.outgoing import LOOK, Outgoing
from chatnet.api.inlets.lines import Lines
from chatnet.api.routes import ROUTES
from chatnet.api.speaking import Speaking
from chatnet.api.values import Values
from chatnet.services.hooks import LOOK as SWEEP
from chatnet.settings import Settings
from chatnet.storage.interfaces import Store
from chatnet.web.exchange import Place
from chatnet.web.telling import Told
from chatnet.wiring.build import Parts
from chatnet.wiring.inlets import Inlets
from chatnet.wiring.plugins import Plugins


class Programs:
    """What programs are answered by; with a `store` there are hooks."""

    def __init__(self, reactor: Any, parts: Parts, store: Store | None) -> None:
        node, sessions = parts.node, parts.sessions
        tokens = None if parts.nickserv is None else parts.nickserv.tokens
        self.api = Api(sessions, parts.turn, parts.accounts, tokens, ROUTES)
        node.observe_too(self.api)
        found = self.api.parts
        speaking = Speaking(node, found.clients)
        found.values = values = Values(sessions, speaking, sessions.describing)
        self.lines = Lines(sessions, found.identities, speaking, found.streams, values)
        self.inlets = Inlets(reactor, node, speaking, found.identities.know)
        self.plugins = Plugins(sessions, found.clients, found.identities, found.routes)
        self.incoming: Incoming | None = None
        self.outgoing: Outgoing | None = None
        parts.pool.add(self.api.limits)
        self._node = node
        self._hooking = None if parts.chanserv is None else parts.chanserv.hooking
        if self._hooking is not None and store is not None:
            bots = Bots(node)
            self.incoming = Incoming(sessions, self._hooking, bots, speaking)
            parts.pool.add(self.incoming.limits)
            courier = Courier(reactor, lambda: node.settings)
            self.outgoing = Outgoing(node, store, self._hooking, bots, speaking, courier)
            found.outgoing = self.outgoing
            node.observe_too(self.outgoing)

    def places(self) -> Iterator[Place]:
        """What is answered over HTTP."""
        yield self.api.place
        if self.incoming is not None:
            yield self.incoming.place

    def start(self, every: Callable[[float, Callable[[], object]], object]) -> None:
        """Begin, once stores work; `every` calls something every so many seconds.  Raises PluginError."""
        if self.outgoing is not None and self._hooking is not None:
            every(LOOK, self.outgoing.look)
            every(SWEEP, self._hooking.sweep)
            self.outgoing.begin()
        if self._node.settings.plugin:
            node, plugins = self._node, self.plugins
            node.observe_too(plugins)
            plugins.load(node.settings.plugin)

    def close(self, reason: str) -> list[Deferred[Any]]:
        """Hear nothing any more."""
        self.lines.close_all(reason)
        return self.inlets.close()


class Courier:
    """Tells programs elsewhere; what does so is imported when the first of them is told."""

    def __init__(self, reactor: Any, settings: Callable[[], Settings]) -> None:
        self._reactor = reactor
        self._settings = settings
        self._inner: Any = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """As ``Tell``."""
        if self._inner is None:
            agent = await deferToThread(_load)
            self._inner = agent.Courier(
                self._reactor,
                lambda: self._settings().hooks.private_networks,
                lambda: self._settings().hooks.timeout,
            )
        told: Told = await self._inner(url, headers, body)
        return told


def _load() -> Any:
    """Only those who tell programs something pay for the import."""
    from chatnet.transports import agent

    return agent
