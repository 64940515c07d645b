"""Channels that this network keeps for their founders: ``[channels]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
    registers: Annotated[int, Field(ge=100, le=100_000)] = 5000
    """Modes, list entries and so on that are kept of one channel, with those that were removed lately
    (``accounts.tombstones``)."""
    save_after: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Seconds after which a change of modes, lists and topic of a registered channel is on the disk."""
    register_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """Registrations of channels from one address within ``register_period``."""
    register_period: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """Seconds."""
