"""Accounts that were dropped are erased when their time is over, and so are those that nobody verified."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Final

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records.accounts import State, Status
from chatnet.records.grammar import STATUS, fixed, seconds_of
from chatnet.rules.stamps import Stamp
from chatnet.services.abroad import Abroad
from chatnet.services.accounts import Accounts
from chatnet.services.expiring import Expiring
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.storage.promise import Promise
from chatnet.wire.server_time import DAY

SWEEP: Final = 60.0
"""Seconds between two looks."""
FORGET_AT: Final = 3 * 3600
"""Seconds after midnight, UTC, when what was removed before that day, less ``accounts.tombstones``, goes."""
_ENDING: Final = (State.DROPPED, State.PENDING)


class Sweeping:
    """An observer of which accounts are to end; :meth:`sweep` ends them.  Call it every SWEEP seconds."""

    def __init__(self, node: Node, accounts: Accounts, abroad: Abroad) -> None:
        self._node = node
        self._accounts = accounts
        self._registry = node.network.registry
        self._ending: dict[str, float | None] = {}  # since when, where it was looked up
        for account in self._registry.accounts.values():
            if self._ends(account):
                self._ending[account.id] = None
        self._sweeping = False
        self._expiring = Expiring(node, accounts, abroad)
        self._forgot = 0  # the day for which it was done
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            account = self._registry.account(entity)
            if account is not None and self._ends(account):
                self._ending[entity] = None
            else:
                self._ending.pop(entity, None)

    def _ends(self, account: Account) -> bool:
        """Whether it is to end: what is said of a bot counts, and whether its owner is erased."""
        return account.said.state in _ENDING or account.owner in self._registry.erased

    def sweep(self) -> None:
        """Erase what is over, and forget what was removed long ago.

        Nothing is erased while a full server is away: what brings it back there would come too late.  What is
        forgotten is so at one hour everywhere, or digests would differ.
        """
        self._node.run(self._set_right())
        self._accounts.roll.sign()
        day = int((self._node.clock.time() - FORGET_AT) // DAY)
        if day != self._forgot and not self._sweeping:
            self._forgot = day
            self._node.run(self._forget(day))
        if self._accounts.roll.away():
            return
        self._expiring.look()
        if self._ending and not self._sweeping:
            self._sweeping = True
            self._node.run(self._sweep())

    async def _set_right(self) -> None:
        with suppress(StoreError):  # the next write does it, or the next look
            await self._accounts.ledger.set_right()

    async def _forget(self, day: int) -> None:
        now, memory = self._node.clock.time(), self._node.settings.accounts.tombstones
        registry = self._registry
        for _ in chain(
            registry.bans.tidy(now, memory), registry.filters.tidy(now, memory), registry.invites.tidy(now)
        ):
            turn: Promise[None] = Promise()
            self._node.clock.later(0.0, partial(turn.keep, None))
            await turn
        before = day * DAY - memory
        store, kept = self._accounts.ledger.store, self._node.settings.audit.keep * DAY
        with suppress(StoreError):
            await store.forget(fixed(Stamp(before * 1000, 0, "000").text))
            while await store.forget_audits(now - kept):
                pass

    async def _sweep(self) -> None:
        try:
            for entity, since in list(self._ending.items()):
                await self._look_at(entity, since)
        except Refused:
            pass  # another time
        finally:
            self._sweeping = False

    async def _look_at(self, entity: str, since: float | None) -> None:
        account = self._registry.account(entity)
        if account is None:
            return
        status = account.said
        if since is None:
            for record in await self._accounts.read(account):
                if record.field == STATUS:
                    since = seconds_of(record.stamp)
            if since is None or account.said is not status:
                return  # something has happened meanwhile
            self._ending[entity] = since
        end = since + self._node.settings.accounts.drop_grace
        if status.state is State.PENDING:
            end = status.until
        orphan = account.owner in self._registry.erased
        if orphan or end <= self._node.clock.time():
            why = "its owner is" if orphan else f"it was {status.state.value} for long"
            self._node.log.info(f"The account {account.shown} is erased: {why}")
            await self._accounts.change(account, {STATUS: Status(State.ERASED).text})
