"""A store with many accounts and registered channels, as a large network has them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from chatnet.records.meaning import RecordMeaning
from chatnet.storage.answers import at_once
from chatnet.storage.record import Record
from chatnet.storage.store import open_store
from chatnet.wire.casemap import folder

CASEMAPPING: Final = "rfc1459"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
TOGETHER: Final = 1000
VERIFIER: Final = (
    "- SCRAM-SHA-256$64000:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def records(accounts: int) -> Iterator[Record]:
    """Accounts with five fields, a third of them with a grouped nick; a tenth as many channels with three.

    100,000 accounts are 563,000 records.
    """
    numbers = iter(range(10_000_000))

    def record(entity: str, field: str, value: str) -> Record:
        stamp = f"0kabc1234.{next(numbers):0>6}.9ZZ"
        return Record(entity, field, stamp, value.replace("SINCE", stamp))

    for number in range(accounts):
        entity, name = _id("a", number), f"user{number}"
        yield record(entity, "name", f"SINCE {name}")
        yield record(entity, "created", "1764000000 9ZZ")
        yield record(entity, "verifier", VERIFIER)
        yield record(entity, "email", f"1 {name}@example.org")
        yield record(entity, "seen", "20421")
        if number % 100 < 33:
            yield record(entity, f"nick:{name}-", f"SINCE {name}-")
    for number in range(accounts // 10):
        entity = _id("c", number)
        yield record(entity, "name", f"SINCE #channel{number}")
        yield record(entity, "created", "1764000000 9ZZ")
        yield record(entity, "founder", _id("a", number))


def _id(kind: str, number: int) -> str:
    letters = ""
    for _ in range(20):
        number, letter = divmod(number * 5 + 3, 32)
        letters += LETTERS[letter]
    return kind + letters


def sow(path: Path, sid: str, accounts: int) -> int:
    """Make a store for the server of that SID at `path`; how many records there are in it."""
    store = open_store(
        path, RecordMeaning(folder(CASEMAPPING)), sid=sid, casemapping=CASEMAPPING, serving=False
    )
    count, found = 0, records(accounts)
    while some := list(islice(found, TOGETHER)):
        at_once(store.merge(some, "seeds", "9ZZ", None))
        count += len(some)
    at_once(store.close())
    return count
