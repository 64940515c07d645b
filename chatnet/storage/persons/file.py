"""The file of people who stay: a row each, read at the start, written while the server runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Table
from twisted.logger import Logger

from chatnet.storage.files import Damaged, Schema, opened, rename
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.texts import written
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person, Standing
from chatnet.storage.persons.tables import PERSON, SCHEMA, STANDING, VERSION, statements
from chatnet.storage.sqlite import connect, is_damage, reason_of

R = TypeVar("R", Person, Standing)

MIGRATIONS: Final = Path(__file__).parent / "migrations"
CACHE: Final = 2048
"""Kibibytes of the file that are in memory, at most."""

Changes = Mapping[tuple[Table, str], Person | Standing | None]
"""What is to be kept of a table under a key; None: nothing any more."""

log = Logger(namespace="chatnet")


class PersonFile:
    """The file at `path`; `now` is Unix time in seconds, for the name of a file that is set aside."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path: Final = path
        self._now: Final = now
        self._statements: Final = statements()
        self._connection: sqlite3.Connection | None = None

    def load(self) -> Stayed:
        """What is in the file, which is made or brought up to date; a damaged one is set aside.

        Raises StoreError.
        """
        try:
            return self._load()
        except Damaged as error:
            log.error(
                "{error} It is kept as {name}, and a new one was begun.", error=error, name=self.set_aside()
            )
            return self._load()

    def _load(self) -> Stayed:
        with opened(self.path, self._schema(), self._create, serving=True) as connection:
            return Stayed(
                list(self._read(connection, PERSON, Person.read)),
                list(self._read(connection, STANDING, Standing.read)),
            )

    def _read(self, connection: sqlite3.Connection, table: Table, read: Callable[[str], R]) -> Iterator[R]:
        for key, text in connection.execute(self._statements.all[table]):
            try:
                yield read(text)
            except ValueError as error:
                log.warn(
                    "{table} {key} cannot be read: {error}", table=table.name, key=repr(key), error=error
                )

    @staticmethod
    def _schema() -> Schema:
        return Schema("people who stay", SCHEMA, VERSION.name, MIGRATIONS, _before)

    def _create(self, connection: sqlite3.Connection) -> None:
        for statement in self._statements.creation:
            connection.execute(statement)
        connection.execute(self._statements.add_version, {"version": SCHEMA})

    def write(self, changes: Changes) -> None:
        """Write all of these, or none.  Raises StoreError: Damaged if what is in the file is no database."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            execute = self._connection.execute
            execute("BEGIN IMMEDIATE")
            for (table, key), row in changes.items():
                if row is None:
                    execute(self._statements.forget[table], {"key_": written(key)})
                else:
                    execute(self._statements.keep[table], {"key": written(key), "state": row.text})
            execute("COMMIT")
        except sqlite3.Error as error:
            self.close()
            kind = Damaged if is_damage(error) else StoreError
            raise kind(CANNOT_WRITE, reason_of(error)) from None

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():  # it was set aside
            with opened(self.path, self._schema(), self._create, serving=True):
                pass
        return connect(self.path, full=False, cache=CACHE)

    def set_aside(self) -> str:
        """Rename the file, so that the next one who writes begins another; gives the name that it has now.

        Raises StoreError.
        """
        self.close()
        aside = self.path.with_name(f"{self.path.name}.damaged-{int(self._now())}")
        rename(self.path, aside)
        return aside.name

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _before(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """No copy is kept: the steps are taken all or none."""
