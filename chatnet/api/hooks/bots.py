"""Who speaks by a hook, and hears what it tells: the account that is its bot."""

from __future__ import annotations

from typing import Final

from chatnet.api.identities import Identity
from chatnet.api.problems import Problem
from chatnet.model.hooks import Hook
from chatnet.model.logins import Way
from chatnet.node import Node
from chatnet.web.scopes import Scope

SCOPE: Final = Scope(frozenset({"read", "send", "events"}))
WAY: Final = Way("hook", chat=True, operates=False)


class Bots:
    """Finds them."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def identity(self, hook: Hook) -> Identity:
        """Who speaks by a hook; raises Problem if it is nobody any more."""
        account = self._node.network.registry.account(hook.bot)
        if account is None or not account.usable(self._node.clock.time()):
            raise Problem("cannot-send", "The account that speaks by this hook cannot be used")
        return Identity(f"hook {account.id}", account.shown, SCOPE, account.id, WAY)
