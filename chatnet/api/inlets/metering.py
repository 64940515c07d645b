"""How much of what comes is said: so much at once, then one after the other; the rest is told as a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatnet.node import Clock

SUM: Final = 60.0
"""Seconds between two sums of what was not said."""
_ROUNDING: Final = 1e-6


class Meter:
    """Lets `burst` through at once, and `rate` a second; `told` hears how many more there were.

    Both are read anew each time.
    """

    def __init__(
        self,
        clock: Clock,
        rate: Callable[[], float],
        burst: Callable[[], int],
        told: Callable[[int], object],
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._told = told
        self._left = float(burst())
        self._at = clock.monotonic()
        self.missed = 0

    def lets(self) -> bool:
        """Whether one more is said; else it is counted."""
        now = self._clock.monotonic()
        self._left = min(float(self._burst()), self._left + (now - self._at) * self._rate())
        self._at = now
        if self._left >= 1 - _ROUNDING:
            self._left -= 1
            return True
        self.miss()
        return False

    def miss(self) -> None:
        """One more is not said, whatever for."""
        if not self.missed:
            self._clock.later(SUM, self._sum)
        self.missed += 1

    def _sum(self) -> None:
        missed, self.missed = self.missed, 0
        self._told(missed)
