"""What waits to be written, and so is in no answer: of which places, and from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from chatnet.storage.messages.rows import LAST, Entry, Moved, Place, Redacted, Row, Said

MOST: Final = 10_000
"""Places of which it is known; if there are more, it may be any."""


class Unread:
    """Known as long as nothing can be written; `any_place`: something waits of which nothing is known."""

    def __init__(self, *, any_place: bool = False) -> None:
        self._any_place = any_place
        self._times: dict[Place, tuple[int, int]] = {}
        self._deleted: set[str] = set()

    def note(self, entries: Iterable[Entry]) -> None:
        """These wait now."""
        for entry in entries:
            if type(entry) is tuple:
                place, at, *_ = cast(Said, entry)
                self._widen(place, int(at * 1000), int(at * 1000))
            elif isinstance(entry, Row):
                self._widen(entry.place, entry.at, entry.at)
            elif isinstance(entry, Moved) and entry.place in self._times:
                self._widen(entry.to, *self._times[entry.place])
            elif isinstance(entry, Redacted):
                self._deleted.add(entry.redacted)
        if len(self._times) > MOST:
            self._times.clear()
            self._any_place = True

    def _widen(self, place: Place, first: int, last: int) -> None:
        since, until = self._times.get(place, (first, last))
        self._times[place] = min(since, first), max(until, last)

    def forget(self) -> None:
        """All of it is written, or is before whatever is asked."""
        self._any_place = False
        self._times.clear()
        self._deleted.clear()

    def of(self, place: Place) -> tuple[int, int] | None:
        """From when on and up to before when something of a place waits, in milliseconds; None: nothing."""
        if self._any_place:
            return 0, LAST
        times = self._times.get(place)
        return None if times is None else (times[0], times[1] + 1)

    def deletes(self, msgid: str) -> bool:
        """Whether it waits to be written that a message was deleted."""
        return msgid in self._deleted
