"""What operators have to know, though none of them was there when it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.model.facts import Fact, Hearer, Opered
from chatnet.session.sessions import Sessions

LASTS: Final = 86400.0
"""Seconds for which something is news."""


class News:
    """An observer: each operator of this server who comes on within a day is told, once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._news: list[tuple[float, str, set[str]]] = []
        """Until when it is some, what, and which operators know it, by the names of their blocks."""

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing, as long as nothing is new."""
        return {Opered: self._opered} if self._news else {}

    def post(self, text: str) -> None:
        """Have operators told of it who come on from now on."""
        self._news.append((self._sessions.monotonic() + LASTS, text, set()))
        self._sessions.node.hearing_changed()

    def _opered(self, fact: Opered, origin: object) -> None:
        user, oper, now = fact.user, fact.oper, self._sessions.monotonic()
        sessions = self._sessions.local.sessions_of(user)
        if oper is None or not oper.name or not sessions:
            return  # who has sessions here and is of another server is one before it is said by which block
        for until, text, told in self._news:
            if now < until and oper.name not in told:
                told.add(oper.name)
                for session in sessions:
                    session.notice(text)
