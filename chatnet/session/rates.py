"""How often one session did something lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from chatnet.session.session import Session

MOST: Final = 256
"""Counts of one session at most, and notes: everybody whom it writes to, or hears from, is one of its own."""


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
    recent = _recent(session, what)
    while recent and recent[0] <= now - period:
        recent.popleft()
    if len(recent) >= most:
        return True
    recent.append(now)
    return False


def wait(session: Session, what: str, most: int, period: float) -> int:
    """The same as seconds until it may be done again; 0 if it may be done now, and was counted."""
    if not too_fast(session, what, most, period):
        return 0
    return max(1, ceil(_recent(session, what)[0] + period - session.sessions.monotonic()))


def note(session: Session, what: str) -> None:
    """Remember that `session` did `what` now, for :func:`did`."""
    noted = session.noted
    if noted is None:
        noted = session.noted = {}
    elif what not in noted and len(noted) >= MOST:
        _forget(noted, noted)
    noted[what] = session.sessions.monotonic()


def did(session: Session, what: str) -> bool:
    """True if `session` did `what`, and not much else of the kind since."""
    return session.noted is not None and what in session.noted


def _recent(session: Session, what: str) -> deque[float]:
    rates = session.rates
    if rates is None:
        rates = session.rates = {}
    recent = rates.get(what)
    if recent is None:
        if len(rates) >= MOST:
            others = {what: times[-1] if times else 0.0 for what, times in rates.items() if " " in what}
            _forget(rates, others)
        recent = rates[what] = deque()
    return recent


def _forget(counts: dict[str, Any], times: Mapping[str, float]) -> None:
    """Forget half as many of `counts` as there may be: those of `times` that were longest ago."""
    for what in sorted(times, key=lambda what: times[what])[: MOST // 2]:
        del counts[what]
