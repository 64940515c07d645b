"""How late timers are: for so long a line may have to wait, since the reactor does one thing at a time."""

from __future__ import annotations

from typing import Final

from chatnet.model.histogram import Histogram
from chatnet.node import Clock

EVERY: Final = 1.0
"""Seconds between two looks."""
STEPS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Lateness:
    """A timer of a second, again and again, from :meth:`start` on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due = 0.0
        self.seconds = Histogram(STEPS)
        self.latest = 0.0
        """How late the last one was."""
        self.greatest = 0.0
        """The same of the latest one since :meth:`take`."""

    def start(self) -> None:
        """Begin to look."""
        self._due = self._clock.monotonic() + EVERY
        self._clock.later(EVERY, self._tick)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        self.latest = max(0.0, now - self._due)
        self.greatest = max(self.greatest, self.latest)
        self.seconds.note(self.latest)
        self._due = now + EVERY
        self._clock.later(EVERY, self._tick)

    def take(self) -> float:
        """How late the latest one was since this was asked the last time."""
        greatest, self.greatest = self.greatest, 0.0
        return greatest
