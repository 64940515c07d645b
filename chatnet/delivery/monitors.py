"""Tells sessions when nicks that they MONITOR come and go.  https://ircv3.net/specs/extensions/monitor"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer
from chatnet.model.ids import Folded
from chatnet.node import Node
from chatnet.session.session import Session
from chatnet.wire import numerics


class Monitors:
    """Nick → the sessions that watch it, and the other way round; an observer of users coming and going."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._watchers: dict[Folded, dict[Session, None]] = {}
        self._watched: dict[Session, dict[Folded, str]] = {}
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.UserIntroduced: self._user_introduced,
            facts.UserQuit: self._user_quit,
            facts.NickChanged: self._nick_changed,
        }

    def watched(self, session: Session) -> Mapping[Folded, str]:
        """The nicks that `session` watches, as it wrote them."""
        return self._watched.get(session, {})

    def watch(self, session: Session, folded: Folded, nick: str) -> None:
        """Tell `session` about `nick` from now on."""
        self._watched.setdefault(session, {})[folded] = nick
        self._watchers.setdefault(folded, {})[session] = None

    def unwatch(self, session: Session, folded: Folded) -> None:
        """Tell `session` about a nick no more, if it was told about it."""
        watched = self._watched.get(session)
        if watched is None or folded not in watched:
            return
        del watched[folded]
        if not watched:
            del self._watched[session]
        self._drop(session, folded)

    def forget(self, session: Session) -> None:
        """Tell `session` nothing more."""
        for folded in self._watched.pop(session, ()):
            self._drop(session, folded)

    def _drop(self, session: Session, folded: Folded) -> None:
        watchers = self._watchers[folded]
        del watchers[session]
        if not watchers:
            del self._watchers[folded]

    def _tell(self, folded: Folded, numeric: numerics.Numeric, target: str) -> None:
        for session in self._watchers.get(folded, ()):
            session.numeric(numeric, target)

    def _user_introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        if fact.user.folded in self._watchers:  # else the mask is not worth making
            self._tell(fact.user.folded, numerics.RPL_MONONLINE, fact.user.mask)

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        self._tell(fact.user.folded, numerics.RPL_MONOFFLINE, fact.user.nick)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        before = self._node.network.fold(fact.old_nick)
        if before != fact.folded:
            self._tell(before, numerics.RPL_MONOFFLINE, fact.old_nick)
            self._tell(fact.folded, numerics.RPL_MONONLINE, fact.user.mask)
