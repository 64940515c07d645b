"""What the ways in for bans and filters have in common: they write records, and hear of these."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, Generic

from chatnet.model.facts import Fact, Hearer, RecordsTaken, Source
from chatnet.model.recorded import Recorded, T
from chatnet.node import Node
from chatnet.records.grammar import BAN
from chatnet.services.ledger import Change, Ledger

LATELY: Final = 60
"""Seconds within which one was set of which operators of other servers read: not of all that a server tells
which was away."""


class Recording(ABC, Generic[T]):
    """An observer that makes of records what holds; without a `ledger` there are none here."""

    def __init__(self, node: Node, ledger: Ledger | None, recorded: Recorded[T], field: str) -> None:
        self._node = node
        self._ledger = ledger
        self._recorded = recorded
        self._field = field
        self._by: dict[str, Source] = {}  # who has something written of an entity just now
        self.hears: Mapping[type[Fact], Hearer] = {}
        if ledger is not None:
            self.hears = {RecordsTaken: self._records_taken}

    @property
    def keeps(self) -> bool:
        """Whether they outlive this process, and are those of the network."""
        return self._ledger is not None

    def _later(self, since: int | None, before: T | None) -> int:
        """Now, or later than all that is known of one, whatever the clock says of who did that."""
        known = [each for each in (since, before.created if before else None) if each is not None]
        return max([int(self._node.clock.time()), *(each + 1 for each in known)])

    async def _write(self, entity: str, value: str | None, by: Source) -> None:
        assert self._ledger is not None
        self._by[entity] = by
        try:
            await self._ledger.write([Change(entity, self._field, value)])
        finally:
            self._by.pop(entity, None)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            if entity[0] == BAN and (found := self._recorded.get(entity)) is not None:
                self._apply(found, self._by.get(entity), fact.at)

    @abstractmethod
    def _apply(self, found: T, by: Source | None, at: float) -> None:
        """Have it be so, unless it is; `by` is who had it written here."""
