"""What somebody reads whom a ban means: why, until when, and whom to write to."""

from __future__ import annotations

from chatnet.model.bans import LOGIN, NetworkBan
from chatnet.settings import Settings
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut


def told(ban: NetworkBan, settings: Settings) -> str:
    """The words of a ban for whom it means; perhaps none."""
    words = cut(ban.public_reason, settings.limits.kick)
    if ban.action == LOGIN:
        words = f"log in to an account before you come in{': ' if words else ''}{words}"
    if ban.until is not None:
        words = f"{words} (until {minute(ban.until)})".lstrip()
    if settings.server.help:
        words += f"{'. ' if words else ''}Questions: {settings.server.help}"
    return words
