"""How often each of many strangers may do something: so much at once, and then one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_ROUNDING: Final = 1e-6
"""Seconds by which sums of periods may be wrong."""


Told = Callable[[str, float], object]
"""Hears of a key, and of how much it has done more, or less."""


class Allowances:
    """Each key may do `most` within `period` seconds: all at once, and further ones as their time comes.

    `most` and `period` are read anew each time, for a reload may change them; `monotonic` gives seconds.
    No more than `size` keys are remembered: the one that did something longest ago is forgotten.  `told`
    hears of what is counted (1) and taken back (-1), by its key: see :class:`~chatnet.rules.pool.Pool`.
    """

    __slots__ = ("_monotonic", "_rate", "_size", "_until", "told")

    def __init__(
        self,
        monotonic: Callable[[], float],
        rate: Callable[[], tuple[int, float]],
        size: Callable[[], int],
    ) -> None:
        self._monotonic = monotonic
        self._rate = rate  # most, period
        self._size = size
        self._until: OrderedDict[str, float] = OrderedDict()  # until when all that was done counts
        self.told: Told | None = None

    def __len__(self) -> int:
        return len(self._until)

    def wait(self, key: str) -> float:
        """Seconds until `key` may do it again; 0 if it may now."""
        until = self._until.get(key)
        if until is None:
            return 0.0
        most, period = self._rate()
        wait = until - period + period / most - self._monotonic()
        return wait if wait > _ROUNDING else 0.0

    def count(self, key: str) -> None:
        """`key` does it."""
        most, period = self._rate()
        now = self._monotonic()
        before = max(self._until.pop(key, now), now)
        self._until[key] = max(min(before + period / most, now + period), before)
        self._forget(now)
        if self.told is not None:
            self.told(key, 1)

    def hear(self, key: str, step: float) -> None:
        """`key` has done it elsewhere (1), or not after all (-1).

        What was done in several places at once, before they heard of each other, may be more than `most`:
        then all of it counts, and `key` waits for as much longer.
        """
        if step < 0:
            self._take_back(key)
            return
        most, period = self._rate()
        now = self._monotonic()
        self._until[key] = max(self._until.pop(key, now), now) + period / most
        self._forget(now)

    def take_back(self, key: str) -> None:
        """What was counted last for `key` did not happen."""
        self._take_back(key)
        if self.told is not None:
            self.told(key, -1)

    def _take_back(self, key: str) -> None:
        if key in self._until:
            most, period = self._rate()
            self._until[key] -= period / most

    def _forget(self, now: float) -> None:
        size = self._size()
        while self._until:
            key, until = next(iter(self._until.items()))
            if until > now and len(self._until) <= size:
                return
            del self._until[key]
