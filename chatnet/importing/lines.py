"""Lines and whole files of others, of which nothing is known but that they may be anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from chatnet.importing.neutral import Unreadable
from chatnet.wire.text import one_line

MOST_LINE: Final = 64 * 1024
"""Bytes of a line: what is longer is left out."""
MOST_WHOLE: Final = 512 * 1024 * 1024
"""Bytes of a file that can only be read as a whole."""


def lines(file: BinaryIO, most: int = MOST_LINE) -> Iterator[tuple[int, str | None]]:
    """The lines with their numbers, without what ends them; None for one of more than `most` bytes."""
    number = 0
    while data := file.readline(most + 2):
        number += 1
        if len(data) <= most or data.endswith(b"\n"):
            yield number, decoded(data.rstrip(b"\r\n"))
            continue
        while data and not data.endswith(b"\n"):
            data = file.readline(most)
        yield number, None


def decoded(data: bytes) -> str:
    """One line as a text: UTF-8, or Latin-1 where it is none, as the programs of before had it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return one_line(text)


def number_of(text: str, digits: int = 15) -> int:
    """A count or a time of at most so many digits; ValueError for anything else.

    It does not say what stood there: that may be part of a password, where words are not as they should be.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise ValueError("There is no number where one should be")
    return int(text)


def whole_json(file: BinaryIO) -> Any:
    """The JSON that a whole file is; raises Unreadable."""
    data = file.read(MOST_WHOLE + 1)
    if len(data) > MOST_WHOLE:
        raise Unreadable(f"The file is larger than {MOST_WHOLE >> 20} MiB.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"The file is no JSON{where}.") from None


def some_json(text: str) -> dict[str, Any]:
    """The object of JSON that a text is; ValueError for anything else."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is no JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it is no object of JSON")
    return found
