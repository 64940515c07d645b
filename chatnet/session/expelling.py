"""Sends local clients away whom a new ban means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chatnet.model.bans import EXEMPTING, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, NetworkBanned
from chatnet.rules.ban_hits import hit, meant
from chatnet.session.session import Session
from chatnet.session.shared import Shared

PERIOD: Final = 1.0
"""Seconds between two looks at everybody: a server that comes may tell thousands of bans at once."""
SLICE: Final = 500
"""Sessions that are looked at in one turn; others are served between two."""
FEW: Final = 200
"""Bans of which each is looked for by itself; of more all sessions are held against all bans."""


class Expelling:
    """Looks at all sessions after bans were set, once for all that came together.

    `send_away` closes one, and tells why; `end` does it with a user who is `idle`: here without any.
    """

    __slots__ = ("_began", "_busy", "_end", "_everybody", "_idle", "_new", "_send_away", "_shared")

    def __init__(
        self,
        shared: Shared,
        send_away: Callable[[Session, NetworkBan], object],
        idle: Callable[[], Mapping[User, object]],
        end: Callable[[User, NetworkBan], object],
    ) -> None:
        self._shared = shared
        self._send_away = send_away
        self._idle = idle
        self._end = end
        self._began = shared.monotonic() - PERIOD
        self._busy = False  # a look is on its way
        self._new: dict[NetworkBan, None] = {}  # whom they mean is not looked for yet
        self._everybody = False  # they are too many, or other things have changed

    def banned(self, fact: NetworkBanned, origin: object) -> None:
        """A ban was set, changed or taken back."""
        ban = fact.ban
        self._shared.network_bans.take(fact)
        if ban.kind == "R" or ban.kind in EXEMPTING or not ban.holds(fact.at):
            return
        if not self._everybody:
            self._new[ban] = None
            self._everybody = len(self._new) > FEW
        self._look_soon()

    def look_at_everybody(self) -> None:
        """Hold all against all bans."""
        self._everybody = True
        self._look_soon()

    def account_changed(self, fact: AccountChanged, origin: object) -> None:
        """Somebody logged in or out: other bans mean them."""
        user = fact.user
        if user.server is self._shared.network.me:
            for session in self._shared.local.sessions_of(user):
                self._look_at(session)

    def _look_soon(self) -> None:
        if not self._busy:
            self._busy = True
            wait = self._began + PERIOD - self._shared.monotonic()
            self._shared.node.clock.later(max(wait, 0.0), self._look)

    def _look(self) -> None:
        self._began = self._shared.monotonic()
        everybody, self._everybody = self._everybody, False
        new, self._new = list(self._new), {}
        if not everybody:
            self._look_for(new, self._beside())
            return
        for user in list(self._idle()):
            self._look_at_idle(user)
        self._go_on(iter(list(self._shared.all)))

    def _done(self) -> None:
        self._busy = False
        if self._everybody or self._new:
            self._look_soon()

    # one ban

    def _look_for(self, bans: list[NetworkBan], beside: list[Session]) -> None:
        """Whom the last of these means, also of sessions `beside`; the others in the next turns."""
        if not bans:
            self._done()
            return
        shared, ban = self._shared, bans.pop()
        for user in meant(shared.network, ban):
            for session in list(shared.local.sessions_of(user)):
                self._look_at(session)
            if user in self._idle():
                self._look_at_idle(user)
        if ban.kind in ("K", "D", "C"):
            for session in hit(beside, ban, shared.network.fold, lambda session: session.came):
                self._look_at(session)
        shared.node.clock.later(0.0, lambda: self._look_for(bans, beside))

    def _beside(self) -> list[Session]:
        """Sessions of nobody yet, and of people who came by others from elsewhere."""
        return [
            session
            for session in self._shared.all
            if session.came is not session.user or not session.registered
        ]

    # everybody

    def _go_on(self, sessions: Iterator[Session]) -> None:
        for _ in range(SLICE):
            session = next(sessions, None)
            if session is None:
                self._done()
                return
            self._look_at(session)
        self._shared.node.clock.later(0.0, lambda: self._go_on(sessions))

    def _look_at_idle(self, user: User) -> None:
        ban = self._shared.network_bans.user(user)
        if ban is not None:
            self._end(user, ban)

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
            if user in self._idle():  # they stay without a session, and are not to
                self._look_at_idle(user)
