"""The filters that are records: what full servers have in common, by their entities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from chatnet.model.filters import ACTIONS, KINDS, WHERE, Filter, filter_entity, fits_record
from chatnet.model.recorded_bans import AHEAD, SLICE
from chatnet.records.filters import FIELD, FilterValue
from chatnet.records.grammar import seconds_of
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder

EVERYBODY: Final = "everybody"
DRY: Final = "dry"
QUIET: Final = "quiet"


class RecordedFilters:
    """What is known of each: a filter as it is, or was when it was lifted, or only at which Unix time."""

    __slots__ = ("_fold", "_known")

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._known: dict[str, Filter | int] = {}

    def get(self, entity: str) -> Filter | None:
        """The filter that an entity is, if it is known what it is; it may be over."""
        found = self._known.get(entity)
        return found if isinstance(found, Filter) else None

    def changed(self, entity: str) -> int | None:
        """The Unix time since which it is known whether there is such a filter; None if it is not known."""
        found = self._known.get(entity)
        return found.created if isinstance(found, Filter) else found

    def all(self) -> list[Filter]:
        """All of which it is known what they are; some may be over."""
        return [each for each in self._known.values() if isinstance(each, Filter)]

    def tidy(self, now: float, memory: float) -> Iterator[None]:
        """Forget what those are of that are over, and of those that are for so many seconds everything.

        In slices, after each of which others may have their turn.
        """
        for number, entity in enumerate(list(self._known), 1):
            if number % SLICE == 0:
                yield
            found = self._known.get(entity)
            if isinstance(found, Filter):
                if found.holds(now):
                    continue
                found = self._known[entity] = max(found.created, found.until or 0)
            if found is not None and found < now - memory:
                del self._known[entity]

    def take(self, record: Record) -> None:
        """Take what a record says; ValueError if that is no filter, or not one of this entity."""
        if record.field != FIELD:
            return
        if record.value is None:
            at, old = int(seconds_of(record.stamp)), self._known.get(record.entity)
            if isinstance(old, Filter):
                at = max(at, old.created + 1)
                self._known[record.entity] = replace(old, created=at, until=at)
            else:
                self._known[record.entity] = at
            return
        self._known[record.entity] = self._read(record.entity, record.value, record.stamp)

    def _read(self, entity: str, text: str, stamp: str) -> Filter:
        value = FilterValue.read(text)
        if (
            value.kind not in KINDS
            or value.action not in ACTIONS
            or not fits_record(value.pattern, value.reason, value.by)
            or filter_entity(value.kind, value.pattern) != entity
        ):
            raise ValueError("it is no filter of this entity")
        return Filter(
            entity,
            value.kind,
            value.pattern,
            value.action,
            frozenset(value.where) & frozenset(WHERE),
            EVERYBODY not in value.options,
            DRY in value.options,
            QUIET in value.options,
            value.seconds,
            frozenset(map(self._fold, value.channels)),
            value.reason,
            value.by,
            min(value.set, int(seconds_of(stamp)) + AHEAD),
            value.until or None,
            record=True,
        )


def filter_value(filter: Filter) -> str:
    """What the record of a filter says."""
    options = [
        word
        for word, is_set in ((EVERYBODY, not filter.strangers), (DRY, filter.dry), (QUIET, filter.quiet))
        if is_set
    ]
    return FilterValue(
        filter.created,
        filter.until or 0,
        filter.action,
        filter.by.replace(" ", "_") or "*",
        filter.kind,
        filter.seconds,
        tuple(each for each in WHERE if each in filter.where),
        tuple(options),
        tuple(sorted(filter.spared)),
        filter.pattern,
        filter.reason,
    ).text
