"""Has the level of the shields be so for everybody here, and tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from chatnet.model.facts import Fact, Hearer, ShieldsChanged
from chatnet.rules.shields import OVER, described, told
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions

SLICE: Final = 500
"""Sessions that are told in one turn; others are served between two."""


class Alarm:
    """An observer: people read one line, by a NOTICE of their server, operators who did it and why."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._number = 0  # of the last change: of an older one nobody is told any more
        self.hears: Final[Mapping[type[Fact], Hearer]] = {ShieldsChanged: self._changed}

    def _changed(self, fact: ShieldsChanged, origin: object) -> None:
        sessions, before = self._sessions, self._sessions.shield
        sessions.use(sessions.node.settings)
        text = described(fact.shields, sessions.shield, fact.at)
        sessions.node.log.warn(text)
        sessions.node.notice("k", text)
        if fact.shields.level:
            line = told(fact.shields, sessions.shield) if sessions.shield.tell else ""
        else:
            line = OVER if before.tell and before.level else ""
        self._number += 1
        if line:
            self._tell(line, self._number, iter(list(sessions.all)))

    def _tell(self, line: str, number: int, waiting: Iterator[Session]) -> None:
        for _ in range(SLICE):
            session = next(waiting, None)
            if session is None or number != self._number:
                return
            if session.registered and not session.closed:
                session.notice(line)
        self._sessions.node.clock.later(0.0, lambda: self._tell(line, number, waiting))
