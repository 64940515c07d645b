"""What is dropped of what waits for a disk that takes nothing, and what is kept as long as it may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from chatnet.storage.messages.rows import Came, Entry, Filled, Gap, Marked, Place, Row, Said, Stayed, Went

PLAIN: Final = 1024
"""Bytes that an entry counts for, whatever its text; what only few messages have besides."""


def size_of(entry: Entry) -> int:
    """The bytes that an entry counts for."""
    return PLAIN + len(entry.extra) if type(entry) is Row and entry.extra else PLAIN


def without_messages(entries: Iterable[Entry], *, hard: bool) -> tuple[list[Entry], int]:
    """These entries with a gap in the place of messages; gives how many there were.

    If it comes `hard`, nothing is left but what deletes, and what a place is.
    """
    kept: list[Entry] = []
    gaps: dict[Place, tuple[int, int]] = {}
    count = 0
    for entry in entries:
        if type(entry) is tuple:
            place, at, *_ = cast(Said, entry)
            since = until = int(at * 1000)
            count += 1
        elif isinstance(entry, Row):
            place, since, until = entry.place, entry.at, entry.at
            count += 1
        elif isinstance(entry, Gap) and entry.sid == "*":
            place, since, until, _ = entry
        else:
            if not (hard and isinstance(entry, (Came, Went, Stayed, Marked, Filled))):
                kept.append(entry)
            continue
        first, last = gaps.get(place, (since, until))
        gaps[place] = min(first, since), max(last, until)
    return [*kept, *(Gap(place, since, until, "*") for place, (since, until) in gaps.items())], count
