"""What is gone: messages that were deleted, and accounts of which what they said was erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from chatnet.storage.messages.rows import Erased, Place, Redacted, Row

Erasures = Mapping[str, Sequence[tuple[Place | None, int]]]
"""Of accounts: up to when (ms) what they said is gone, everywhere (None) or in one place."""


def talkers(place: Place) -> tuple[str, ...]:
    """The accounts whose talk it is, if it is one."""
    return {"d": (place.name, place.other), "g": (place.name,)}.get(place.kind, ())


def is_erased(erased: Erasures, place: Place, person: str | None, at: int) -> bool:
    """Whether a message of that time is gone: its author's, or a talk's with somebody."""
    return any(
        at <= until and of in (None, place)
        for each in {person, *talkers(place)}
        if each is not None
        for of, until in erased.get(each, ())
    )


class Gone:
    """What is to be gone, and waits to be deleted from what is read.

    It only grows: who has it may ask in another thread.
    """

    def __init__(self) -> None:
        self._redacted: Final[set[str]] = set()
        self._of_places: Final[dict[Place, list[Redacted]]] = {}
        self._erased: Final[dict[str, list[tuple[Place | None, int]]]] = {}

    def note(self, entry: Redacted | Erased) -> None:
        """This waits now."""
        if isinstance(entry, Redacted):
            self._redacted.add(entry.redacted)
            self._of_places.setdefault(entry.place, []).append(entry)
        else:
            self._erased.setdefault(entry.person, []).append((entry.place, entry.until))

    def hides(self, row: Row) -> bool:
        """Whether nobody may read a message any more."""
        return row.msgid in self._redacted or is_erased(self._erased, row.place, row.person, row.at)

    def redactions(self, place: Place) -> Sequence[Redacted]:
        """What was deleted of a place, by whom as far as that may be told."""
        return [self.unsigned(each) for each in list(self._of_places.get(place, ()))]

    def unsigned(self, entry: Redacted) -> Redacted:
        """Who deleted something is not told of one who was erased."""
        if is_erased(self._erased, entry.place, entry.person, entry.at):
            return entry._replace(person=None, source="", reason="")
        return entry
