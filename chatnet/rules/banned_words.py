"""Bans in words: what those read whom one means, and how operators call it."""

from __future__ import annotations

import re
from typing import Final

from chatnet.model.bans import LOGIN, NAMES, NetworkBan
from chatnet.settings import Settings
from chatnet.wire.networks import network_of
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, printable

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{2,}(?:/[0-9]{1,3})?")
"""What may be an address or a network."""


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


def called(ban: NetworkBan) -> str:
    """What Solanum's operators call it: a global one is of the whole network, others of this server."""
    minutes = "" if ban.until is None else f"{(ban.until - ban.created + 59) // 60} min. "
    kind = "global " if ban.wide else "temporary " if minutes else ""
    login = " (who is logged in comes in)" if ban.action == LOGIN else ""
    return f"{kind}{minutes}{NAMES[ban.kind]}{login}"


def veil(ban: NetworkBan) -> str | None:
    """What stands in the place of its mask for operators who see no addresses; None: they may read it."""
    if network_of(ban.host) is None:
        return None
    return "a network" if "/" in ban.host else "an address"


def without_addresses(text: str) -> str:
    """A text for those who see no addresses: what stands in their place tells that there was one."""
    return _ADDRESS.sub(lambda found: _unnamed(found[0]), text)


def _unnamed(text: str) -> str:
    for plain in (text, text.rstrip(".:")):
        if network_of(plain) is not None:
            return f"{'a network' if '/' in plain else 'an address'}{text[len(plain) :]}"
    return text


def noted(ban: NetworkBan, before: str, after: str = "") -> tuple[str, str | None]:
    """A notice to operators, with the mask in its midst, and the same for those who see no addresses."""
    hidden = veil(ban)
    public = None if hidden is None else f"{before} [{hidden}]{after}"
    return f"{before} [{printable(ban.mask)}]{after}", public
