"""Stores of each kind for tests, and records to put into them."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from postgresql_server import PASSWORD, Postgres

from chatnet.records.grammar import fixed
from chatnet.records.meaning import RecordMeaning
from chatnet.rules.stamps import Stamp
from chatnet.storage.answers import at_once
from chatnet.storage.copies import copy
from chatnet.storage.interfaces import Meaning, Store
from chatnet.storage.memory import MemoryStore
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


Opener = Callable[[str], Store]
"""Opens a file anew, by the server of a SID; as often as one likes, each time another file."""


class Kind(Protocol):
    """How tests make stores of one kind, each of one server."""

    def make(self, sid: str = "0AA") -> Store:
        """A new one."""

    def restarted(self, store: Store) -> Store:
        """The same one, opened by another process."""

    def saved(self, store: Store) -> Opener:
        """A copy of its file."""


class Told:
    """Takes down what a store tells of news."""

    def __init__(self, store: Store) -> None:
        self.pages: list[Sequence[Record]] = []
        store.taken = self.pages.append

    def take(self) -> list[Record]:
        """All that was told since the last time."""
        pages, self.pages[:] = list(self.pages), []
        return [record for page in pages for record in page]


class InMemory:
    """Stores in memory."""

    def __init__(self, meaning: Meaning = MEANING) -> None:
        self._meaning = meaning

    def make(self, sid: str = "0AA") -> Store:
        return MemoryStore(self._meaning, sid)

    def restarted(self, store: Store) -> Store:
        assert isinstance(store, MemoryStore)
        store.start()
        return store

    def saved(self, store: Store) -> Opener:
        assert isinstance(store, MemoryStore)
        return store.saved()


class InFiles:
    """Stores in files of a folder, without threads."""

    def __init__(self, folder: Path, meaning: Meaning = MEANING) -> None:
        self._folder = folder
        self._meaning = meaning
        self._numbers = itertools.count()
        self._files: dict[Store, tuple[Path, str]] = {}

    def make(self, sid: str = "0AA") -> Store:
        return self._opened(self._new(), sid)

    def restarted(self, store: Store) -> Store:
        assert isinstance(store, SQLiteStore)
        at_once(store.close())
        return self._opened(*self._files.pop(store))

    def saved(self, store: Store) -> Opener:
        saved = self._new()
        with closing(connect(self._files[store][0])) as connection:
            copy(connection, saved)

        def opened(sid: str) -> Store:
            path = self._new()
            shutil.copy(saved, path)
            return self._opened(path, sid)

        return opened

    def close(self) -> None:
        """Let go of all files."""
        for store in self._files:
            assert isinstance(store, SQLiteStore)
            at_once(store.close())

    def _new(self) -> Path:
        return self._folder / f"{next(self._numbers)}.sqlite"

    def _opened(self, path: Path, sid: str) -> Store:
        store = open_store(path, self._meaning, sid=sid, casemapping="rfc1459", serving=True)
        self._files[store] = path, sid
        return store


class InDatabases:
    """Stores in databases of PostgreSQL, each with a copy in a file of a folder; without threads."""

    def __init__(self, folder: Path, postgres: Postgres, meaning: Meaning = MEANING) -> None:
        self._folder = folder
        self._postgres = postgres
        self._meaning = meaning
        self._numbers = itertools.count()
        self._places: dict[Store, tuple[Path, str, str]] = {}

    def make(self, sid: str = "0AA") -> SQLiteStore:
        return self.joined(self._postgres.database(), sid)

    def joined(self, database: str, sid: str) -> SQLiteStore:
        """A store of one more server of a database."""
        return self._opened(self._folder / f"{next(self._numbers)}.sqlite", database, sid)

    def restarted(self, store: Store) -> Store:
        assert isinstance(store, SQLiteStore)
        at_once(store.close())
        return self._opened(*self._places.pop(store))

    def saved(self, store: Store) -> Opener:
        raise NotImplementedError("a database is copied by other means")

    def close(self) -> None:
        """Let go of all of them."""
        for store in self._places:
            assert isinstance(store, SQLiteStore)
            at_once(store.close())

    def _opened(self, path: Path, database: str, sid: str) -> SQLiteStore:
        from chatnet.storage.shared import open_shared  # which needs psycopg

        url = self._postgres.url(database, "chat", PASSWORD)
        store = open_shared(path, url, self._meaning, sid=sid, casemapping="rfc1459", serving=True)
        self._places[store] = path, database, sid
        return store
