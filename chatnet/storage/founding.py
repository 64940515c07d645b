"""What is done first with a database of several servers, and with the file in which each has a copy of it.

A file that is no copy of it, but has records, is a store that joins: what it has is put into the database,
later words and earlier names hold as always, and then it is made a copy.  The same is done where the database
was restored from a backup: what it lost is in the copies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.dialects.postgresql.psycopg import dialect

from chatnet.storage import postgresql
from chatnet.storage.answers import at_once
from chatnet.storage.copies import copy
from chatnet.storage.engine import CANNOT_REACH, CANNOT_USE, PAGE, Engine, Identity, Work
from chatnet.storage.interfaces import Meaning, StoreError
from chatnet.storage.migrating import MIGRATIONS, take_steps
from chatnet.storage.opening import COPY, Opened, create, ready
from chatnet.storage.postgresql import Away, parameters_of
from chatnet.storage.reading import Reading
from chatnet.storage.record import Record
from chatnet.storage.runs import new_id
from chatnet.storage.sqlite import Writing
from chatnet.storage.tables import SCHEMA, VERSION, Statements, statements_in
from chatnet.storage.transaction import Extract
from chatnet.storage.worker import Inline

DIALECT: Final = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type it
TRIES: Final = 3
"""How often it is tried to make what several servers may make at the same time."""
DATABASE: Final = "The database of accounts"
STARTED_ONCE: Final = "start the server once"
WHOLE: Final = "whole"
UNFINISHED: Final = "unfinished"
"""What the fact ``COPY`` says: whether it has been all of the database, as it was at some time."""
BEFORE: Final = "before-database.sqlite"
"""A file as it was before it became a copy."""
TABLE: Final = (
    "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = "
    f"'{VERSION.name}'"
)


# the database


def found(engine: Engine, casemapping: str, serving: bool) -> Opened:
    """Have the database be a store, and tell which.  Raises StoreError."""
    for tries in range(TRIES):
        try:
            _make(engine, casemapping, serving)
            opened = _open(engine, casemapping)
        except postgresql.Error as error:  # perhaps another server was quicker
            engine.close()
            if tries == TRIES - 1:
                raise StoreError(f"{CANNOT_USE}: {engine.reason(error)}.") from None
        else:
            break
    engine.identity = Identity(opened.id, opened.run)
    return opened


def _make(engine: Engine, casemapping: str, serving: bool) -> None:
    """Make its tables, or bring them up to date."""
    session, statements = engine.connect(), engine.statements
    if session.execute("SHOW server_encoding").fetchone() != ("UTF8",):
        raise StoreError(f"{CANNOT_USE}: its encoding has to be UTF8.")
    schema = None
    if session.execute(TABLE).fetchone() is not None:
        row = session.execute(statements.version).fetchone()
        schema = "" if row is None else str(row[0])
    if schema is None and serving:
        session.execute("BEGIN")
        create(session, statements, DIALECT, "", casemapping)
        session.execute(statements.add_run, {"run": new_id(), "first": 1})
        session.execute("COMMIT")
    elif schema is None:
        raise StoreError(f"{DATABASE} is empty: {STARTED_ONCE}.")
    elif not schema:
        raise StoreError(f"{CANNOT_USE}: no schema is noted in it.")
    elif schema > SCHEMA:
        raise StoreError(f"{DATABASE} is of a newer chatnet: schema {schema}, and not {SCHEMA}.")
    elif schema < SCHEMA and not serving:
        raise StoreError(f"{DATABASE} is of an older chatnet: {STARTED_ONCE}.")
    elif schema < SCHEMA:
        first = ("BEGIN", statements.lock_version)
        url = "postgresql+psycopg://"
        take_steps(DATABASE, url, lambda: engine.another().driver, first, VERSION.name, MIGRATIONS)


def _open(engine: Engine, casemapping: str) -> Opened:
    session, statements = engine.connect(), engine.statements
    session.execute("BEGIN")
    session.execute(statements.lock, {"key_": "seq"})
    facts: dict[str, str] = dict(session.execute(statements.facts))
    known = facts["casemapping"]
    if known != casemapping:
        if int(facts["seq"]):
            engine.close()
            text = f"The names in the database of accounts are folded by {known}"
            raise StoreError(f"{text}: server.casemapping has to be that.")
        session.execute(statements.change_fact, {"key_": "casemapping", "value": casemapping})
    [run] = [run for run, _ in session.execute(statements.runs)]
    session.execute("COMMIT")
    return Opened(facts["id"], run, int(facts["seq"]), facts["stamp"])


def renumber(work: Work) -> str:
    """Begin a new run, so that nobody takes its numbers for those that it gave out before; gives its id."""
    seq, run = work.change().seq, new_id()
    work.session.execute(work.statements.drop_runs)
    work.session.execute(work.statements.add_run, {"run": run, "first": seq + 1})
    # Of what others told since then nothing is here.
    work.session.execute(work.statements.drop_peers)
    return run


def renumber_at(
    url: str, meaning: Meaning, casemapping: str, timeout: float, monotonic: Callable[[], float]
) -> None:
    """The same for the database at `url`, where no server runs.  Raises StoreError."""
    engine = Engine(parameters_of(url), statements_in(DIALECT), meaning, lambda: timeout, monotonic)
    try:
        found(engine, casemapping, serving=False)
        at_once(Inline(engine).put(renumber))
    finally:
        engine.close()


def _merge(records: Sequence[Record], store: str, at: int, work: Work) -> None:
    work.change().merge(records, store, "", None, at)


# the copy


class Copy:
    """The file of this server, at its opening."""

    def __init__(self, path: Path, statements: Statements, meaning: Meaning, sid: str) -> None:
        self._path: Final = path
        self._statements: Final = statements
        self._meaning: Final = meaning
        self._sid: Final = sid

    def prepare(self, engine: Engine, casemapping: str, serving: bool, at: int) -> Opened:
        """Have the file be a copy of the database, or go on with the copy it is where that is away.

        Raises StoreError.
        """
        with ready(self._path, self._statements, self._sid, casemapping, serving) as connection:
            try:
                database = found(engine, casemapping, serving)
            except Away as error:
                opened = self._alone(connection, casemapping, error)
            else:
                opened = self._beside(connection, engine, database, serving, at)
            engine.close()
            facts = self._facts(connection)
            engine.seen, engine.forgotten = opened.seq, facts["forgotten"]
            engine.identity = Identity(opened.id, opened.run)
            return opened

    def _facts(self, connection: sqlite3.Connection) -> dict[str, str]:
        return dict(connection.execute(self._statements.facts))

    def _opened(self, connection: sqlite3.Connection) -> Opened:
        facts = self._facts(connection)
        runs = [run for run, _ in connection.execute(self._statements.runs)]
        return Opened(facts["id"], runs[-1] if runs else "", int(facts["seq"]), facts["stamp"])

    def _alone(self, connection: sqlite3.Connection, casemapping: str, error: Away) -> Opened:
        facts = self._facts(connection)
        if facts.get(COPY) != WHOLE:
            raise StoreError(f"{CANNOT_REACH}, and {self._path} is no copy of it: {error.reason}.")
        if facts["casemapping"] != casemapping:
            known = facts["casemapping"]
            raise StoreError(
                f"The names in {self._path} are folded by {known}: server.casemapping has to be that."
            )
        return self._opened(connection)

    def _beside(
        self, connection: sqlite3.Connection, engine: Engine, database: Opened, serving: bool, at: int
    ) -> Opened:
        facts, here = self._facts(connection), self._opened(connection)
        copied = bool(facts.get(COPY))
        same = copied and here[:2] == database[:2]
        if same and here.seq > database.seq and serving:
            run = at_once(Inline(engine).put(renumber))
            database = database._replace(run=run)
            engine.identity = Identity(database.id, run)
            same = False
        if not (same or serving):
            raise StoreError(f"The accounts in {self._path} are no copy of the database: {STARTED_ONCE}.")
        if not same:
            if here.seq and not copied:
                copy(connection, self._path.with_name(BEFORE))
            self._join(connection, engine, at)
            self._empty(connection, database)
        self._fill(engine, self._opened(connection).seq)
        if serving and not self._agrees(connection, engine):
            self._empty(connection, database)
            self._fill(engine, 0)
        if serving:
            self._state(connection, {COPY: WHOLE, "sid": self._sid})
        return self._opened(connection)

    def _join(self, connection: sqlite3.Connection, engine: Engine, at: int) -> None:
        """Put all records of the file into the database."""
        reading, far = Reading(connection, self._statements), Inline(engine)
        store, after = self._facts(connection)["id"], 0
        while (page := reading.page(after, PAGE, "")).records:
            at_once(far.put(partial(_merge, page.records, store, at)))
            after = page.seq

    def _empty(self, connection: sqlite3.Connection, database: Opened) -> None:
        """Have it be a copy in which nothing is yet."""
        connection.execute("BEGIN IMMEDIATE")
        for statement in self._statements.drop_all:
            connection.execute(statement)
        connection.execute(self._statements.add_run, {"run": database.run, "first": 1})
        self._state(
            connection, {"id": database.id, "seq": "0", "stamp": "", "forgotten": "", COPY: UNFINISHED}
        )
        connection.execute("COMMIT")

    def _state(self, connection: sqlite3.Connection, facts: dict[str, str]) -> None:
        for key, value in facts.items():
            changed = connection.execute(self._statements.change_fact, {"key_": key, "value": value})
            if not changed.rowcount:
                connection.execute(self._statements.add_fact, {"key": key, "value": value})

    def _fill(self, engine: Engine, seq: int) -> None:
        """Copy what has a number beyond that."""
        more = True
        writing = Writing(self._path, self._statements, self._meaning, seq, lambda records: None)
        near, far = Inline(writing), Inline(engine)

        def take(extract: Extract) -> None:
            nonlocal more
            more = extract.more
            at_once(near.put(lambda work: work.copy(extract)))

        engine.tell, engine.seen = take, seq
        while more:
            more = False
            at_once(far.put(lambda work: None))
        writing.close()

    def _agrees(self, connection: sqlite3.Connection, engine: Engine) -> bool:
        """Whether both have the same digests, if nobody has written into the database meanwhile."""
        statement = engine.statements.all_digests

        def digests(work: Work) -> tuple[int, set[tuple[object, ...]]]:
            return work.change().seq, {tuple(row) for row in work.session.execute(statement) if row[2]}

        engine.tell = lambda extract: None
        seq, theirs = at_once(Inline(engine).put(digests))
        if seq != self._opened(connection).seq:
            return True
        ours = {tuple(row) for row in connection.execute(self._statements.all_digests) if row[2]}
        return ours == theirs
