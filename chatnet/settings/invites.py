"""Links by which people come into channels: ``[invites]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import Section


class InvitesSettings(Section):
    """``[invites]``: links that let people into channels, where this server keeps accounts."""

    days: Annotated[int, Field(ge=1, le=366)] = 7
    """Days for which a link is good, if whoever makes it says nothing else."""
    days_most: Annotated[int, Field(ge=1, le=366)] = 366
    """Days for which it may be good."""
    most: Annotated[int, Field(ge=1, le=100_000)] = 50
    """How many people may come by one, if whoever makes it says nothing else."""
    per_channel: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Links to one channel that may be open at a time; 0: none may be made."""
