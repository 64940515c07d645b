"""What users of servers that keep no accounts ask of pseudo-users: one errand after the other for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, NetSplit, UserQuit
from chatnet.model.logins import NO_WAY, Way
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions
from chatnet.session.visitor import Visitor

MOST: Final = 10
"""Errands of one user that may wait; further ones are dropped."""

Waiting = deque[tuple[User, str]]
"""Pseudo-users, and what they are told."""
Run = Callable[[Sessions, Session, Waiting], None]


class Caller(Visitor):
    """The session for their errands, as long as there are some."""

    __slots__ = ("_errands", "_given", "_say", "waiting")

    def __init__(self, errands: Errands, sessions: Sessions, user: User, address: str) -> None:
        self._given = sessions.links.given
        way = self._given.way_of(user.uid)
        super().__init__(sessions, user, address)
        self._errands = errands
        self._say = sessions.links.gate.tell
        self.way = way
        self.waiting: Waiting = deque()

    @property
    def way(self) -> Way:
        """How they are logged in now: by SASL they may be, by a token, while an errand takes its time."""
        return self._given.way_of(self.user.uid)

    @way.setter
    def way(self, way: Way) -> None:
        self._given.came_by(self.user.uid, way)

    def notice_by(self, by: User, text: str) -> None:
        if not self.closed:
            self._say(by, self.user, text)

    def close(self, reason: str) -> None:
        """They are not disconnected: that is for their own server to do."""
        self.closed = True

    def go_on(self) -> None:
        self._errands.done(self)


class Errands:
    """Those who are asking now: an observer of who goes meanwhile.

    `run` does what waits in the name of a caller.
    """

    def __init__(self, sessions: Sessions, run: Run) -> None:
        self._sessions = sessions
        self._run = run
        self._callers: dict[User, Caller] = {}
        self.hears: Mapping[type[Fact], Hearer] = {UserQuit: self._user_quit, NetSplit: self._net_split}

    def take(self, user: User, bot: User, text: str) -> None:
        """`user` says something to a pseudo-user."""
        caller = self._callers.get(user)
        if caller is not None:
            if len(caller.waiting) < MOST:
                caller.waiting.append((bot, text))
            return
        accounts = self._sessions.accounts
        assert accounts is not None
        caller = Caller(self, self._sessions, user, accounts.throttle.address_of(user))
        self._callers[user] = caller
        caller.waiting.append((bot, text))
        try:
            self._run(self._sessions, caller, caller.waiting)
        except Exception:
            self._sessions.node.log.failure(f"an errand for {bot.nick} failed")
        if not caller.held:
            self.done(caller)

    def done(self, caller: Caller) -> None:
        """There is nothing more to do for them."""
        if self._callers.get(caller.user) is caller:
            del self._callers[caller.user]

    def _forget(self, user: User) -> None:
        caller = self._callers.pop(user, None)
        if caller is not None:
            caller.closed = True

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        if self._callers:
            self._forget(fact.user)
        if fact.user.server is not self._sessions.network.me:
            self._sessions.links.given.came_by(fact.user.uid, NO_WAY)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        if self._callers:
            for user in fact.users:
                self._forget(user)
