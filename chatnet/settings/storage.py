"""What a server keeps for good."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import Section


class StorageSettings(Section):
    """``[storage]``: accounts and registered channels, in ``accounts.sqlite`` in the data folder."""

    timeout: Annotated[float, Field(ge=1.0, le=60.0)] = 5.0
    """Seconds that a change may wait for the disk; then it is refused, and nothing of it happens."""
