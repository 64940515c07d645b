"""Nicks that services keep from everybody for a while, so that their owners find them free."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatnet.model.facts import Fact, Hearer, NickHeld
from chatnet.model.ids import Folded


class HeldNicks:
    """An observer of what services hold; never more than `most` nicks."""

    def __init__(self, monotonic: Callable[[], float], most: Callable[[], int]) -> None:
        self._monotonic = monotonic
        self._most = most
        self._until: dict[Folded, float] = {}
        self.hears: Mapping[type[Fact], Hearer] = {NickHeld: self._held}

    def includes(self, folded: Folded) -> bool:
        """True if nobody may take this nick now."""
        until = self._until.get(folded)
        return until is not None and until > self._monotonic()

    def _held(self, fact: NickHeld, origin: object) -> None:
        now = self._monotonic()
        self._until.pop(fact.folded, None)
        if fact.until <= now:
            return
        if len(self._until) >= self._most():
            self._until = {folded: until for folded, until in self._until.items() if until > now}
        if len(self._until) < self._most():
            self._until[fact.folded] = fact.until
