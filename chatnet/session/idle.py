"""How long a user has said nothing."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.session.sessions import Sessions


def idle(sessions: Sessions, user: User) -> int | None:
    """Seconds since `user` last said something, in whichever session; None if there is no local one."""
    spoke = [session.spoke for session in sessions.local.sessions_of(user)]
    return int(sessions.monotonic() - max(spoke)) if spoke else None
