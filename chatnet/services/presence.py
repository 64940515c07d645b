"""What becomes of those who are logged in when their account changes: an observer.

Each server says so of its own users, and of those it serves: that their account is called otherwise, or that
they are logged out.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, Fact, Hearer, Killed, RecordsTaken
from chatnet.node import Node
from chatnet.rules.logins import logged_out, looking
from chatnet.services.abroad import Abroad


class Presence:
    """Looks after the users of this server, and those it serves, who are logged in to accounts kept here.

    What those of other servers are called is known here, too: it is stated as of `told`, since their own
    server tells the network.
    """

    def __init__(self, node: Node, told: object, abroad: Abroad) -> None:
        self._node = node
        self._abroad = abroad
        self._told = told
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        network = self._node.network
        for entity in sorted(fact.touched & network.logged_in.keys()):
            for user in list(network.logged_in[entity]):
                if user.server is network.me or self._abroad.serves(user):
                    self._look_at(user, entity, fact.at)
                else:
                    self._call(user, entity, fact.at)

    def _call(self, user: User, entity: str, at: float) -> None:
        """Show somebody of another server by the name that their account has."""
        account = self._node.network.registry.account(entity)
        if account is not None and account.name and account.shown != user.account:
            self._node.commit(
                AccountChanged(user, account.shown, at, user.account, entity, entity), self._told
            )

    def _look_at(self, user: User, entity: str, at: float) -> None:
        account = self._node.network.registry.account(entity)
        if account is not None and not account.name:
            return  # its records begin to come, and what it is called will be among them
        if account is not None and account.suspended(at):
            reason = f"The account {account.shown} is suspended"
            if account.status.reason:
                reason += f": {account.status.reason}"
            self._node.commit(Killed(user, self._node.network.me, reason, at))
        elif account is None or not account.usable(at):
            for each in logged_out(user, at):
                self._node.commit(each)
        elif account.shown != user.account:
            self._node.commit(AccountChanged(user, account.shown, at, user.account, entity, entity))
        else:
            for each in looking(user, account, at):
                self._node.commit(each)
