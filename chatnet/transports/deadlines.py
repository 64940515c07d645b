"""What must happen before some time has passed, for many connections, with one timer."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

GRAIN = 0.5
"""Seconds between two looks; a deadline is late by at most as much."""

log = Logger()


class Deadlines:
    """Calls back for those keys whose deadline passed. Quiet (no timer) while there is none."""

    __slots__ = ("_clock", "_due", "_ticking")

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._due: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._ticking = False

    def __len__(self) -> int:
        return len(self._due)

    def set(self, key: Hashable, seconds: float, expired: Callable[[], object]) -> None:
        """Call `expired` in `seconds`, in place of what was set for `key` before."""
        self._due[key] = (self._clock.seconds() + seconds, expired)
        if not self._ticking:
            self._ticking = True
            self._clock.callLater(GRAIN, self._tick)

    def clear(self, key: Hashable) -> None:
        """Nothing is due for `key` any more."""
        self._due.pop(key, None)

    def _tick(self) -> None:
        now = self._clock.seconds()
        for key, (when, expired) in list(self._due.items()):
            # An earlier callback may have cleared or renewed this one.
            if when <= now and self._due.get(key) == (when, expired):
                del self._due[key]
                try:
                    expired()
                except Exception:
                    # The others, and all later ones, hang on the same timer.
                    log.failure("What was to happen at a deadline failed")
        self._ticking = bool(self._due)
        if self._ticking:
            self._clock.callLater(GRAIN, self._tick)
