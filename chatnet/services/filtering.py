"""The one way in for filters that operators set and lift: into records, or into memory, if there are none.

Full servers have the records in common, as they have bans: what one of them writes, all hear by their feeds.
Neighbours that keep no records are told nothing: they know no filters.  See
``docs/decisions/0025-filters.md``.
"""

from __future__ import annotations

from dataclasses import replace

from chatnet.model.facts import FilterSet, Source
from chatnet.model.filters import Filter
from chatnet.model.recorded_filters import filter_value
from chatnet.node import Node
from chatnet.records.filters import FIELD
from chatnet.services.ledger import Ledger
from chatnet.services.recording import Recording


class Filtering(Recording[Filter]):
    """An observer that makes filters of records; without a `ledger` there are none here."""

    def __init__(self, node: Node, ledger: Ledger | None) -> None:
        super().__init__(node, ledger, node.network.registry.filters, FIELD)
        if ledger is not None:
            now = node.clock.time()
            node.network.load_filters(each for each in self._recorded.all() if each.holds(now))

    async def set(self, filter: Filter, by: Source) -> Filter:
        """Set a filter as of now, or change one; StoreError where it cannot be kept."""
        before = self._node.network.filters.get(filter.entity)
        created = self._later(self._recorded.since(filter.entity), before)
        filter = replace(filter, created=created, record=self.keeps)
        if self.keeps:
            await self._write(filter.entity, filter_value(filter), by)
        else:
            self._node.commit(FilterSet(filter, by, self._node.clock.time()))
        return filter

    async def lift(self, filter: Filter, by: Source) -> None:
        """Lift a filter that is known; StoreError where that cannot be kept."""
        if self.keeps and filter.record:
            await self._write(filter.entity, None, by)
            return
        at = max(int(self._node.clock.time()), filter.created + 1)
        self._node.commit(FilterSet(replace(filter, created=at, until=at), by, self._node.clock.time()))

    def _apply(self, found: Filter, by: Source | None, at: float) -> None:
        """Have it be so, unless it is."""
        network = self._node.network
        before = network.filters.get(found.entity)
        if before is found or (before is None and not found.holds(at)):
            return
        self._node.commit(FilterSet(found, by or network.me, at))
