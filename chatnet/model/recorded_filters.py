"""The filters that are records: what full servers have in common, by their entities."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chatnet.model.filters import ACTIONS, KINDS, WHERE, Filter, filter_entity, fits_record
from chatnet.model.recorded import AHEAD, Recorded
from chatnet.records.filters import FIELD, FilterValue
from chatnet.records.grammar import seconds_of
from chatnet.wire.casemap import Folder

EVERYBODY: Final = "everybody"
DRY: Final = "dry"
QUIET: Final = "quiet"


class RecordedFilters(Recorded[Filter]):
    """The filters."""

    __slots__ = ()

    def __init__(self, fold: Folder) -> None:
        super().__init__(fold, FIELD)

    def _lifted(self, old: Filter, at: int) -> Filter:
        return replace(old, created=at, until=at)

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
