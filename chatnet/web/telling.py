"""What this server tells a program elsewhere by HTTP, as whoever has it told sees it; transports do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Told(NamedTuple):
    """What was answered: status, type of the body without parameters, and as much of it as is read."""

    status: int
    kind: str
    body: bytes


class Untold(Exception):
    """It was not told; the text is the reason, in a few words for people, without an address.

    `barred`: it never will be, for nobody may have this server connect there.
    """

    def __init__(self, text: str, barred: bool = False) -> None:
        super().__init__(text)
        self.barred = barred


class Tell(Protocol):
    """POSTs to a place that people named."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Tell it once; raises :class:`Untold`."""
