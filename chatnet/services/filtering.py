"""The one way in for filters that operators set and lift: into records, or into memory, if there are none.

Full servers have the records in common, as they have bans: what one of them writes, all hear by their feeds.
Neighbours that keep no records are told nothing: they know no filters.  See
``docs/decisions/0025-filters.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from chatnet.model.facts import Fact, FilterSet, Hearer, RecordsTaken, Source
from chatnet.model.filters import Filter
from chatnet.model.recorded_filters import filter_value
from chatnet.node import Node
from chatnet.records.filters import FIELD
from chatnet.records.grammar import BAN
from chatnet.services.ledger import Change, Ledger
from chatnet.wire.text import printable

LATELY: Final = 60
"""Seconds within which a filter was set of which operators of other servers read: not of all that a server
tells which was away."""


class Filtering:
    """An observer that makes filters of records; without a `ledger` there are none here."""

    def __init__(self, node: Node, ledger: Ledger | None) -> None:
        self._node = node
        self._ledger = ledger
        self._by: dict[str, Source] = {}  # who has something written of an entity just now
        self._recorded = node.network.registry.filters
        self.hears: Mapping[type[Fact], Hearer] = {}
        if ledger is not None:
            now = node.clock.time()
            node.network.load_filters(each for each in self._recorded.all() if each.holds(now))
            self.hears = {RecordsTaken: self._records_taken}

    @property
    def keeps(self) -> bool:
        """Whether filters outlive this process, and are those of the network."""
        return self._ledger is not None

    async def set(self, filter: Filter, by: Source) -> Filter:
        """Set a filter as of now, or change one; StoreError where it cannot be kept."""
        before = self._node.network.filters.get(filter.entity)
        since = self._recorded.since(filter.entity)
        # Later than all that is known of it, whatever the clock says of who did that.
        known = [each for each in (since, before.created if before else None) if each is not None]
        created = max([int(self._node.clock.time()), *(each + 1 for each in known)])
        filter = replace(filter, created=created, record=self._ledger is not None)
        if self._ledger is not None:
            await self._write(self._ledger, filter.entity, filter_value(filter), by)
        else:
            self._node.commit(FilterSet(filter, by, self._node.clock.time()))
        return filter

    async def lift(self, filter: Filter, by: Source) -> None:
        """Lift a filter that is known; StoreError where that cannot be kept."""
        if self._ledger is not None and filter.record:
            await self._write(self._ledger, filter.entity, None, by)
            return
        at = max(int(self._node.clock.time()), filter.created + 1)
        self._node.commit(FilterSet(replace(filter, created=at, until=at), by, self._node.clock.time()))

    async def _write(self, ledger: Ledger, entity: str, value: str | None, by: Source) -> None:
        self._by[entity] = by
        try:
            await ledger.write([Change(entity, FIELD, value)])
        finally:
            self._by.pop(entity, None)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            if entity[0] == BAN and (found := self._recorded.get(entity)) is not None:
                self._apply(found, self._by.get(entity), fact.at)

    def _apply(self, filter: Filter, by: Source | None, at: float) -> None:
        """Have it be so, unless it is."""
        network = self._node.network
        before = network.filters.get(filter.entity)
        if before is filter or (before is None and not filter.holds(at)):
            return
        self._node.commit(FilterSet(filter, by or network.me, at))
        if by is None and abs(at - filter.created) < LATELY:
            who = f"{filter.by} set" if filter.holds(at) else "Another server lifted"
            self._node.notice("m", f"{who} the filter {filter.handle}: {printable(filter.shown)}")
