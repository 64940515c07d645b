"""What is known of bans and filters that are records, by their entities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final, Generic, Protocol, TypeVar

from chatnet.records.grammar import seconds_of
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder

SLICE: Final = 1000
"""Of these so many are looked at in one turn."""
AHEAD: Final = 86_400
"""Seconds after its stamp that one may say it was set: each change makes that a second later at least."""


class Setting(Protocol):
    """What somebody set, at a Unix time, until another one or for ever."""

    @property
    def created(self) -> int:
        """When it was set."""

    @property
    def until(self) -> int | None:
        """When it is over; None: never."""

    def holds(self, now: float) -> bool:
        """Whether it is not over."""


T = TypeVar("T", bound=Setting)


class Recorded(ABC, Generic[T]):
    """What is known of each: what it is, or was when it was lifted, or only at which Unix time that was."""

    __slots__ = ("_field", "_fold", "_known")

    def __init__(self, fold: Folder, field: str) -> None:
        self._fold = fold
        self._field = field
        self._known: dict[str, T | int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, entity: str) -> T | None:
        """What an entity is, if that is known; it may be over."""
        found = self._known.get(entity)
        return None if isinstance(found, int) else found

    def since(self, entity: str) -> int | None:
        """The Unix time since which it is known whether there is one; None if it is not known."""
        found = self._known.get(entity)
        return found if found is None or isinstance(found, int) else found.created

    def all(self) -> list[T]:
        """All of which it is known what they are; some may be over."""
        return [each for each in self._known.values() if not isinstance(each, int)]

    def tidy(self, now: float, memory: float) -> Iterator[None]:
        """Forget what those are that are over, and of those that are for so many seconds everything.

        In slices, after each of which others may have their turn.
        """
        for number, entity in enumerate(list(self._known), 1):
            if number % SLICE == 0:
                yield
            found = self._known.get(entity)
            if found is not None and not isinstance(found, int):
                if found.holds(now):
                    continue
                found = self._known[entity] = max(found.created, found.until or 0)
            if found is not None and found < now - memory:
                del self._known[entity]

    def take(self, record: Record) -> None:
        """Take what a record says; ValueError if it makes no sense, or is not of this entity."""
        entity, field, stamp, value = record
        if field != self._field:
            return
        if value is not None:
            self._known[entity] = self._read(entity, value, stamp)
            return
        at, old = int(seconds_of(stamp)), self._known.get(entity)
        if old is None or isinstance(old, int):
            self._known[entity] = at
        else:
            self._known[entity] = self._lifted(old, max(at, old.created + 1))

    @abstractmethod
    def _read(self, entity: str, text: str, stamp: str) -> T:
        """What a value says that has a stamp."""

    @abstractmethod
    def _lifted(self, old: T, at: int) -> T:
        """The same as of when it was lifted."""
