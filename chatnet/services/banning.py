"""The one way in for bans that operators set and lift: into records, or (where there are none) into memory.

Full servers have the records in common: what one of them writes, all hear by their feeds.  Each holds its own
people against them, and tells those of its neighbours that keep no records.  See
``docs/decisions/0024-bans-as-records.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from chatnet.model.bans import FOREVER, NAMES, NetworkBan
from chatnet.model.facts import Fact, Hearer, NetworkBanned, RecordsTaken, Source
from chatnet.model.recorded_bans import ban_value
from chatnet.node import Node
from chatnet.records.bans import FIELD
from chatnet.records.grammar import BAN, ban_entity
from chatnet.rules.banned_words import noted
from chatnet.services.ledger import Change, Ledger
from chatnet.storage.interfaces import StoreError
from chatnet.wire.text import printable

LATELY: Final = 60
"""Seconds within which a ban was set of which operators of other servers read: not of all that a server tells
which was away."""


class Banning:
    """An observer that makes bans of records; without a `ledger` there are none here."""

    def __init__(self, node: Node, ledger: Ledger | None) -> None:
        self._node = node
        self._ledger = ledger
        self._by: dict[str, Source] = {}  # who has something written of an entity just now
        self._recorded = node.network.registry.bans
        if ledger is not None:
            now = node.clock.time()
            node.network.load_bans(ban for ban in self._recorded.all() if ban.holds(now))
        self.hears: Mapping[type[Fact], Hearer] = {}
        if ledger is not None:
            self.hears = {RecordsTaken: self._records_taken}

    @property
    def keeps(self) -> bool:
        """Whether bans of the network outlive this process."""
        return self._ledger is not None

    def known(self, kind: str, mask: str) -> NetworkBan | None:
        """The ban of a mask that holds."""
        network = self._node.network
        found = network.bans[kind].get(network.fold(mask))
        return found if found is not None and found.holds(self._node.clock.time()) else None

    async def set(self, ban: NetworkBan, by: Source) -> None:
        """Set a ban as of now, or another end or reason for one; StoreError where it cannot be kept."""
        network = self._node.network
        before = network.bans[ban.kind].get(network.fold(ban.mask))
        since = self._recorded.changed(ban.kind, ban.mask) if ban.wide else None
        # Later than all that is known of it, whatever the clock says of who did that.
        known = [each for each in (since, before.created if before else None) if each is not None]
        ban.created = max([int(self._node.clock.time()), *(each + 1 for each in known)])
        if ban.wide and self._ledger is not None:
            ban.record = ban_entity(ban.kind, network.fold(ban.mask))
            await self._write(ban.record, ban_value(ban), by)
        else:
            self._node.commit(NetworkBanned(ban, by, self._node.clock.time()))

    async def lift(self, ban: NetworkBan, by: Source) -> None:
        """Lift a ban that is known; StoreError where that cannot be kept."""
        if ban.record:
            await self._write(ban.record, None, by)
            return
        # Later than the ban, whatever the clock of who set it says; and remembered for as long.
        now = int(self._node.clock.time())
        at = max(now, ban.created + 1) if ban.wide else now
        lifetime = max(ban.lifetime or at, at) if ban.wide else at
        lifted = replace(ban, created=at, until=at, lifetime=lifetime, by=by.mask)
        self._node.commit(NetworkBanned(lifted, by, self._node.clock.time()))

    def heard(self, ban: NetworkBan, by: Source) -> bool:
        """A server that keeps no records has set or lifted a ban; whether it is one that is a record."""
        entity = ban_entity(ban.kind, self._node.network.fold(ban.mask))
        if self._ledger is None or self._recorded.get(entity) is None:
            return False
        if not ban.holds(self._node.clock.time()):
            self._node.run(self._keep(entity, None, by))
        else:
            until = ban.until
            if until is not None and until - ban.created >= FOREVER:
                until = None
            self._node.run(self._keep(entity, ban_value(replace(ban, until=until)), by))
        return True

    async def _keep(self, entity: str, value: str | None, by: Source) -> None:
        try:
            await self._write(entity, value, by)
        except StoreError:
            pass  # the ledger has told so

    async def _write(self, entity: str, value: str | None, by: Source) -> None:
        assert self._ledger is not None
        self._by[entity] = by
        try:
            await self._ledger.write([Change(entity, FIELD, value)])
        finally:
            self._by.pop(entity, None)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            if entity[0] == BAN and (ban := self._recorded.get(entity)) is not None:
                self._apply(ban, self._by.get(entity), fact.at)

    def _apply(self, ban: NetworkBan, by: Source | None, at: float) -> None:
        """Have it be so, unless it is."""
        network = self._node.network
        before = network.bans[ban.kind].get(network.fold(ban.mask))
        if before is ban or (before is None and not ban.holds(at)):
            return
        self._node.commit(NetworkBanned(ban, by or network.me, at))
        if by is None and abs(at - ban.created) < LATELY:
            reason = f" [{printable(ban.reason)}]" if ban.holds(at) else ""
            who = f"{ban.by} added" if ban.holds(at) else "Another server removed"
            self._node.notice("k", *noted(ban, f"{who} {NAMES[ban.kind]} for", reason))
