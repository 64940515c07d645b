"""Stores of each kind for tests, and records to put into them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from chatnet.records.grammar import fixed
from chatnet.records.meaning import RecordMeaning
from chatnet.rules.stamps import Stamp
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import Store
from chatnet.storage.memory import MemoryStore
from chatnet.storage.migrating import copy
from chatnet.storage.record import Record
from chatnet.storage.sqlite import connect
from chatnet.storage.store import SQLiteStore, open_store
from chatnet.wire.casemap import folder

MEANING: Final = RecordMeaning(folder("rfc1459"))
ANN: Final = "aaaaaaaaaaaaaaaaaaaaa"
BOB: Final = "abbbbbbbbbbbbbbbbbbbb"
CAT: Final = "acccccccccccccccccccc"
CLUB: Final = "cdddddddddddddddddddd"


def stamp(ms: int, sid: str = "0AA") -> str:
    """The stamp of a time."""
    return fixed(Stamp(ms, 0, sid).text)


def named(entity: str, name: str, ms: int) -> Record:
    """That an entity asks for a name from `ms` on."""
    return Record(entity, "name", stamp(ms), f"{stamp(ms)} {name}")


def grouped(entity: str, nick: str, ms: int) -> Record:
    """That an account asks for a nick from `ms` on."""
    return Record(entity, f"nick:{nick}", stamp(ms), f"{stamp(ms)} {nick}")


class Kind(NamedTuple):
    """How tests make stores of one kind."""

    make: Callable[[], Store]
    restarted: Callable[[Store], Store]
    """The same store, opened by another process."""
    copied: Callable[[Store, str], Store]
    """A copy of it, opened by the server of that SID."""


class Told:
    """Takes down what a store tells of news."""

    def __init__(self, store: Store) -> None:
        self.pages: list[Sequence[Record]] = []
        store.taken = self.pages.append

    def take(self) -> list[Record]:
        """All that was told since the last time."""
        pages, self.pages[:] = list(self.pages), []
        return [record for page in pages for record in page]


def _restarted(store: Store) -> Store:
    assert isinstance(store, MemoryStore)
    store.start()
    return store


def _copied(store: Store, sid: str) -> Store:
    assert isinstance(store, MemoryStore)
    return store.copied(sid)


MEMORY: Final = Kind(lambda: MemoryStore(MEANING, "0AA"), _restarted, _copied)


def sqlite(folder: Path) -> Kind:
    """Stores in files of a folder, without threads."""
    numbers = itertools.count()
    files: dict[Store, Path] = {}

    def opened(path: Path, sid: str) -> Store:
        store = open_store(path, MEANING, sid=sid, casemapping="rfc1459", serving=True)
        files[store] = path
        return store

    def restarted(store: Store) -> Store:
        assert isinstance(store, SQLiteStore)
        at_once(store.close())
        return opened(files[store], "0AA")

    def copied(store: Store, sid: str) -> Store:
        path = folder / f"{next(numbers)}.sqlite"
        with closing(connect(files[store])) as connection:
            copy(connection, path)
        return opened(path, sid)

    return Kind(lambda: opened(folder / f"{next(numbers)}.sqlite", "0AA"), restarted, copied)
