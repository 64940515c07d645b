"""Channels that this network keeps for their founders: ``[channels]``."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from chatnet.settings.base import Section

TEMPLATE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")
"""What a set of access flags can be called."""
_FLAGS: Final = re.compile(r"\+?[AHORSVaefhioqrstv]+")
"""All but the founder's."""


class ChannelsSettings(Section):
    """``[channels]``: channels that people register with ChanServ, where this server keeps accounts."""

    registration: bool = True
    """Whether people may register channels."""
    per_account: Annotated[int, Field(ge=0, le=100_000)] = 20
    """Channels that one account may be founder of."""
    access: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Accounts and masks that may have access to one channel."""
    akicks: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Accounts and masks that may be kept out of one channel."""
    registers: Annotated[int, Field(ge=100, le=100_000)] = 5000
    """Modes, list entries and so on that are kept of one channel, with those that were removed lately
    (``accounts.tombstones``)."""
    save_after: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Seconds after which a change of modes, lists and topic of a registered channel is on the disk."""
    orphan: Annotated[int, Field(ge=0, le=315_360_000)] = 2_592_000
    """Seconds after which a channel is dropped that nobody is founder of, since all accounts that could be
    are gone; 0: never."""
    expire: Annotated[int, Field(ge=0, le=315_360_000)] = 0
    """Seconds after which a channel is dropped that nobody with access came to; 0: never. Else a day at
    least, since it is noted by the day."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Sets of access flags with a name, for all channels, such as ``CREW = "+AVit"``; those of VOP, HOP, AOP
    and SOP may be others. Names are up to 20 letters, digits, ``-`` and ``_``."""
    own_templates: Annotated[int, Field(ge=0, le=1000)] = 20
    """Such sets that one channel may have for itself."""
    register_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """Registrations of channels from one address within ``register_period``."""
    register_period: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """Seconds."""

    @field_validator("templates")
    @classmethod
    def _check_templates(cls, value: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, flags in value.items():
            if TEMPLATE_NAME.fullmatch(name) is None or name.upper() == "FOUNDER":
                raise ValueError(f"has {name!r}, which no template can be called")
            if _FLAGS.fullmatch(flags) is None:
                raise ValueError(f"has {flags!r} for {name}, which are no flags such as +AVt")
            if name.upper() in found:
                raise ValueError(f"has {name} twice")
            found[name.upper()] = flags.removeprefix("+")
        return found

    @field_validator("expire")
    @classmethod
    def _check_expire(cls, value: int) -> int:
        if 0 < value < 86400:
            raise ValueError("is 0, or a day (86400) at least")
        return value
