"""Logins that a server tells of which is no services here: remembered, for it may be after a reload.

Who is services is a matter of each server's settings, but who is logged in is said once, when it happens.
It is carried on when it is believed.
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
            server = self._links.server(name)
            way = None if server is None else self._links.way_to(server)
            if server is not None and way is not None and self._links.serves(server, way):
                del self._told[user]
                for link in self._links.others(way):  # it was not carried on
                    words = ["*", "SU", user.uid, *(() if account is None else (account,))]
                    link.send(link.codec.encap(server, words))
                if account != user.account:
                    changed = AccountChanged(user, account, node.clock.time(), user.account)
                    node.commit(changed, TOLD)
