"""How far the doors of the network are closed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Shields:
    """The level: 0 is open.  It was set at a Unix time, holds until another one (None: until it is changed).

    `by` says in one word who did that, and `reason` why.
    """

    level: int = 0
    set: int = 0
    until: int | None = None
    by: str = "*"
    reason: str = ""

    def at(self, now: float) -> Shields:
        """What holds at a Unix time: these, or none if they are over."""
        return self if self.until is None or self.until > now else OPEN


OPEN = Shields()
"""Nothing is closed."""
