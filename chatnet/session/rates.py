"""How often one session did something lately."""

from __future__ import annotations

from collections import deque
from typing import Final

from chatnet.session.session import Session

MOST: Final = 256
"""Counts that one session has at most: everybody whom it writes to, or hears from, is a count of its own."""


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
        if len(rates) >= MOST:
            _forget(rates)
        recent = rates[what] = deque()
    return recent


def _forget(rates: dict[str, deque[float]]) -> None:
    """Forget half of what is about others (of two words), which grew longest ago."""
    others = sorted((times[-1] if times else 0.0, what) for what, times in rates.items() if " " in what)
    for _, what in others[: MOST // 2]:
        del rates[what]
