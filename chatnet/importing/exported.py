"""All records as JSON Lines: ``{"entity": …, "field": …, "stamp": …, "value": … or null}``, one a line.

The first line says what it is: ``{"chatnet": "records", "version": 1, "casemapping": …}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from chatnet.importing.lines import lines, some_json
from chatnet.importing.neutral import Found, Unreadable
from chatnet.records.grammar import is_record
from chatnet.storage.record import Record

SOURCE: Final = "chatnet"
VERSION: Final = 1


def written(records: Iterable[Record], casemapping: str) -> Iterator[str]:
    """The lines, with what ends them."""
    yield json.dumps({"chatnet": "records", "version": VERSION, "casemapping": casemapping}) + "\n"
    for entity, name, stamp, value in records:
        yield json.dumps({"entity": entity, "field": name, "stamp": stamp, "value": value}) + "\n"


def read(file: BinaryIO, casemapping: str, latest: str, found: Found) -> Iterator[Record]:
    """The records of a file; what cannot be used is complained of.  Raises Unreadable.

    A stamp beyond `latest` is that of a clock that was wrong: no server takes it.
    """
    for number, text in lines(file):
        try:
            if text is None:
                raise ValueError("The line is too long")
            data = some_json(text)
            if number == 1:
                _begin(data, casemapping)
                continue
            record = Record(
                data.get("entity", ""), data.get("field", ""), data.get("stamp", ""), data.get("value")
            )
            texts = (*record[:3], "" if record.value is None else record.value)
            if not all(isinstance(each, str) for each in texts) or not is_record(record):
                raise ValueError("It is no record")
            if record.stamp > latest:
                raise ValueError("Its stamp is of a time to come")
        except ValueError as error:
            if number == 1:
                raise Unreadable(
                    "The file is no export of chatnet: its first line does not say so."
                ) from None
            found.complain(number, str(error))
        else:
            yield record


def _begin(data: dict[str, object], casemapping: str) -> None:
    if data.get("chatnet") != "records":
        raise ValueError("it is another file")
    if data.get("version") != VERSION:
        raise Unreadable(f"The file is of version {data.get('version')!r}: this chatnet reads {VERSION}.")
    if data.get("casemapping") != casemapping:
        raise Unreadable(
            f"The names in the file are folded by {data.get('casemapping')!r}: "
            "server.casemapping has to be that."
        )
