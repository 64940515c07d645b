"""How many requests each token may make, and each address without one: so many at once, and then in time."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from chatnet.rules.allowances import Told

MOST: Final = 20_000
"""Buckets that are remembered: those that are full again are not needed, and go first."""


class Level(NamedTuple):
    """How it stands with a bucket: how many requests fit in, how many are left, in how many seconds all."""

    limit: int
    left: int
    reset: int
    wait: int
    """Seconds until what was asked for may be; 0: it was counted."""


class Buckets:
    """One for each key; `rate` gives how many requests come again in a second, and how many fit in.

    `monotonic` gives seconds.
    """

    def __init__(self, monotonic: Callable[[], float], rate: Callable[[], tuple[float, int]]) -> None:
        self._monotonic = monotonic
        self._rate = rate
        self.told: Told | None = None
        """Hears of what requests cost, by their keys."""
        self._full: OrderedDict[str, float] = OrderedDict()
        """When each is full again."""

    def __len__(self) -> int:
        return len(self._full)

    def take(self, key: str, cost: float) -> Level:
        """Count a request of this cost, if there is room."""
        rate, most = self._rate()
        now = self._monotonic()
        full = max(self._full.get(key, now), now)
        left = most - (full - now) * rate
        cost = min(cost, most)
        if left + 1e-6 < cost:
            return Level(most, max(int(left), 0), math.ceil(full - now), math.ceil((cost - left) / rate))
        full += cost / rate
        self._full.pop(key, None)
        self._full[key] = full
        self._forget(now)
        if self.told is not None:
            self.told(key, cost)
        return Level(most, int(left - cost + 1e-6), math.ceil(full - now), 0)

    def hear(self, key: str, step: float) -> None:
        """A request of this cost was counted elsewhere: all of it counts, whether there is room or not."""
        rate, _ = self._rate()
        now = self._monotonic()
        self._full[key] = max(self._full.pop(key, now), now) + step / rate
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._full:
            key, full = next(iter(self._full.items()))
            if full > now and len(self._full) <= MOST:
                return
            del self._full[key]
