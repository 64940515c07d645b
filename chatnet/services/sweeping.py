"""Accounts that were dropped are erased when their time is over, and so are those that nobody verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.node import Node
from chatnet.records.accounts import State, Status
from chatnet.records.grammar import STATUS, seconds_of
from chatnet.services.accounts import Accounts
from chatnet.services.refused import Refused

SWEEP: Final = 60.0
"""Seconds between two looks."""
_ENDING: Final = (State.DROPPED, State.PENDING)


class Sweeping:
    """An observer of which accounts are to end; :meth:`sweep` ends them.  Call it every SWEEP seconds."""

    def __init__(self, node: Node, accounts: Accounts) -> None:
        self._node = node
        self._accounts = accounts
        self._registry = node.network.registry
        self._ending: dict[str, float | None] = {}  # since when, where it was looked up
        for account in self._registry.accounts.values():
            if account.status.state in _ENDING:
                self._ending[account.id] = None
        self._sweeping = False
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            account = self._registry.account(entity)
            if account is not None and account.status.state in _ENDING:
                self._ending[entity] = None
            else:
                self._ending.pop(entity, None)

    def sweep(self) -> None:
        """Erase what is over."""
        if self._ending and not self._sweeping:
            self._sweeping = True
            self._node.run(self._sweep())

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
        status = account.status
        if since is None:
            for record in await self._accounts.read(account):
                if record.field == STATUS:
                    since = seconds_of(record.stamp)
            if since is None or account.status is not status:
                return  # something has happened meanwhile
            self._ending[entity] = since
        end = since + self._node.settings.accounts.drop_grace
        if status.state is State.PENDING:
            end = status.until
        if end <= self._node.clock.time():
            self._node.log.info(
                f"The account {account.shown} is erased: it was {status.state.value} for long"
            )
            await self._accounts.change(account, {STATUS: Status(State.ERASED).text})
