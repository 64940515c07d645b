"""What waits to be written, and so is in no answer: of which places and times, and what it deletes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

from chatnet.storage.messages.gone import Gone, talkers
from chatnet.storage.messages.rows import (
    LAST,
    PRIVMSG,
    Came,
    Entry,
    Erased,
    Moved,
    Place,
    Redacted,
    Row,
    Said,
    Went,
)

MOST: Final = 10_000
"""Places of which it is known; if there are more, it may be any."""


class Unread:
    """Known as long as nothing can be written."""

    def __init__(self) -> None:
        self._any_place = False
        self._times: dict[Place, tuple[int, int]] = {}
        self._stays: dict[Place, int] = {}
        self._gone: Gone | None = None

    def note(self, entries: Iterable[Entry]) -> None:
        """These wait now."""
        for entry in entries:
            if type(entry) is tuple:
                place, at, *_ = cast(Said, entry)
                self._widen(place, int(at * 1000), int(at * 1000))
            elif isinstance(entry, Row):
                self._widen(entry.place, entry.at, entry.at)
            elif isinstance(entry, Came | Went):
                self._stays[entry.place] = min(entry.at, self._stays.get(entry.place, LAST))
            elif isinstance(entry, Moved):
                self._move(entry)
            elif isinstance(entry, Redacted | Erased):
                self._gone = self._gone or Gone()
                self._gone.note(entry)
        if len(self._times) + len(self._stays) > MOST:
            self._times.clear()
            self._stays.clear()
            self._any_place = True

    def note_any(self) -> None:
        """Something waits of which nothing is known."""
        self._any_place = True

    def _widen(self, place: Place, first: int, last: int) -> None:
        since, until = self._times.get(place, (first, last))
        self._times[place] = min(since, first), max(until, last)

    def _move(self, entry: Moved) -> None:
        if entry.place in self._times:
            self._widen(entry.to, *self._times[entry.place])
        if entry.place in self._stays:
            self._stays[entry.to] = min(self._stays[entry.place], self._stays.get(entry.to, LAST))

    def forget(self) -> None:
        """All of it is written, or is before whatever is asked."""
        self._any_place = False
        self._times.clear()
        self._stays.clear()
        self._gone = None

    def of(self, place: Place) -> tuple[int, int] | None:
        """From when on and up to before when something of a place waits, in milliseconds; None: nothing."""
        if self._any_place:
            return 0, LAST
        times = self._times.get(place)
        return None if times is None else (times[0], times[1] + 1)

    def stays(self, place: Place) -> int:
        """From when on it is not known who was in a channel; ``LAST``: it is."""
        return 0 if self._any_place else self._stays.get(place, LAST)

    def talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        """The talks of an account of which something waits, each with its last time; None: perhaps any."""
        if self._any_place:
            return None
        return [(place, last) for place, (_, last) in self._times.items() if person in talkers(place)]

    @property
    def gone(self) -> Gone | None:
        """What is to be gone, and is not; None: nothing.  It stays as it is for who has it."""
        return self._gone


def summary(entries: Sequence[Entry]) -> list[Entry]:
    """What a group is to :class:`Unread`, in as few entries as that takes."""
    unread = Unread()
    kept: list[Entry] = [entry for entry in entries if isinstance(entry, Moved | Redacted | Erased)]
    unread.note(entry for entry in entries if not isinstance(entry, Moved | Redacted | Erased))
    stubs: list[Entry] = [
        Row(place, at, "", PRIVMSG, 0, None, "", "")
        for place, times in unread._times.items()
        for at in sorted(set(times))
    ]
    stubs += [Came(place, "", at) for place, at in unread._stays.items()]
    return stubs + kept
