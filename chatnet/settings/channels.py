"""Channels that this network keeps for their founders: ``[channels]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from chatnet.settings.base import Section


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
    orphan: Annotated[int, Field(ge=0, le=315_360_000)] = 2_592_000
    """Seconds after which a channel is dropped that nobody is founder of, since all accounts that could be
    are gone; 0: never."""
    expire: Annotated[int, Field(ge=0, le=315_360_000)] = 0
    """Seconds after which a channel is dropped that nobody with access came to; 0: never. Else a day at
    least, since it is noted by the day."""
    register_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """Registrations of channels from one address within ``register_period``."""
    register_period: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """Seconds."""

    @field_validator("expire")
    @classmethod
    def _check_expire(cls, value: int) -> int:
        if 0 < value < 86400:
            raise ValueError("is 0, or a day (86400) at least")
        return value
