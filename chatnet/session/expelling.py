"""Sends local clients away whom a new ban means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatnet.model.facts import NetworkBanned
from chatnet.session import registration
from chatnet.session import session as one
from chatnet.session import sessions as registry

PERIOD: Final = 1.0
"""Seconds between two looks at everybody: a server that comes may tell thousands of bans at once."""
SLICE: Final = 500
"""Sessions that are looked at in one turn; others are served between two."""


class Expelling:
    """Looks at all sessions after bans were set, once for all that came together."""

    __slots__ = ("_began", "_busy", "_more", "_sessions")

    def __init__(self, sessions: registry.Sessions) -> None:
        self._sessions = sessions
        self._began = sessions.monotonic() - PERIOD
        self._busy = False  # a look is on its way
        self._more = False  # bans came that it may have missed

    def banned(self, fact: NetworkBanned, origin: object) -> None:
        """A ban was set, changed or taken back."""
        self._sessions.network_bans.take(fact)
        if fact.ban.kind == "R" or not fact.ban.holds(fact.at):
            return
        self._more = True
        if not self._busy:
            self._look_soon()

    def _look_soon(self) -> None:
        self._busy = True
        wait = self._began + PERIOD - self._sessions.monotonic()
        self._sessions.node.clock.later(max(wait, 0.0), self._look)

    def _look(self) -> None:
        self._more = False
        self._began = self._sessions.monotonic()
        self._go_on(iter(list(self._sessions.all)))

    def _go_on(self, sessions: Iterator[one.Session]) -> None:
        for _ in range(SLICE):
            session = next(sessions, None)
            if session is None:
                self._busy = False
                if self._more:
                    self._look_soon()
                return
            self._look_at(session)
        self._sessions.node.clock.later(0.0, lambda: self._go_on(sessions))

    def _look_at(self, session: one.Session) -> None:
        bans = self._sessions.network_bans
        # Who is not registered yet is held against all bans when they are; an address is known before.
        ban = bans.user(session.user) if session.registered else bans.address(session.peer.address)
        if ban is not None and not session.closed:
            registration.send_away(session, ban)
