"""The bans and exemptions that stand in the configuration, as all others."""

from __future__ import annotations

from typing import Final

from chatnet.model.bans import EXEMPT, LOGIN, REFUSE, NetworkBan
from chatnet.settings import Settings
from chatnet.wire.ban_targets import read_target

BY: Final = "configuration"
"""Who has set them, in one word."""


def configured_bans(settings: Settings) -> list[NetworkBan]:
    """What ``[[ban]]`` and ``[[exempt]]`` say."""
    bans = [(each.target, "", LOGIN if each.require_login else REFUSE, each.reason) for each in settings.ban]
    bans += [(each.target, "E", EXEMPT, each.reason) for each in settings.exempt]
    found = []
    for text, letter, action, reason in bans:
        target = read_target(text)
        if target is not None:
            kind, user, host = target
            found.append(
                NetworkBan(letter + kind, user, host, 0, None, None, BY, reason, False, action, fixed=True)
            )
    return found
