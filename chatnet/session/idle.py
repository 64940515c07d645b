"""How long a user has said nothing."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.session.sessions import Sessions


def idle(sessions: Sessions, user: User) -> int | None:
    """Seconds since `user` last said something, in whichever session; None if it is not known here."""
    if user.server is not sessions.network.me:
        return None  # that one knows, of those that are here as well
    spoke = [session.spoke for session in sessions.local.sessions_of(user)]
    if user in sessions.seats.spoke:
        spoke.append(sessions.seats.spoke[user])
    return int(sessions.monotonic() - max(spoke)) if spoke else None
