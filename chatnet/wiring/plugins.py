"""Pieces of Python that operators add: loaded at the start, told what happens, and unhooked if they fail.

A plugin is a module with a class ``Plugin``, of which one is made, and whose ``start(house)`` is called once
the server listens.  It may do all that the server can: nothing keeps it in.  What it hooks in may raise: that
is logged, and the rest goes on; after 100 times within an hour it is not called any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial, wraps
from importlib import import_module
from inspect import isawaitable
from typing import Any, Final, Protocol

from chatnet.api.client import Client
from chatnet.api.clients import Clients
from chatnet.api.identities import Identities, Identity
from chatnet.api.table import Route, Routes
from chatnet.dispatch import Row
from chatnet.model.facts import Fact, Hearer
from chatnet.session.sessions import Sessions
from chatnet.session.shared import Judge
from chatnet.settings import PluginSettings
from chatnet.web.scopes import read_scope
from chatnet.wiring.plugin_error import PluginError

INTERFACE: Final = 1
"""What a house can do, as a number: one more for each version in which plugins can do more, or otherwise."""
MOST_FAILURES: Final = 100
"""Failures within `WITHIN` after which a plugin is unhooked."""
WITHIN: Final = 3600.0
"""Seconds."""


class Plugin(Protocol):
    """What the class ``Plugin`` of a module is.

    It may have an attribute ``needs``: the least :data:`INTERFACE` that it can do with.
    """

    def start(self, house: House) -> None:
        """Hook in what it wants."""


class House:
    """What one plugin is given: the parts of the server, and what it may hook in."""

    def __init__(self, plugins: Plugins, name: str, settings: Mapping[str, str]) -> None:
        self.name = name
        self.settings = settings
        self.node = plugins.node
        self.network = plugins.node.network
        self.hooked = True
        self.hears: dict[type[Fact], list[Callable[[Any], object]]] = {}
        self.gauges: dict[str, Callable[[], float]] = {}
        self._plugins = plugins
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    def observe(self, kind: type[Fact], function: Callable[[Any], object]) -> None:
        """Have `function` hear each fact of a kind once it has become true."""
        self.hears.setdefault(kind, []).append(function)
        self.node.hearing_changed()

    def command(self, row: Row) -> None:
        """Add a command for clients, or put it in the place of one."""
        self._plugins.enter(self, row)

    def route(self, row: Route) -> None:
        """Add a route below ``/api/v1``."""
        self._plugins.routes.enter(row)

    async def client(self, nick: str, scope: str = "read,send,events") -> Client:
        """A user of this plugin's own, who is a bot (mode B); raises Problem if there can be none."""
        identity = Identity(f"plugin {self.name} {nick}", nick, read_scope(scope))
        self._plugins.identities.know(identity, True)
        return await self._plugins.clients.of(identity)

    def every(self, seconds: float, function: Callable[[], object]) -> None:
        """Have `function` be called every so many seconds."""
        self.node.clock.later(seconds, partial(self._tick, seconds, function))

    def run(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Drive what waits; what it raises counts as a failure."""
        self.node.run(self.driven(coroutine))

    def gauge(self, name: str, function: Callable[[], float]) -> None:
        """Have a number stand among the metrics, as ``chatnet_plugin_<name>``."""
        self.gauges[name] = function

    def judge(self, what: str, function: Judge) -> None:
        """Ask `function` as well whether somebody may "speak" in a channel, or "join" it."""
        self._plugins.judges[what].append(partial(self.call, function))
        self._plugins.sessions.judged()

    # what it does may fail

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something of this plugin, unless it is unhooked; what it raises is logged, and gives None."""
        if not self.hooked:
            return None
        try:
            return function(*arguments)
        except Exception:
            self._failed()
            return None

    async def driven(self, coroutine: Awaitable[object]) -> None:
        """Wait for something of this plugin; what it raises is logged."""
        try:
            await coroutine
        except Exception:
            self._failed()

    def _failed(self) -> None:
        now = self.node.clock.monotonic()
        self.node.log.failure(f"The plugin {self.name} failed")
        self._failures.append(now)
        if len(self._failures) == MOST_FAILURES and self._failures[0] > now - WITHIN and self.hooked:
            self.hooked = False
            self.node.log.warn(
                f"The plugin {self.name} failed {MOST_FAILURES} times in an hour: it is unhooked"
            )
            self.node.hearing_changed()

    def _tick(self, seconds: float, function: Callable[[], object]) -> None:
        if self.hooked:
            self.call(function)
            self.node.clock.later(seconds, partial(self._tick, seconds, function))


class Plugins:
    """All of them; an observer."""

    def __init__(self, sessions: Sessions, clients: Clients, identities: Identities, routes: Routes) -> None:
        self.sessions = sessions
        self.node = sessions.node
        self.clients = clients
        self.identities = identities
        self.routes = routes
        self.judges = sessions.judges
        self.houses: list[House] = []

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What plugins that are not unhooked hear; for none nothing is done."""
        kinds = {kind for house in self.houses if house.hooked for kind in house.hears}
        return dict.fromkeys(kinds, self._heard)

    def _heard(self, fact: Fact, origin: object) -> None:
        for house in self.houses:
            for function in house.hears.get(type(fact), ()):
                house.call(function, fact)

    def enter(self, house: House, row: Row) -> None:
        """Have clients use a command of a plugin."""

        @wraps(row.handler)
        def handler(request: Any) -> Any:
            answer = house.call(row.handler, request)
            return house.driven(answer) if isawaitable(answer) else answer

        made = Row(
            *(row.verb, handler, row.min_params, row.phase, row.penalty, row.privilege),
            *(row.trailing, row.reads),
        )
        self.sessions.rows = {**self.sessions.rows, row.verb: made}

    def gauges(self) -> Mapping[str, float]:
        """The numbers that plugins tell now, by name; those that are none, or fail, are left out."""
        asked = [
            (name, house.call(function)) for house in self.houses for name, function in house.gauges.items()
        ]
        return {name: float(found) for name, found in asked if isinstance(found, (int, float))}

    def load(self, blocks: Sequence[PluginSettings]) -> None:
        """Import and start those of the configuration; raises PluginError for the first that cannot be."""
        for block in blocks:
            house = House(self, block.module, settings_in(block))
            try:
                found: type[Plugin] = import_module(block.module).Plugin
                if (refusal := _lacks(found)) is not None:
                    raise PluginError(f"the plugin {block.module} {refusal}")
                made = found()
                self.houses.append(house)
                made.start(house)
            except PluginError:
                raise  # a sentence of ours: where it stood tells nobody anything
            except Exception as error:
                self.node.log.failure(f"The plugin {block.module} cannot be started")
                reason = f"{type(error).__name__}: {error}"
                raise PluginError(f"the plugin {block.module} cannot be started: {reason}") from error
            self.node.log.info(f"The plugin {block.module} was started")


def _lacks(plugin: type[Plugin]) -> str | None:
    """Why this server cannot do for a plugin what that needs, as the end of a sentence."""
    needs = getattr(plugin, "needs", INTERFACE)
    if type(needs) is not int or needs < 1:
        return f"says that it needs {needs!r}: that is no version of the interface, which is a number from 1"
    if needs > INTERFACE:
        return (
            f"needs version {needs} of the interface, and this chatnet has {INTERFACE}: it takes a newer one"
        )
    return None


def settings_in(block: PluginSettings) -> dict[str, str]:
    """What a plugin is given, by key."""
    pairs = (each.partition("=") for each in block.settings)
    return {key.strip(): value.strip() for key, _, value in pairs}
