"""The one way in for the level of the shields: into a record, or (where there are none) into memory.

It is one record of all full servers, as a ban is: the later word holds, also after a split, and one that is
over stops counting by its own date.  See ``docs/decisions/0026-shields-are-one-record.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.model.facts import Fact, Hearer, RecordsTaken, ShieldsChanged
from chatnet.model.shields import OPEN, Shields
from chatnet.node import Node, Timer
from chatnet.records.shields import ENTITY, FIELD, ShieldsValue
from chatnet.services.ledger import Change, Ledger

LOOK: Final = 60.0
"""Seconds that pass at most between two looks whether they are over, for clocks may be set."""


class Shielding:
    """An observer that makes what holds of the record; without a `ledger` there is none here."""

    def __init__(self, node: Node, ledger: Ledger | None) -> None:
        self._node = node
        self._ledger = ledger
        self._timer: Timer | None = None
        self.hears: Mapping[type[Fact], Hearer] = {ShieldsChanged: self._changed}
        if ledger is not None:
            node.network.shields = node.network.registry.shields.at(node.clock.time())
            self.hears = {**self.hears, RecordsTaken: self._records_taken}
            self._wait()

    @property
    def keeps(self) -> bool:
        """Whether the level is that of all full servers, and outlives this process."""
        return self._ledger is not None

    async def set(self, shields: Shields) -> None:
        """Have this level from now on; StoreError where that cannot be kept."""
        if self._ledger is None:
            self._node.commit(ShieldsChanged(shields, self._node.clock.time()))
            return
        by, until = shields.by.replace(" ", "_"), shields.until or 0
        value = ShieldsValue(shields.set, until, shields.level, by, shields.reason)
        await self._ledger.write([Change(ENTITY, FIELD, value.text)])

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        network = self._node.network
        if ENTITY in fact.touched and (shields := network.registry.shields.at(fact.at)) != network.shields:
            self._node.commit(ShieldsChanged(shields, fact.at))

    def _changed(self, fact: ShieldsChanged, origin: object) -> None:
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        until = self._node.network.shields.until
        if until is not None:
            left = max(until - self._node.clock.time(), 0.0)
            self._timer = self._node.clock.later(min(left, LOOK), self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._node.clock.time()
        shields = self._node.network.shields
        if shields.at(now) is OPEN:
            self._node.commit(ShieldsChanged(OPEN, now))
        else:
            self._wait()
