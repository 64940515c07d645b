"""How the log names people: what of them may be written down."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.settings import Settings


def log_name(user: User, settings: Settings) -> str:
    """``nick (user@real.host) [address]``, or ``nick (user@cloak)`` where ``log.addresses`` is off."""
    if settings.log.addresses:
        return user.identity
    return f"{user.nick} ({user.username}@{user.cloak or '*'})"
