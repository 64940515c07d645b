"""What was asked over HTTP: how often, how it was answered, and how long that took."""

from __future__ import annotations

from collections import Counter
from typing import Final

from chatnet.model.histogram import Histogram

STEPS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Those that are told apart: anybody can make up others."""


class Traffic:
    """Requests by the pattern of their route: whoever answers names it, and never the path that was asked."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.seconds: dict[str, Histogram] = {}

    def heard(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self.answered[route, method if method in METHODS else "other", status] += 1
        histogram = self.seconds.get(route)
        if histogram is None:
            histogram = self.seconds[route] = Histogram(STEPS)
        histogram.note(seconds)
