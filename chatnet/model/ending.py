"""Bans by when they end, so that nobody has to look at all of them to find those that are over."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatnet.model.bans import NetworkBan

SPARE: Final = 1000
"""Bans that may be in here, besides those that there are, since others took their places."""


class Ending:
    """Bans that end; whoever takes one out of this looks whether it still is the one of its mask."""

    __slots__ = ("_heap", "_next")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, NetworkBan]] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, end: float | None, ban: NetworkBan) -> None:
        """A ban that ends at a Unix time; None: never."""
        if end is not None:
            self._next += 1
            heapq.heappush(self._heap, (end, self._next, ban))

    def load(self, bans: Iterable[tuple[float | None, NetworkBan]]) -> None:
        """Many at once, with their ends."""
        for number, (end, ban) in enumerate(bans, self._next + 1):
            if end is not None:
                self._heap.append((end, number, ban))
                self._next = number
        heapq.heapify(self._heap)

    def until(self, now: float) -> Iterator[NetworkBan]:
        """Those that are over at a Unix time; they are in here no more."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            yield heapq.heappop(heap)[2]

    def tidy(self, there: int, is_there: Callable[[NetworkBan], bool]) -> None:
        """Forget those that others took the place of, if they are many more than the ones that are there."""
        if len(self._heap) > 2 * there + SPARE:
            self._heap = [each for each in self._heap if is_there(each[2])]
            heapq.heapify(self._heap)
