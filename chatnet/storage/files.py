"""A file with tables in it: it is made, or brought up to date, before anything else is done with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.migrating import migrate
from chatnet.storage.sqlite import connect, is_damage, make_file, reason_of


class Damaged(StoreError):
    """What is in a file is no database, or not a whole one."""


class Schema(NamedTuple):
    """What the tables of a file are.

    `what` is in it, as people are told; `known` is the version that this program knows, `table` where
    that of a file is noted, `steps` the folder of those that lead to it, and `before` is called before they
    are taken, with the version that the file had.
    """

    what: str
    known: str
    table: str
    steps: Path
    before: Callable[[sqlite3.Connection, Path, str], None]


@contextmanager
def opened(
    path: Path, schema: Schema, create: Callable[[sqlite3.Connection], None], serving: bool
) -> Iterator[sqlite3.Connection]:
    """A connection to the file, which is made or brought up to date.  Whatever fails raises StoreError.

    `create` makes all tables, in a transaction that was begun.
    """
    what = f"The {schema.what} in {path}"
    try:
        make_file(path)
        with closing(connect(path)) as connection:
            found = _version(connection, schema, what)
            if found is None:
                _create(connection, create)
            elif found > schema.known:
                raise StoreError(f"{what} are of a newer chatnet: schema {found}, and not {schema.known}.")
            elif found < schema.known and not serving:
                # A server of before may be running on it.
                raise StoreError(f"{what} are of an older chatnet: start the server once.")
            elif found < schema.known:
                schema.before(connection, path, found)
                migrate(path, schema.table, schema.steps)
            yield connection
    except sqlite3.Error as error:
        kind = Damaged if is_damage(error) else StoreError
        raise kind(f"{what} cannot be used: {reason_of(error)}.") from None
    except OSError as error:
        raise StoreError(f"{what} cannot be used: {error.strerror}.") from None


def rename(path: Path, new: Path) -> None:
    """Give a file another name, and those that SQLite has beside it.  Raises StoreError."""
    try:
        for end in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(new.with_name(new.name + end))
    except OSError as error:
        raise StoreError(CANNOT_WRITE, str(error.strerror)) from None


def _version(connection: sqlite3.Connection, schema: Schema, what: str) -> str | None:
    """The schema of the file, or None if there is nothing in it."""
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        raise StoreError(f"{what} cannot be used: this disk allows no write-ahead log.")
    if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        return None
    row = connection.execute(f"SELECT version_num FROM {schema.table}").fetchone()
    if row is None:
        raise StoreError(f"{what} cannot be used: no schema is noted in them.")
    return str(row[0])


def _create(connection: sqlite3.Connection, create: Callable[[sqlite3.Connection], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():  # or another process was quicker
        create(connection)
    connection.execute("COMMIT")
