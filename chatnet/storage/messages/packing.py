"""Entries as text, for a file in which they wait: an array of JSON, of arrays with the kind first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, cast

from chatnet.storage.messages.rows import (
    Began,
    Came,
    Ended,
    Entry,
    Erased,
    Filled,
    Gap,
    Kept,
    Marked,
    Moved,
    Place,
    Redacted,
    Row,
    Said,
    Silent,
    Stayed,
    Went,
)

SAID: Final = "Said"
_KINDS: Final[dict[str, Any]] = {
    kind.__name__: kind
    for kind in (
        Row,
        Redacted,
        Began,
        Silent,
        Ended,
        Moved,
        Kept,
        Came,
        Went,
        Stayed,
        Marked,
        Erased,
        Gap,
        Filled,
    )
}
_PLACES: Final = frozenset({"place", "to"})


def packed(entries: Sequence[Entry]) -> str:
    """A group, as text in ASCII."""
    return json.dumps([_fields(entry) for entry in entries], separators=(",", ":"))


def unpacked(text: str) -> list[Entry]:
    """The group again.  Raises ValueError for what is none."""
    try:
        return [_entry(*fields) for fields in json.loads(text)]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("is no group of entries") from error


def _fields(entry: Entry) -> list[object]:
    if type(entry) is tuple:
        *fields, source, text = cast(Said, entry)
        return [SAID, *fields, source.decode("latin-1"), text]
    return [type(entry).__name__, *entry]


def _entry(name: str, *fields: Any) -> Entry:
    if name == SAID:
        place, at, msgid, kind, flags, person, source, text = fields
        return Place(*place), at, msgid, kind, flags, person, source.encode("latin-1"), text
    kind = _KINDS[name]
    pairs = zip(kind._fields, fields, strict=True)
    entry: Entry = kind(
        *(Place(*value) if field in _PLACES and value is not None else value for field, value in pairs)
    )
    return entry
