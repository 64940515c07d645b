"""A damaged file is set aside, and another one begun.

What can still be read of it and is little is taken along: who was told to be forgotten, what was deleted, how
long things are kept, who was there when.  Messages are not; of those there are gaps, from the beginning on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from chatnet.storage.files import rename
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.file import MessageFile
from chatnet.storage.messages.interfaces import Trouble
from chatnet.storage.messages.opening import Opened, prepare
from chatnet.storage.messages.rows import APART, Place
from chatnet.storage.messages.tables import labelled
from chatnet.storage.sqlite import reason_of

TAKEN_ALONG: Final = ("person", "target", "erasure", "erasing", "redaction", "odd_id", "stay", "mark")

log = Logger(namespace="chatnet")


def aside(name: str) -> Trouble:
    """What operators are told of it."""
    text = f"The messages were damaged: the file is kept as {name}, and a new one was begun"
    return Trouble(text, stored=True)


def begin_anew(file: MessageFile, places: Sequence[Place], now: int) -> tuple[str, Opened]:
    """Rename the file, and have a new one; `places` are known to be messages of.  Raises StoreError.

    Gives the name that the damaged one has now.
    """
    damaged = file.path.with_name(f"{file.path.name}.damaged-{now // 1000}")
    rename(file.path, damaged)
    file.age += 1
    opened = prepare(file, serving=True)
    try:
        with closing(file.connect_to_write()) as connection, closing(_another(damaged)) as source:
            connection.execute("BEGIN IMMEDIATE")
            for table in TAKEN_ALONG:
                _take_along(source, connection, table)
            _take_along(source, connection, "gap", f"WHERE sid = '{APART}'")
            for place in places:
                connection.execute(file.statements.note_target, {**labelled(place), "began": now})
            connection.execute(file.statements.all_gaps, {"until": now})
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(CANNOT_WRITE, reason_of(error)) from None
    return damaged.name, opened


def _another(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _take_along(
    source: sqlite3.Connection, connection: sqlite3.Connection, table: str, where: str = ""
) -> None:
    """Copy the rows of a table, as far as they can be read."""
    names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    add = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"
    rows = _readable(source, f"SELECT {columns} FROM {table} {where}")
    for row in rows:
        connection.execute(add, row)


def _readable(source: sqlite3.Connection, statement: str) -> Iterator[Sequence[object]]:
    try:
        yield from source.execute(statement)
    except sqlite3.DatabaseError as error:
        log.warn("Not all of the damaged messages can be read: {reason}", reason=reason_of(error))
