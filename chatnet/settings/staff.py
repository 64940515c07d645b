"""What is kept of what operators did and people reported, and how people are forced."""

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


class ReportsSettings(Section):
    """``[reports]``: what people report (REPORT); each server keeps those of its people."""

    rate: Annotated[int, Field(ge=1, le=1000)] = 5
    """Reports of one account, or of one address, within ``period``."""
    period: Annotated[float, Field(ge=1, le=86400)] = 3600.0
    """Seconds."""
    most: Annotated[int, Field(ge=10, le=100_000)] = 1000
    """Reports that are kept. For one more the oldest goes of who has most of them, first of those that are
    closed; each takes up to 20 kB of memory."""
    messages: Annotated[int, Field(ge=0, le=50)] = 20
    """Messages that are kept with a report, of those that its reporter may read; 0: none."""
    keep: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days after which a report is gone, closed or not."""
