"""Tells sessions when nicks that they MONITOR come and go.  https://ircv3.net/specs/extensions/monitor

With the capability extended-monitor they hear as well what those who share a channel do: whether somebody is
away, logs in, or changes host or real name.  https://ircv3.net/specs/extensions/extended-monitor
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from chatnet.model import facts
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer
from chatnet.model.ids import Folded
from chatnet.node import Node
from chatnet.rules.visibility import hears_of
from chatnet.session import render
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


class Monitors:
    """Nick → the sessions that watch it, and the other way round; an observer of users coming and going."""

    def __init__(self, node: Node, shadows: Shadows) -> None:
        self._node = node
        self._shadows = shadows
        shadows.leaving.append(self._left)
        self._watchers: dict[Folded, dict[Session, None]] = {}
        self._watched: dict[Session, dict[Folded, str]] = {}
        self._hears: Mapping[type[Fact], Hearer] = {
            facts.UserIntroduced: self._user_introduced,
            facts.UserQuit: self._user_quit,
            facts.NetSplit: self._net_split,
            facts.NickChanged: self._nick_changed,
            facts.AwayChanged: self._away_changed,
            facts.AccountChanged: self._account_changed,
            facts.HostChanged: self._host_changed,
            facts.RealnameChanged: self._realname_changed,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What becomes of users; nothing while nobody watches."""
        return self._hears if self._watchers else {}

    def watched(self, session: Session) -> Mapping[Folded, str]:
        """The nicks that `session` watches, as it wrote them."""
        return self._watched.get(session, {})

    def watching(self, folded: Folded) -> Iterable[Session]:
        """The sessions that watch a nick."""
        return self._watchers.get(folded, ())

    def watch(self, session: Session, folded: Folded, nick: str) -> None:
        """Tell `session` about `nick` from now on."""
        if not self._watchers:
            self._node.hearing_changed()  # from the next fact on
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
        if session in self._watched:
            for folded in self._watched.pop(session):
                self._drop(session, folded)

    def _drop(self, session: Session, folded: Folded) -> None:
        watchers = self._watchers[folded]
        del watchers[session]
        if not watchers:
            del self._watchers[folded]
            if not self._watchers:
                self._node.hearing_changed()

    def _tell(self, folded: Folded, numeric: numerics.Numeric, target: str) -> None:
        for session in self._watchers.get(folded, ()):
            session.numeric(numeric, target)

    def _user_introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        if fact.user in self._shadows.back:
            return  # and nobody was told of the contrary
        if fact.user.folded in self._watchers:  # else the mask is not worth making
            self._tell(fact.user.folded, numerics.RPL_MONONLINE, fact.user.mask)

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        if fact.user.folded in self._watchers:
            self._tell(fact.user.folded, numerics.RPL_MONOFFLINE, fact.user.nick)

    def _net_split(self, fact: facts.NetSplit, origin: object) -> None:
        watched, away = self._watchers, self._shadows.away
        for user in fact.users:
            if user.folded in watched and user.uid not in away:
                self._left(user)

    def _left(self, user: User) -> None:
        self._tell(user.folded, numerics.RPL_MONOFFLINE, user.nick)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        before = self._node.network.fold(fact.old_nick)
        if before != fact.folded:
            self._tell(before, numerics.RPL_MONOFFLINE, fact.old_nick)
            self._tell(fact.folded, numerics.RPL_MONONLINE, fact.user.mask)

    def _afar(self, user: User, capability: int) -> Iterator[Session]:
        """Who watches `user` and wants to hear this kind of change, but does not hear it in a channel."""
        needed = capability | cap.EXTENDED_MONITOR
        for session in self._watchers.get(user.folded, ()):
            if session.caps & needed != needed or session.user is user:
                continue
            if not hears_of(session.user, user):
                yield session

    def _away_changed(self, fact: facts.AwayChanged, origin: object) -> None:
        for session in self._afar(fact.user, cap.AWAY_NOTIFY):
            self._send(session, render.away_changed(fact.user, fact.at, session.caps))

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        for session in self._afar(fact.user, cap.ACCOUNT_NOTIFY):
            self._send(session, render.account_changed(fact, session.caps))

    def _host_changed(self, fact: facts.HostChanged, origin: object) -> None:
        for session in self._afar(fact.user, cap.CHGHOST):
            self._send(session, render.host_changed(fact, session.caps))

    def _realname_changed(self, fact: facts.RealnameChanged, origin: object) -> None:
        for session in self._afar(fact.user, cap.SETNAME):
            self._send(session, render.realname_changed(fact, session.caps))

    def _send(self, session: Session, line: bytes) -> None:
        fit = render.in_utf8(line) if self._node.settings.server.utf8_only else line
        session.outlet.send(fit)
