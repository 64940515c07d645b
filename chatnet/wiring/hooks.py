"""Hooks: who makes them, takes what is posted, and tells; put together here."""

from __future__ import annotations

from collections.abc import Callable

from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.services.chanserv import ChanServ
from chatnet.services.hooks import Hooking
from chatnet.services.ledger import Ledger
from chatnet.services.nickserv import NickServ
from chatnet.settings.browsing import base


def wrong(form: str) -> str | None:
    """As ``api/hooks/formats.py``, which only those who make hooks pay for."""
    from chatnet.api.hooks import formats

    return formats.wrong(form)


def hooking_of(
    node: Node,
    ledger: Ledger,
    nickserv: NickServ,
    chanserv: ChanServ,
    tell: Callable[[User, User, str], None],
) -> Hooking:
    """Who makes hooks; `tell` is ``(by, user, text)``."""

    def told(account: Account, text: str) -> None:
        for user in node.network.logged_in.get(account.id, ()):
            tell(chanserv.user, user, text)

    return Hooking(node, ledger, nickserv.bots, told, wrong, lambda: base(node.settings))
