"""Accounts that lost their name to another one, which had asked for it before: an observer.

Their owners read it whenever they log in (``protection``); operators, and an address that was verified, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.model.registry import Account
from chatnet.node import Node


class Losses:
    """`write` has an account told by mail."""

    def __init__(self, node: Node, write: Callable[[Account], None]) -> None:
        self._node = node
        self._write = write
        self._registry = node.network.registry
        self._lost = {each.id for each in self._registry.accounts.values() if each.lost}
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            account = self._registry.account(entity)
            if account is None or not account.lost:
                self._lost.discard(entity)
            elif entity not in self._lost and account.name:
                self._lost.add(entity)
                text = f"{account.name} was registered twice: the account of who was later is {account.shown}"
                self._node.log.warn(text)
                self._node.notice("a", text, common=True)
                self._write(account)
