"""Bots: accounts of programs, each of which belongs to somebody's account.

One has no password, and logs in by tokens that its owner makes for it.  It is always on, if the server lets
anybody be, so that it is in the channels that it was told to join, and people see it come once.  It is
dropped and suspended as its owner is (``model/registry.py``): no record is written when that happens.
"""

from __future__ import annotations

from typing import Final

from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import ACTIVE, State, Status
from chatnet.records.grammar import STATUS, field
from chatnet.rules.persons import ALWAYS_ON, AUTO_AWAY, MULTICLIENT, OFF, ON
from chatnet.services import refused
from chatnet.services.accounts import Accounts, Value
from chatnet.services.refused import Refused

CHOSEN: Final[dict[str, Value]] = {
    field(values.SETTING, ALWAYS_ON): ON,
    field(values.SETTING, MULTICLIENT): ON,
    field(values.SETTING, AUTO_AWAY): OFF,
}
"""What is chosen for a bot from the beginning: it is there whether a program is connected or not."""


class Bots:
    """Makes bots, and drops them."""

    def __init__(self, node: Node, accounts: Accounts) -> None:
        self._node = node
        self._accounts = accounts

    def of(self, owner: Account) -> list[Account]:
        """Those of an account, by their names; also such as were dropped."""
        registry = self._accounts.registry
        found = map(registry.account, registry.bots.get(owner.id, ()))
        return sorted((each for each in found if each is not None), key=lambda each: str(each.shown).lower())

    def named(self, owner: Account, name: str) -> Account | None:
        """The bot of an account that has a name, unless it was dropped."""
        found = self._accounts.registry.named(name)
        if found is None or found.owner != owner.id or found.said.state is State.DROPPED:
            return None
        return found

    async def add(self, owner: Account, name: str) -> Account:
        """A new bot of an account, or one of theirs that was dropped, as it was; it is on the disk then.

        Refuses with ``TOO_MANY_BOTS``, and as ``Accounts.register`` does.
        """
        if owner.owner:
            raise Refused(refused.TOO_MANY_BOTS, "A bot has no bots", name)
        known = self._accounts.registry.named(name)
        if known is not None and known.owner == owner.id and known.said.state is State.DROPPED:
            await self._accounts.change(known, {STATUS: ACTIVE.text})
            return known
        most = self._node.settings.accounts.bots
        if len(self.of(owner)) >= most:
            raise Refused(refused.TOO_MANY_BOTS, f"An account has at most {most} bots", name)
        return await self._accounts.register_bot(name, owner, CHOSEN)

    async def drop(self, bot: Account) -> None:
        """Have a bot log in no more; until it is erased its owner has it back by adding it again."""
        await self._accounts.change(bot, {STATUS: Status(State.DROPPED).text})
