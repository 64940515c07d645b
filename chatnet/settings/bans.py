"""Bans of the network: what operators may set, and those that stand in the configuration."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from chatnet.settings.base import Line, Section
from chatnet.wire.ban_targets import read_target

_SPARED: Final = frozenset("DKAC")
"""Kinds of targets that may be exempt."""


def _target(text: str) -> str:
    if read_target(text) is None:
        raise ValueError(
            "is none of: an address or network, user@host, account:<name>, realname:<mask>,"
            " cert:<SHA-256 in hex>, name:<mask>, #channel"
        )
    return text


def _spared(text: str) -> str:
    found = read_target(text)
    if found is None or found.kind not in _SPARED:
        raise ValueError(
            "is none of: an address or network, user@host, account:<name>, cert:<SHA-256 in hex>"
        )
    return text


class BansSettings(Section):
    """``[bans]``: bans that operators of this server set."""

    most: Annotated[int, Field(ge=0, le=1_000_000)] = 100_000
    """Bans of the network that there may be for one more to be set here; each takes 0.6 kB of memory."""
    alike: Annotated[int, Field(ge=10, le=100_000)] = 500
    """Bans with several wildcards around the same letters, or around fewer than three letters, that there may
    be for one more to be set here: whoever comes is held against all of them."""
    most_hit: Annotated[int, Field(ge=1, le=100)] = 10
    """Percent of the people on the network: a ban that hits more of them has to be set with ``FORCE``."""
    reason: Annotated[int, Field(ge=50, le=400)] = 300
    """Bytes of a reason, with its private part."""


class BanSettings(Section):
    """``[[ban]]``: a ban of this server that stands here, and that no command lifts."""

    target: Annotated[str, AfterValidator(_target)]
    """Whom it means: an address or a network, ``user@host``, ``account:<name>``, ``realname:<mask>``,
    ``cert:<SHA-256 in hex>``; ``name:<mask>`` and ``#channel`` are names that nobody may have."""
    reason: Line = ""
    """Why; what stands behind a ``|`` only operators read."""
    require_login: bool = False
    """Whether who is logged in to an account may come in all the same."""


class ExemptSettings(Section):
    """``[[exempt]]``: whom no ban means."""

    target: Annotated[str, AfterValidator(_spared)]
    """An address or a network, ``user@host``, ``account:<name>`` or ``cert:<SHA-256 in hex>``. From a ban of
    an address, from which nobody may even log in, only addresses and networks are exempt."""
    reason: Line = ""
    """Why: operators read it."""
