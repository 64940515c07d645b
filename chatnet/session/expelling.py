"""Sends local clients away whom a new ban means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from chatnet.model.bans import NetworkBan
from chatnet.model.facts import NetworkBanned
from chatnet.session.session import Session
from chatnet.session.shared import Shared

PERIOD: Final = 1.0
"""Seconds between two looks at everybody: a server that comes may tell thousands of bans at once."""
SLICE: Final = 500
"""Sessions that are looked at in one turn; others are served between two."""


class Expelling:
    """Looks at all sessions after bans were set, once for all that came together.

    `send_away` closes one, and tells why.
    """

    __slots__ = ("_began", "_busy", "_more", "_send_away", "_shared")

    def __init__(self, shared: Shared, send_away: Callable[[Session, NetworkBan], object]) -> None:
        self._shared = shared
        self._send_away = send_away
        self._began = shared.monotonic() - PERIOD
        self._busy = False  # a look is on its way
        self._more = False  # bans came that it may have missed

    def banned(self, fact: NetworkBanned, origin: object) -> None:
        """A ban was set, changed or taken back."""
        self._shared.network_bans.take(fact)
        if fact.ban.kind == "R" or not fact.ban.holds(fact.at):
            return
        self._more = True
        if not self._busy:
            self._look_soon()

    def _look_soon(self) -> None:
        self._busy = True
        wait = self._began + PERIOD - self._shared.monotonic()
        self._shared.node.clock.later(max(wait, 0.0), self._look)

    def _look(self) -> None:
        self._more = False
        self._began = self._shared.monotonic()
        self._go_on(iter(list(self._shared.all)))

    def _go_on(self, sessions: Iterator[Session]) -> None:
        for _ in range(SLICE):
            session = next(sessions, None)
            if session is None:
                self._busy = False
                if self._more:
                    self._look_soon()
                return
            self._look_at(session)
        self._shared.node.clock.later(0.0, lambda: self._go_on(sessions))

    def _look_at(self, session: Session) -> None:
        bans, user = self._shared.network_bans, session.user
        # Who is not registered yet is held against all bans when they are; an address is known before.
        if not session.registered:
            ban = bans.address(session.peer.address)
        elif session.came.address == user.address:
            ban = bans.user(user)
        else:  # one more session of somebody who came from elsewhere
            ban = bans.elsewhere(user, session.came)
        if ban is not None and not session.closed:
            self._send_away(session, ban)
