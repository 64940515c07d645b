"""What is done with the file of a store first: it is made, or brought up to date, and looked at."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.engine import Dialect

from chatnet.storage.connection import Connection
from chatnet.storage.files import Schema, opened
from chatnet.storage.interfaces import StoreError
from chatnet.storage.migrating import MIGRATIONS, keep_copy
from chatnet.storage.runs import new_id
from chatnet.storage.tables import SCHEMA, VERSION, Statements, creation

DIALECT: Final = dialect(paramstyle="named")
COPY: Final = "copy"
"""The fact of a file that it is a copy of a database; else it is absent, or empty."""


class Opened(NamedTuple):
    """What a store is, as of its opening."""

    id: str
    run: str
    seq: int
    """The highest number that was given out."""
    stamp: str
    """The greatest stamp that was ever taken; empty: none."""


def prepare(path: Path, statements: Statements, sid: str, casemapping: str, serving: bool, at: int) -> Opened:
    """Have the file at `path` be the store of the server `sid`, as of the Unix time `at`.

    With `serving` a new run begins: the numbers that are given out from now on are of this process.  A file
    that was another server's is a copy: it is another store from now on, which has read all of that one.  So
    is a file that was a copy of a database.
    Raises StoreError.
    """
    with ready(path, statements, sid, casemapping, serving) as connection:
        return _look(connection, statements, path, sid, casemapping, serving, at)


def ready(
    path: Path, statements: Statements, sid: str, casemapping: str, serving: bool
) -> AbstractContextManager[sqlite3.Connection]:
    """A connection to the file, which is made or brought up to date.  Whatever fails raises StoreError."""
    return opened(
        path,
        Schema("accounts", SCHEMA, VERSION.name, MIGRATIONS, keep_copy),
        lambda connection: create(connection, statements, DIALECT, sid, casemapping),
        serving,
    )


def create(
    connection: Connection, statements: Statements, dialect: Dialect, sid: str, casemapping: str
) -> None:
    """Make all tables, in a transaction that was begun; there is another store from now on."""
    for statement in creation(dialect):
        connection.execute(statement)
    connection.execute(statements.add_version, {"version_num": SCHEMA})
    facts = {
        "id": new_id(),
        "sid": sid,
        "casemapping": casemapping,
        "seq": "0",
        "stamp": "",
        "forgotten": "",
    }
    for key, value in facts.items():
        connection.execute(statements.add_fact, {"key": key, "value": value})


def _look(
    connection: sqlite3.Connection,
    statements: Statements,
    path: Path,
    sid: str,
    casemapping: str,
    serving: bool,
    at: int,
) -> Opened:
    execute = connection.execute

    def state(key: str, value: str) -> None:
        facts[key] = value
        execute(statements.change_fact, {"key_": key, "value": value})

    execute("BEGIN IMMEDIATE")
    facts: dict[str, str] = dict(execute(statements.facts))
    seq = int(facts["seq"])
    if facts["sid"] != sid and not serving:
        # A program beside the server does not make a copy of a store another one: it may have the wrong
        # configuration.
        raise StoreError(
            f"The accounts in {path} are those of the server {facts['sid']}, and not of {sid}: "
            "name its configuration."
        )
    known = facts["casemapping"]
    if known != casemapping:
        if seq:
            raise StoreError(f"The names in {path} are folded by {known}: server.casemapping has to be that.")
        state("casemapping", casemapping)
    runs = [run for run, _ in execute(statements.runs)]
    copied = bool(facts.get(COPY))
    if copied and not serving:
        raise StoreError(
            f"The accounts in {path} are a copy of a database's (storage.url): start the server once."
        )
    if facts["sid"] != sid or copied:
        if copied:
            state(COPY, "")
        if runs:
            origin = {"store": facts["id"], "sid": facts["sid"], "run": runs[-1], "at": at}
            execute(statements.add_peer, {**origin, "seq": seq, "head": seq})
            execute(statements.drop_runs)
        state("id", new_id())
        state("sid", sid)
        runs = []
    if serving:
        runs.append(new_id())
        execute(statements.add_run, {"run": runs[-1], "first": seq + 1})
    execute("COMMIT")
    return Opened(facts["id"], runs[-1] if runs else "", seq, facts["stamp"])
