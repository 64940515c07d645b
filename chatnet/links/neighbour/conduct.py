"""How a neighbour behaves: its mistakes, and how much it asks."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from chatnet.model.ids import UID
from chatnet.settings import LinksSettings

OF_ONE: Final = 4
"""One person has a fourth of all the errands of a neighbour, so that nobody keeps the others from theirs."""


class Conduct:
    """Monotonic times of its `strikes`, of questions that it brought (`asked`), of channels it `resynced`.

    `warned` are the things of which the log tells already.
    """

    __slots__ = ("_errands", "_of_each", "asked", "resynced", "strikes", "warned")

    def __init__(self) -> None:
        self.strikes: list[float] = []
        self.warned: set[str] = set()
        self.asked: deque[float] = deque()
        self.resynced: deque[float] = deque()
        self._errands: deque[tuple[float, UID]] = deque()
        self._of_each: Counter[UID] = Counter()

    def too_many(self, asked: deque[float], now: float, settings: LinksSettings) -> bool:
        """Count one question with those that were `asked`; True if this server answers no more for now."""
        while asked and asked[0] <= now - settings.queries_period:
            asked.popleft()
        if len(asked) >= settings.queries:
            return True
        asked.append(now)
        return False

    def too_much(self, uid: UID, now: float, settings: LinksSettings) -> str | None:
        """Count an errand that somebody there has for a pseudo-user; why it is not done, or None."""
        errands, of_each = self._errands, self._of_each
        while errands and errands[0][0] <= now - settings.queries_period:
            _, before = errands.popleft()
            of_each[before] -= 1
            if not of_each[before]:
                del of_each[before]
        if len(errands) >= settings.queries:
            return "Too much is asked from your server now. Try again later."
        if of_each[uid] >= -(-settings.queries // OF_ONE):
            return "You ask too much. Try again later."
        errands.append((now, uid))
        of_each[uid] += 1
        return None
