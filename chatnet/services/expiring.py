"""Accounts that nobody has used for long are dropped, where the operator wants that (``accounts.expire``).

Once a day all are looked at, a few at a time, for what is asked is on the disk.
"""

from __future__ import annotations

from typing import Final

from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import State, Status
from chatnet.records.grammar import STATUS, seconds_of
from chatnet.services.abroad import Abroad
from chatnet.services.accounts import Accounts, value_of
from chatnet.services.refused import Refused
from chatnet.wire.server_time import DAY

AT_A_TIME: Final = 200
"""Accounts that are looked at together: 100,000 take eight hours."""


class Expiring:
    """Looks at a few accounts at each :meth:`look`."""

    def __init__(self, node: Node, accounts: Accounts, abroad: Abroad) -> None:
        self._node = node
        self._abroad = abroad
        self._accounts = accounts
        self._waiting: list[str] = []
        self._next = 0.0
        self._looking = False

    def look(self) -> None:
        """Drop those of the next few that are over."""
        now = self._node.clock.time()
        if not self._node.settings.accounts.expire or self._looking:
            return
        if not self._waiting and now >= self._next:
            self._next = now + DAY
            self._waiting = list(self._accounts.registry.accounts)
        some, self._waiting = self._waiting[:AT_A_TIME], self._waiting[AT_A_TIME:]
        if some:
            self._looking = True
            self._node.run(self._look(some))

    async def _look(self, entities: list[str]) -> None:
        try:
            for entity in entities:
                await self._look_at(entity)
        except Refused:
            pass  # the disk: tomorrow they are looked at again
        finally:
            self._looking = False

    async def _look_at(self, entity: str) -> None:
        accounts, network = self._accounts, self._node.network
        account = accounts.registry.account(entity)
        if account is None or account.status.state is not State.ACTIVE:
            return
        users = network.logged_in.get(entity, ())
        if users:
            if any(user.server is network.me or self._abroad.serves(user) for user in users):
                await accounts.note_seen(account)  # they have not logged in since, and may go tomorrow
            return
        records = await accounts.read(account)
        seen = value_of(records, values.SEEN)
        # Whatever is said of one is a sign of life, too: what was imported today has no login yet.
        last = max((seconds_of(record.stamp) for record in records), default=0.0)
        if seen is not None and seen.isdecimal():
            last = max(last, (int(seen) + 1) * DAY)
        used = network.logged_in.get(entity) or account.status.state is not State.ACTIVE  # meanwhile
        if used or last + self._node.settings.accounts.expire > self._node.clock.time():
            return
        text = f"The account {account.shown} is dropped: nobody has used it for long"
        self._node.log.info(text)
        self._node.notice("a", text)
        await accounts.change(account, {STATUS: Status(State.DROPPED).text})
