"""Channels that are kept in the store though they are no more: nobody is in them, and they are nobody's.

The recorder says that a channel ends when its last member leaves here.  What it cannot hear is that one ended
elsewhere, that a registration ended while nobody was there, or that the file of another server was imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from chatnet.node import Node
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import Ended, Entry, Place

SWEEP: Final = 3600.0
"""Seconds between two looks."""


class Standing:
    """Looks whether channels that nobody here is in are still there; `put` has something be stored."""

    def __init__(self, node: Node, store: MessageStore, put: Callable[[Iterable[Entry]], None]) -> None:
        self._node = node
        self._store = store
        self._put = put

    def sweep(self) -> None:
        """Do so."""
        self._node.run(self._sweep())

    async def _sweep(self) -> None:
        """Servers that have them may be away for a while, and an import be followed by its registrations."""
        try:
            targets = await self._store.standing()
        except StoreError as error:
            self._node.log.warn(f"Which channels are kept cannot be read: {error}")
            return
        now = int(self._node.clock.time() * 1000)
        quiet = now - self._node.settings.history.orphan_keep * DAY
        gone = [
            each.place
            for each in targets
            if each.heard is not None and each.heard < quiet and not self._stands(each.place)
        ]
        self._put([Ended(place, now) for place in gone])

    def _stands(self, place: Place) -> bool:
        """Whether somebody may come to read what was said there."""
        network = self._node.network
        channel = network.channel(place.name)
        if channel is not None and channel.ts == place.ts:
            return True
        return network.registry.channels.at(network.fold(place.name)) is not None
