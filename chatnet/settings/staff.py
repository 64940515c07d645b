"""What is kept of what operators did, and how people are forced."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import Section


class AuditSettings(Section):
    """``[audit]``: notes of what operators do, which AUDIT shows; each server has its own."""

    keep: Annotated[int, Field(ge=1, le=36500)] = 366
    """Days for which they are kept."""
    lines: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Notes that one AUDIT shows."""
    timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Seconds that other servers have to tell of theirs, or to do what an operator here orders."""


class ForceSettings(Section):
    """``[force]``: SAJOIN, SAPART, SANICK, SAMODE, SATOPIC and OJOIN."""

    silent: bool = False
    """Do not tell the channel, or who is renamed, that an operator did it; operators read of it."""
