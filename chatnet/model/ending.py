"""Bans by when they are forgotten, so that nobody has to look at all of them to find those that are over."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Final

from chatnet.model.bans import NetworkBan

SPARE: Final = 1000
"""Bans that may be in here, besides those that there are, since others took their places."""

AT_ONCE: Final = 100
"""Bans that are taken out at once: of many that end in one second the others go as more are set."""


class Ending:
    """Bans that end; whoever takes one out of this looks whether it still is the one of its mask."""

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[NetworkBan] = []

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, ban: NetworkBan) -> None:
        """A ban, which is passed over if it never ends."""
        if ban.lifetime is not None:
            heapq.heappush(self._heap, ban)

    def load(self, bans: Iterable[NetworkBan]) -> None:
        """Many at once."""
        self._heap += [ban for ban in bans if ban.lifetime is not None]
        self._heap.sort(key=attrgetter("lifetime"))  # quicker than to make a heap, and one as well

    def until(self, now: float) -> Iterator[NetworkBan]:
        """The first of those that are over at a Unix time; they are in here no more."""
        heap = self._heap
        for _ in range(AT_ONCE):
            if not heap or heap[0].remembered(now):
                break
            yield heapq.heappop(heap)

    def tidy(self, there: int, is_there: Callable[[NetworkBan], bool]) -> None:
        """Forget those that others took the place of, if they are many more than the ones that are there."""
        if len(self._heap) > 2 * there + SPARE:
            self._heap = [each for each in self._heap if is_there(each)]
            heapq.heapify(self._heap)
