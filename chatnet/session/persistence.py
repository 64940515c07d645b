"""Whether somebody stays when no device of theirs is connected, as their clients are told.

https://github.com/ircv3/ircv3-specifications/pull/503
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, Fact, Hearer, RecordsTaken, SettingsChanged, UserQuit
from chatnet.node import Node
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules.persons import ALWAYS_ON, MULTICLIENT
from chatnet.services.persons import Policy, Status
from chatnet.session.session import Session
from chatnet.wire.capabilities import PERSISTENCE

FIELDS: Final = frozenset({field(SETTING, ALWAYS_ON), field(SETTING, MULTICLIENT)})
"""Of an account: what it depends on."""
WORDS: Final = {None: "DEFAULT", True: "ON", False: "OFF"}


class Persistence:
    """Tells sessions with the capability ``draft/persistence``, each time it changes: an observer.

    `sessions` are all of this server, and `sessions_of` those of a user.
    """

    def __init__(
        self,
        node: Node,
        policy: Policy,
        sessions: Iterable[Session],
        sessions_of: Callable[[User], tuple[Session, ...]],
    ) -> None:
        self.policy = policy
        self._node = node
        self._sessions = sessions
        self._sessions_of = sessions_of
        self._told: dict[User, Status] = {}
        """What the clients of somebody were told last, if there is one that is told."""
        self._answering: set[Session] = set()
        """Who is about to be answered, and so is not told."""
        self.hears: Mapping[type[Fact], Hearer] = {
            RecordsTaken: self._records_taken,
            AccountChanged: self._account_changed,
            SettingsChanged: self._settings_changed,
            UserQuit: self._user_quit,
        }

    def greeting(self, session: Session) -> bytes:
        """What belongs between 005 and the message of the day of who comes in: a whole line, or nothing."""
        status = self.policy.status(session.user) if session.caps & PERSISTENCE else None
        if status is None:
            return b""
        self._told[session.user] = status
        return self._line(status) + b"\r\n"

    def show(self, session: Session) -> bool:
        """Answer a client that asks; False if it is a guest's."""
        status = self.policy.status(session.user)
        if status is None:
            return False
        if session.caps & PERSISTENCE:
            self._told[session.user] = status
        session.send(self._line(status))
        return True

    async def choose(self, session: Session, word: bool | None) -> None:
        """Have the person of a session wish to stay, or not, or neither; their other sessions are told.

        Raises ``Refused``, as ``Policy.choose``.
        """
        user, policy = session.user, self.policy
        if policy.own(user).always_on is word:
            return
        self._answering.add(session)
        try:
            await policy.choose(user, word)
            if self._node.network.registry.account(user.account_id) is None:  # else there were records
                key = policy.key(user)
                for each in self._listeners():
                    if policy.key(each) == key:
                        self._look_at(each)
        finally:
            self._answering.discard(session)

    def _line(self, status: Status) -> bytes:
        """``:server PERSISTENCE STATUS <client-setting> <effective-setting>``"""
        words = f"{WORDS[status.own]} {WORDS[status.effective]}"
        return f":{self._node.network.me.shown} PERSISTENCE STATUS {words}".encode()

    def _listeners(self) -> set[User]:
        return {each.user for each in self._sessions if each.caps & PERSISTENCE and each.registered}

    def _look_at(self, user: User) -> None:
        """Tell somebody's clients what holds, if they were told otherwise."""
        status = self.policy.status(user)
        if status is None or status == self._told.get(user):
            return
        line = self._line(status)
        for session in self._sessions_of(user):
            if session.caps & PERSISTENCE:
                self._told[user] = status
                if session not in self._answering:
                    session.send(line)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        logged_in = self._node.network.logged_in
        for entity in {record.entity for record in fact.records if record.field in FIELDS}:
            for user in list(logged_in.get(entity, ())):
                self._look_at(user)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        if fact.account_id is None or fact.account_id != fact.old_id:  # and not merely called otherwise
            self._told.pop(fact.user, None)
            self._look_at(fact.user)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        if fact.old.bouncer != fact.new.bouncer:
            for user in self._listeners():
                self._look_at(user)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        self._told.pop(fact.user, None)
