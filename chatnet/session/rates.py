"""How often one session did something lately."""

from __future__ import annotations

from collections import deque
from typing import Final

from chatnet.session.session import Session

SPAN: Final = 3600.0
"""Seconds after which a count that did not grow may be forgotten."""

FEW: Final = 64
"""How many counts are begun between two looks for old ones; everybody written to is a count of its own."""


def exempt(session: Session) -> bool:
    """True if nothing is counted for `session`: by its class, its user's privilege, or for everybody."""
    return (
        not session.sessions.flood
        or session.connection_class.flood_exempt
        or session.user.may("flood-exempt")
    )


def too_fast(session: Session, what: str, most: int, period: float) -> bool:
    """Count one `what`; True, and nothing counted, if there were `most` within `period` seconds."""
    if exempt(session):
        return False
    now = session.sessions.monotonic()
    recent = _recent(session, what, now)
    while recent and recent[0] <= now - period:
        recent.popleft()
    if len(recent) >= most:
        return True
    recent.append(now)
    return False


def note(session: Session, what: str) -> None:
    """Remember that `session` did `what` now, for :func:`did`."""
    now = session.sessions.monotonic()
    recent = _recent(session, what, now)
    recent.clear()
    recent.append(now)


def did(session: Session, what: str) -> bool:
    """True if `session` did `what`, not too long ago."""
    return session.rates is not None and what in session.rates


def _recent(session: Session, what: str, now: float) -> deque[float]:
    rates = session.rates
    if rates is None:
        rates = session.rates = {}
    recent = rates.get(what)
    if recent is None:
        if len(rates) % FEW == FEW - 1:
            for old in [key for key, times in rates.items() if not times or times[-1] <= now - SPAN]:
                del rates[old]
        recent = rates[what] = deque()
    return recent
