"""The one way in for bans that operators set and lift: into records, or (where there are none) into memory.

Full servers have the records in common: what one of them writes, all hear by their feeds.  Each holds its own
people against them, and tells those of its neighbours that keep no records.  See
``docs/decisions/0024-bans-as-records.md``.
"""

from __future__ import annotations

from dataclasses import replace

from chatnet.model.bans import FOREVER, NAMES, NetworkBan
from chatnet.model.facts import NetworkBanned, Source
from chatnet.model.recorded_bans import ban_value
from chatnet.node import Node
from chatnet.records.bans import FIELD
from chatnet.records.grammar import ban_entity
from chatnet.rules.banned_words import called, noted
from chatnet.services.ledger import Ledger
from chatnet.services.recording import LATELY, Recording
from chatnet.storage.interfaces import StoreError
from chatnet.wire.text import printable


class Banning(Recording[NetworkBan]):
    """An observer that makes bans of records; without a `ledger` there are none here."""

    def __init__(self, node: Node, ledger: Ledger | None) -> None:
        super().__init__(node, ledger, node.network.registry.bans, FIELD)
        if ledger is not None:
            now = node.clock.time()
            node.network.load_bans(ban for ban in self._recorded.all() if ban.holds(now))

    @property
    def is_full(self) -> bool:
        """Whether there are as many bans as there may be; those that are over are looked for only then."""
        bans, now = self._node.network.bans, self._node.clock.time()
        most = self._node.settings.bans.most
        if sum(map(len, bans.values())) < most:
            return False
        return sum(ban.remembered(now) for several in bans.values() for ban in several.values()) >= most

    def known(self, kind: str, mask: str) -> NetworkBan | None:
        """The ban of a mask that holds."""
        network = self._node.network
        found = network.bans[kind].get(network.fold(mask))
        return found if found is not None and found.holds(self._node.clock.time()) else None

    async def set(self, ban: NetworkBan, by: Source) -> None:
        """Set a ban as of now, or another end or reason for one; StoreError where it cannot be kept."""
        network = self._node.network
        folded = network.fold(ban.mask)
        entity = ban_entity(ban.kind, folded)
        since = self._recorded.since(entity) if ban.wide else None
        ban.created = self._later(since, network.bans[ban.kind].get(folded))
        if ban.wide and self.keeps:
            ban.record = entity
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

    def _apply(self, found: NetworkBan, by: Source | None, at: float) -> None:
        """Have it be so, unless it is."""
        network = self._node.network
        before = network.bans[found.kind].get(network.fold(found.mask))
        if before is found or (before is None and not found.holds(at)):
            return
        self._node.commit(NetworkBanned(found, by or network.me, at))
        if by is None and abs(at - found.created) < LATELY:
            what, reason = f"Another server removed {NAMES[found.kind]}", ""
            if found.holds(at):
                what, reason = f"{found.by} added {called(found)}", f" [{printable(found.reason)}]"
            self._node.notice("k", *noted(found, f"{what} for", reason))
