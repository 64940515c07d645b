"""Logins that a server tells of which is no services here: remembered, for it may be after a reload.

Who is services is a matter of each server's settings, but all hear once who is logged in, when it happens.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.tree.neighbours import TOLD, Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, Fact, Hearer, NetSplit, SettingsChanged, UserQuit
from chatnet.model.ids import AccountName
from chatnet.model.server import Server


class Logins:
    """The last word of such a server about each user who is here, until somebody says another one."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._told: dict[User, tuple[str, AccountName | None]] = {}  # by the server of that name
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            UserQuit: self._user_quit,
            NetSplit: self._net_split,
            SettingsChanged: self._settings_changed,
        }

    def tells(self, server: Server, user: User, account: AccountName | None) -> None:
        """`server` says that `user` is logged in to `account`, or to none, and is not believed."""
        self._told[user] = server.name, account

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        self._told.pop(fact.user, None)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        self._told.pop(fact.user, None)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        if self._told:
            for user in fact.users:
                self._told.pop(user, None)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        node = self._links.node
        for user, (name, account) in list(self._told.items()):
            if self._serves(name):
                del self._told[user]
                if account != user.account:
                    changed = AccountChanged(user, account, node.clock.time(), user.account)
                    node.commit(changed, TOLD)

    def _serves(self, name: str) -> bool:
        server = self._links.server(name)
        way = None if server is None else self._links.way_to(server)
        return server is not None and way is not None and self._links.serves(server, way)
