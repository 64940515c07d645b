"""Shields: what closes further at which level, when a wave of bots comes."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from chatnet.settings.base import AddressRange, Line, Section

MOST_LEVEL = 9
"""The highest level of the shields."""
LONGEST = 30 * 86400
"""Seconds for which a level lasts, at most."""


def _channel_modes(text: str) -> str:
    if not set(text) <= {"R", "r"} or len(set(text)) < len(text):
        raise ValueError("has other letters than R (only who is logged in speaks) and r (… joins)")
    return text


class ShieldSettings(Section):
    """``[[shield]]``: a level of the shields. Levels 1 to 3 that have none do what is usual."""

    level: Annotated[int, Field(ge=1, le=MOST_LEVEL)]
    """Which one, once; SHIELDS sets it on all servers that keep the same accounts, each of which does what
    stands in its own block for it."""
    title: Line = ""
    """What operators call it."""
    notice: Line = ""
    """What all people here read when it begins, before until when it lasts; empty = what it does."""
    tell: bool = True
    """Whether they read anything."""
    lasts: Annotated[int, Field(ge=0, le=LONGEST)] = 3600
    """Seconds after which it goes back by itself, if whoever sets it does not say; 0 = not by itself."""
    require_login: bool = False
    """Let in only who logs in to an account that they have already."""
    require_login_from: tuple[AddressRange, ...] = ()
    """The same for who comes from these networks alone."""
    stop_registrations: bool = False
    """Register no accounts: by REGISTER, and by NickServ."""
    channel_modes: Annotated[str, AfterValidator(_channel_modes)] = ""
    """What all channels have while it lasts that nobody has registered: ``R``, only who is logged in (or has
    a rank) speaks, and ``r``, only who is logged in joins."""
    slower: Annotated[float, Field(ge=1, le=100)] = 1.0
    """So many times as much everything costs (see ``[flood]``), and by so much smaller rates are: of
    connecting from one address, of joining, of writing to new people, of nicks."""
    filters_act: bool = False
    """Have filters do what they are for, which else only report."""
