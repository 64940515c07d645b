"""What is done with the file of messages first: it is made, or brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from chatnet.storage.files import Schema, opened
from chatnet.storage.messages.tables import DIALECT, SCHEMA, VERSION, Statements, creation

MIGRATIONS: Final = Path(__file__).parent / "migrations"


class Opened(NamedTuple):
    """What a file of messages is, as of its opening."""

    heard: int
    """When the last group was written, Unix time in milliseconds; 0: never."""


def _before(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """No copy is kept: it may be as large as all that was ever said, and the steps are taken all or none."""


MESSAGES: Final = Schema("messages", SCHEMA, VERSION.name, MIGRATIONS, _before)


def prepare(path: Path, statements: Statements, serving: bool) -> Opened:
    """Have the file at `path` be a store of messages.  Raises StoreError."""

    def create(connection: sqlite3.Connection) -> None:
        for statement in creation(DIALECT):
            connection.execute(statement)
        connection.execute(statements.add_version, {"version_num": SCHEMA})

    with opened(path, MESSAGES, create, serving) as connection:
        facts: dict[str, str] = dict(connection.execute(statements.facts))
        return Opened(int(facts.get("heard", "0")))
