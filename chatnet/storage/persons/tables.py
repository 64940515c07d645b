"""The tables of people who stay, and what is asked of them, as SQL."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Column, MetaData, String, Table, bindparam, delete, select
from sqlalchemy.schema import CreateTable

from chatnet.storage.messages.speech import SQLITE
from chatnet.storage.tables import TEXT

SCHEMA: Final = "0001"
"""The version of all this; ``migrations/`` lead to it."""

PERSONS: Final = MetaData()

VERSION: Final = Table("persons_version", PERSONS, Column("version_num", String(32), primary_key=True))
"""One row: the schema that the file has, where Alembic looks for it."""

PERSON: Final = Table(
    "person",
    PERSONS,
    Column("key", TEXT, primary_key=True),
    Column("state", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""A ``rows.Person`` each, by the key of the account."""

STANDING: Final = Table(
    "standing",
    PERSONS,
    Column("key", TEXT, primary_key=True),
    Column("state", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""A ``rows.Standing`` each, by the folded name of the channel."""


class Statements:
    """What is asked of the tables; `keep` and `forget` by table."""

    def __init__(self) -> None:
        given: Any = bindparam
        made = SQLITE.made
        self.creation = [
            str(CreateTable(table).compile(dialect=SQLITE.dialect)) for table in PERSONS.tables.values()
        ]
        self.add_version = made(SQLITE.insert(VERSION).values(version_num=given("version")))
        self.all = {table: made(select(table.c.key, table.c.state)) for table in (PERSON, STANDING)}
        self.keep = {
            table: made(
                SQLITE.insert(table)
                .values(key=given("key"), state=given("state"))
                .on_conflict_do_update(index_elements=["key"], set_={"state": given("state")})
            )
            for table in (PERSON, STANDING)
        }
        self.forget = {
            table: made(delete(table).where(table.c.key == given("key_"))) for table in (PERSON, STANDING)
        }


@cache
def statements() -> Statements:
    """Those of all files of this process."""
    return Statements()
