"""What values of records are put together of: words, numbers, stamps; ValueError for anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar

from chatnet.records.grammar import is_stamp, split
from chatnet.storage.record import Record

V = TypeVar("V")

_SHA256: Final = re.compile("[0-9a-f]{64}")
_NUMBER: Final = re.compile("[0-9]{1,15}", re.ASCII)


def words(text: str, count: int) -> list[str]:
    """So many words, of which the last may be empty or have spaces in it."""
    found = text.split(" ", count - 1)
    if len(found) != count or not all(found[:-1]):
        raise ValueError(f"it is not {count} words")
    return found


def word(text: str) -> str:
    """One word that is not empty."""
    if not text or " " in text:
        raise ValueError("it is not one word")
    return text


def remark(text: str) -> str:
    """What stands behind a colon."""
    if text[:1] != ":":
        raise ValueError("there is no colon")
    return text[1:]


def number(text: str) -> int:
    """A number of at most 15 decimal digits: seconds, days, a count."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no number")
    return int(text)


def flag(text: str) -> bool:
    """``1`` or ``0``."""
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def stamp(text: str) -> str:
    """A stamp of fixed width."""
    if not is_stamp(text):
        raise ValueError(f"{text!r} is no stamp")
    return text


def is_sha256(text: str) -> bool:
    """Whether it is a SHA-256: 64 hex digits in lower case."""
    return _SHA256.fullmatch(text) is not None


def sha256(text: str) -> str:
    """A SHA-256 of 64 hex digits in lower case."""
    if not is_sha256(text):
        raise ValueError("it is no SHA-256 in hex")
    return text


def keyed(records: Iterable[Record], name: str, read: Callable[[str], V]) -> list[tuple[str, V]]:
    """What the fields ``<name>:<key>`` of an entity say, with their keys; what makes no sense is left out."""
    found = []
    for record in records:
        this, key = split(record.field)
        if this == name and record.value is not None:
            with suppress(ValueError):
                found.append((key, read(record.value)))
    return found
