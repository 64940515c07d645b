"""What is done with the file of messages first: it is made, or brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from chatnet.storage.files import Schema, opened
from chatnet.storage.messages.file import MessageFile
from chatnet.storage.messages.index import Index, Search, is_there, make, remove
from chatnet.storage.messages.speech import SQLITE
from chatnet.storage.messages.tables import SCHEMA, VERSION, Statements, creation

MIGRATIONS: Final = Path(__file__).parent / "migrations"


class Opened(NamedTuple):
    """What a file of messages is, as of its opening."""

    heard: int
    """When the last group was written, Unix time in milliseconds; 0: never."""
    words: Index
    aside: str = ""
    """The name of a damaged file in whose place it is, if there was one."""


def _before(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """No copy is kept: it may be as large as all that was ever said, and the steps are taken all or none."""


def _schema() -> Schema:
    return Schema("messages", SCHEMA, VERSION.name, MIGRATIONS, _before)


def prepare(file: MessageFile, *, serving: bool) -> Opened:
    """Have the file be a store of messages, and raise StoreError else.

    With `serving` its index becomes one for the kind of search that is asked for, if this library has any.
    """
    statements = file.statements

    def create(connection: sqlite3.Connection) -> None:
        for statement in creation(SQLITE.dialect):
            connection.execute(statement)
        connection.execute(statements.add_version, {"version_num": SCHEMA})

    with opened(file.path, _schema(), create, serving) as connection:
        facts: dict[str, str] = dict(connection.execute(statements.facts))
        index = _known(facts)
        if serving:
            index = _index(connection, statements, index, file.search)
        return Opened(int(facts.get("heard", "0")), index)


def silence(file: MessageFile, heard: int) -> None:
    """Nobody is in a channel: a server that was killed told nobody's leaving, and none was there after the
    last group that it wrote.
    """
    with opened(file.path, _schema(), _nothing, serving=True) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(file.statements.silence_all, {"at": heard})
        connection.execute(file.statements.nobody_stays, {"at": heard})
        connection.execute("COMMIT")


def _nothing(connection: sqlite3.Connection) -> None:
    """The file is there already."""


def _known(facts: dict[str, str]) -> Index:
    search = facts.get("search", "off")
    kind: Search = "words" if search == "words" else "trigrams" if search == "trigrams" else "off"
    return Index(kind, int(facts.get("indexed", "0")))


def _index(connection: sqlite3.Connection, statements: Statements, known: Index, search: Search) -> Index:
    """Have an index of that kind.  Messages that are there already come into a new one by and by."""
    if search != "off" and not is_there(connection):
        search = "off"
    if search == known.search:
        return known
    connection.execute("BEGIN IMMEDIATE")
    since = 0
    if search != "off":
        make(connection, search)
        (last,) = connection.execute(statements.last_number).fetchone()
        since = last + 1 if last else 0
    elif is_there(connection):
        remove(connection)
    for key, value in (("search", search), ("indexed", str(since))):
        connection.execute(statements.state, {"key": key, "value": value})
    connection.execute("COMMIT")
    return Index(search, since)
