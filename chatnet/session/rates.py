"""How often one session did something lately."""

from __future__ import annotations

from collections import deque

from chatnet.session.session import Session


def too_fast(session: Session, what: str, most: int, period: float) -> bool:
    """Count one `what` of `session`; True, and nothing counted, if there were `most` within `period` seconds."""
    if session.connection_class.flood_exempt or session.user.may("flood-exempt"):
        return False
    if session.rates is None:
        session.rates = {}
    recent = session.rates.setdefault(what, deque())
    now = session.sessions.monotonic()
    while recent and recent[0] <= now - period:
        recent.popleft()
    if len(recent) >= most:
        return True
    recent.append(now)
    return False
