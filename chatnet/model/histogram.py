"""How many of some numbers were how great: counts in steps, as Prometheus has histograms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


class Histogram:
    """Of numbers that are at most `bounds`, which ascend, or greater than the last one."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0
        """The sum of all of them."""

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self._counts)

    def note(self, number: float) -> None:
        """There was one more."""
        self._counts[bisect_left(self._bounds, number)] += 1
        self.total += number

    def steps(self) -> Iterator[tuple[float, int]]:
        """Each bound, and how many were at most that; at last infinity, and how many there were."""
        so_far = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            so_far += count
            yield bound, so_far
