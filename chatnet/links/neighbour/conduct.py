"""How a neighbour behaves: its mistakes, and how much it asks."""

from __future__ import annotations

from collections import deque

from chatnet.settings import LinksSettings


class Conduct:
    """Monotonic times of its `strikes`, of questions that it brought (`asked`), of channels it `resynced`.

    `warned` are the things of which the log tells already.
    """

    __slots__ = ("asked", "resynced", "strikes", "warned")

    def __init__(self) -> None:
        self.strikes: list[float] = []
        self.warned: set[str] = set()
        self.asked: deque[float] = deque()
        self.resynced: deque[float] = deque()

    def too_many(self, asked: deque[float], now: float, settings: LinksSettings) -> bool:
        """Count one question with those that were `asked`; True if this server answers no more for now."""
        while asked and asked[0] <= now - settings.queries_period:
            asked.popleft()
        if len(asked) >= settings.queries:
            return True
        asked.append(now)
        return False
