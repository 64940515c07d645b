"""The lines by which full servers tell each other records: what stands in them, and reading them.

    :<sid> CNHAVE <store|*> <run|*> <seq> <head> <kinds> <services sid> <digest>
    :<sid> CNPAGE <store> <run> <count> <seq> <head>
    :<sid> CNREC <entity> <field> <stamp> [:<value>]
    :<sid> CNGOT <store> <seq>
    :<sid> CNEVEN
    :<sid> CNBKT <kind> <number|*> <16 hex>
    :<sid> CNWANT <kind> <number>
    :<sid> CNNEWS <store> <seq>

What they mean stands in ``links/exchange/feeds.py``.  On links stamps are without the zeros in front.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from chatnet.records.grammar import fixed, is_record
from chatnet.storage.interfaces import NOWHERE, Page, Position
from chatnet.storage.record import Record

NOTHING: Final = "*"
EVERY: Final = "*"
"""In the place of a bucket's number: all of a kind."""
BUCKETS: Final = 256
MOST_KINDS: Final = 26
_WORD: Final = re.compile(r"[0-9A-Za-z_/.-]{1,64}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_KINDS: Final = re.compile(r"[a-z]{1,26}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_STAMP: Final = re.compile(r"[0-9a-z]{1,9}\.[0-9a-z]{1,6}\.[0-9][0-9A-Z]{2}", re.ASCII)


class Have(NamedTuple):
    """What a server has of the other's store, and how it is set up."""

    store: str | None
    position: Position
    kinds: str
    services: str
    digest: str


class Beginning(NamedTuple):
    """That a page of `size` records follows, after which all up to `position` is told."""

    store: str
    size: int
    position: Position


def number(text: str) -> int:
    """A number of a line; ValueError for another text."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text[:20]!r} is no number")
    return int(text)


def word(text: str) -> str:
    """The id of a store or a run; ValueError for another text."""
    if _WORD.fullmatch(text) is None:
        raise ValueError(f"{text[:20]!r} is no id")
    return text


def _line(sid: str, *words: str) -> bytes:
    return f":{sid} {' '.join(words)}".encode()


def have(sid: str, told: Have) -> bytes:
    """``CNHAVE``"""
    at = told.position
    return _line(
        sid, "CNHAVE", told.store or NOTHING, at.run or NOTHING, str(at.seq), str(at.head), told.kinds,
        told.services, told.digest,
    )  # fmt: skip


def read_have(params: Sequence[str]) -> Have:
    """What CNHAVE says; ValueError if it is none."""
    store, run, seq, head, kinds, services, digest = params[:7]
    if _KINDS.fullmatch(kinds) is None:
        raise ValueError("these are no kinds of records")
    position = NOWHERE if NOTHING in (store, run) else Position(word(run), number(seq), number(head))
    return Have(None if store == NOTHING else word(store), position, kinds, services[:3], digest[:64])


def page(sid: str, store: str, told: Page) -> list[bytes]:
    """``CNPAGE``, and a ``CNREC`` for each record."""
    words = "CNPAGE", store, told.run, str(len(told.records)), str(told.seq), str(told.head)
    return [_line(sid, *words), *(record(sid, each) for each in told.records)]


def read_page(params: Sequence[str], most: int) -> Beginning:
    """What CNPAGE says; ValueError if it is none, or of more than so many records."""
    store, run, count, seq, head = params[:5]
    if number(count) > most:
        raise ValueError(f"a page has {most} records at most")
    return Beginning(word(store), number(count), Position(word(run), number(seq), number(head)))


def record(sid: str, told: Record) -> bytes:
    """``CNREC``"""
    ms, counted, origin = told.stamp.split(".")
    stamp = f"{ms.lstrip('0') or '0'}.{counted.lstrip('0') or '0'}.{origin}"
    value = () if told.value is None else (":" + told.value,)
    return _line(sid, "CNREC", told.entity, told.field, stamp, *value)


def read_record(params: Sequence[str]) -> Record:
    """What CNREC says; ValueError if it is no record."""
    entity, field, stamp = params[:3]
    if _STAMP.fullmatch(stamp) is None:
        raise ValueError("a record without a stamp")
    found = Record(entity, field, fixed(stamp), params[3] if len(params) > 3 else None)
    if not is_record(found):
        raise ValueError("a record that is none")
    return found


def news(sid: str, store: str, seq: int) -> bytes:
    """CNNEWS: our database has come to this number."""
    return _line(sid, "CNNEWS", store, str(seq))


def read_news(params: Sequence[str]) -> tuple[str, int]:
    """The store of CNNEWS, and its number; ValueError if it is none."""
    return word(params[0]), number(params[1])


def got(sid: str, store: str, seq: int) -> bytes:
    """``CNGOT``"""
    return _line(sid, "CNGOT", store, str(seq))


def even(sid: str) -> bytes:
    """``CNEVEN``"""
    return _line(sid, "CNEVEN")


def bucket(sid: str, kind: str, which: int | None, digest: int) -> bytes:
    """``CNBKT``"""
    return _line(sid, "CNBKT", kind, EVERY if which is None else str(which), f"{digest:016x}")


def read_bucket(params: Sequence[str]) -> tuple[str, int | None, int]:
    """What CNBKT says: the kind, which bucket of it (None: all), and the digest; ValueError if it is none."""
    if len(params[0]) != 1 or _KINDS.fullmatch(params[0]) is None or _DIGEST.fullmatch(params[2]) is None:
        raise ValueError("it is no bucket")
    return params[0], None if params[1] == EVERY else which_bucket(params[1]), int(params[2], 16)


def want(sid: str, kind: str, which: int) -> bytes:
    """``CNWANT``"""
    return _line(sid, "CNWANT", kind, str(which))


def which_bucket(text: str) -> int:
    """The number of a bucket; ValueError if there is none of it."""
    found = number(text)
    if found >= BUCKETS:
        raise ValueError("there is no such bucket")
    return found
