"""Registered channels that end: those that were dropped, that nobody is founder of, that nobody uses.

No record is written when somebody goes: since when a channel is nobody's is told by the stamps of what ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from math import inf
from typing import Final

from chatnet.model.registered import RegisteredChannel
from chatnet.node import Node
from chatnet.records.accounts import SUSPENSION, State, Status
from chatnet.records.channels import FLAGS, FOUNDER, SUCCESSOR, USED
from chatnet.records.grammar import STATUS, seconds_of, split
from chatnet.rules.access import access_of, founder_of, is_account
from chatnet.services.accounts import Accounts
from chatnet.services.ledger import Change
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record
from chatnet.wire.server_time import DAY

LOOK: Final = 3600.0
"""Seconds between two looks at all of them."""
SLICE: Final = 500
"""Channels that are looked at in one go."""
PAUSE: Final = 0.05
"""Seconds until the next ones are."""


class ChannelSweeping:
    """Notes which channels are used, and ends others; call :meth:`sweep` every minute."""

    def __init__(self, node: Node, accounts: Accounts) -> None:
        self._node = node
        self._accounts = accounts
        self._network = node.network
        self._registered = node.network.registry.channels
        self._looked = -inf
        self._looking = False
        self._noting: set[str] = set()

    # what is used

    def used(self, registration: RegisteredChannel) -> None:
        """Somebody with access is in the channel; it is written once a day."""
        day = int(self._node.clock.time()) // DAY
        if registration.used < day and registration.id not in self._noting:
            self._noting.add(registration.id)
            self._node.run(self._note_used(registration.id, day))

    async def _note_used(self, entity: str, day: int) -> None:
        try:
            with suppress(StoreError):  # the ledger has told it; another time
                await self._accounts.ledger.write([Change(entity, USED, str(day))])
        finally:
            self._noting.discard(entity)

    # what ends

    def sweep(self) -> None:
        """End what is over.

        Nothing ends while a full server is away: what brings it back there, or shows that it is used, would
        come too late.
        """
        now = self._node.clock.monotonic()
        if not self._looking and now >= self._looked + LOOK and not self._accounts.roll.away():
            self._looked, self._looking = now, True
            self._look(deque(self._registered.by_id.values()), [])

    def _look(self, channels: deque[RegisteredChannel], found: list[RegisteredChannel]) -> None:
        for _ in range(min(SLICE, len(channels))):
            registration = channels.popleft()
            if self._may_end(registration):
                found.append(registration)
        if channels:
            self._node.clock.later(PAUSE, partial(self._look, channels, found))
        else:
            self._node.run(self._end(found))

    def _may_end(self, registration: RegisteredChannel) -> bool:
        if not registration.holds:
            return registration.status.state is State.DROPPED
        return self._is_orphan(registration) or self._is_unused(registration)

    def _is_orphan(self, registration: RegisteredChannel) -> bool:
        return bool(self._node.settings.channels.orphan) and not founder_of(
            self._network.registry, registration
        )

    def _is_unused(self, registration: RegisteredChannel) -> bool:
        expire = self._node.settings.channels.expire
        last = max((registration.used + 1) * DAY, registration.created)
        return bool(expire) and last + expire <= self._node.clock.time()

    async def _end(self, found: Iterable[RegisteredChannel]) -> None:
        try:
            for registration in found:
                await self._judge(registration)
        except (Refused, StoreError):
            self._looked = -inf  # another time, and soon
        finally:
            self._looking = False

    async def _judge(self, registration: RegisteredChannel) -> None:
        now, settings = self._node.clock.time(), self._node.settings
        records = await self._accounts.ledger.store.entity(registration.id)
        since = await self._orphan_since(records)
        if self._registered.by_id.get(registration.id) is not registration or self._accounts.roll.away():
            return  # something has happened meanwhile
        if registration.status.state is State.DROPPED:
            if _since(records, (STATUS,)) + settings.accounts.drop_grace <= now:
                await self._write(registration, State.ERASED, "it was dropped for long")
        elif self._is_orphan(registration):
            if since + settings.channels.orphan <= now:
                await self._write(registration, State.DROPPED, "nobody is its founder")
        elif self._is_unused(registration):
            if not registration.used or self._is_in_use(registration):
                self.used(registration)  # nobody counted before
            else:
                await self._write(registration, State.DROPPED, "nobody with access came for long")

    async def _orphan_since(self, records: Iterable[Record]) -> float:
        """When the last one went, or stopped being one, of those who could be founder."""
        since = 0.0
        for record in records:
            name, key = split(record.field)
            if name in (FOUNDER, SUCCESSOR, FLAGS):
                since = max(since, seconds_of(record.stamp))
                entity = key if name == FLAGS else record.value or ""
                if is_account(entity):
                    told = await self._accounts.ledger.store.entity(entity)
                    since = max(since, _since(told, (STATUS, SUSPENSION)))
        return since

    def _is_in_use(self, registration: RegisteredChannel) -> bool:
        """Whether somebody with access is in it, and has been for long."""
        channel = self._network.channel(registration.name)
        return channel is not None and any(
            access_of(self._network, registration, user) for user in channel.members
        )

    async def _write(self, registration: RegisteredChannel, state: State, why: str) -> None:
        text = f"The channel {registration.name} is {state.value}: {why}"
        self._node.log.info(text)
        self._node.notice("a", text)
        await self._accounts.ledger.write([Change(registration.id, STATUS, Status(state).text)])


def _since(records: Iterable[Record], fields: tuple[str, ...]) -> float:
    """When one of these fields was changed last."""
    return max((seconds_of(record.stamp) for record in records if record.field in fields), default=0.0)
