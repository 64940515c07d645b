"""Neighbours that brought more than their blocks allow: kept out for a while, or all read of each attempt.

Such a link is ended when it is there already, with a netjoin and a netsplit; and the other side tries again.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.facts import Fact, Hearer, SettingsChanged
from chatnet.node import Node
from chatnet.settings import LinkSettings


class Barred:
    """An observer of the settings: who has another block, or none, may try again."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._known: dict[str, tuple[LinkSettings, str, int, float]] = {}
        self.hears: Mapping[type[Fact], Hearer] = {SettingsChanged: self._settings_changed}

    def bar(self, block: LinkSettings, why: str) -> None:
        """Keep its server out for some seconds, each time for twice as long."""
        settings, now = self._node.settings.links, self._node.clock.monotonic()
        _, _, times, until = self._known.get(block.name, (block, "", 0, 0.0))
        times = times + 1 if now < until + settings.reconnect_max else 1
        seconds = min(settings.reconnect_max, settings.reconnect_min * 2.0 ** min(times, 32))
        self._known[block.name] = block, why, times, now + seconds

    def why(self, block: LinkSettings) -> str | None:
        """Why its server may not come in now; None if it may."""
        _, why, _, until = self._known.get(block.name, (block, "", 0, 0.0))
        return why if self._node.clock.monotonic() < until else None

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        blocks = {block.name: block for block in fact.new.link}
        self._known = {name: known for name, known in self._known.items() if blocks.get(name) == known[0]}
