"""What is remembered of what was said."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import Section


class HistorySettings(Section):
    """``[history]``: recent messages that are remembered, in memory only, so that they can be redacted."""

    messages: Annotated[int, Field(ge=0, le=10000)] = 500
    """Messages of one channel, or between two users; 0 = nothing is remembered."""
    target_bytes: Annotated[int, Field(ge=4096, le=1_073_741_824)] = 1_048_576
    """Bytes of memory that they may take."""
    total_bytes: Annotated[int, Field(ge=65536, le=1_099_511_627_776)] = 67_108_864
    """Bytes of memory that all remembered messages may take."""
    duration: Annotated[float, Field(gt=0, le=31_536_000)] = 86400.0
    """Seconds after which a message is forgotten."""
    redaction_window: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    """Seconds for which authors may redact their messages; 0 = as long as these are remembered. Operators of
    a channel are not bound by it."""
