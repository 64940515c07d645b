"""The store of a server that has a database in common with others: it writes there, and reads from a copy.

The copy is the file that any server has: every login, every start and every feed reads it, so that they go on
when the database is away.  What is new in the database comes into it by one way, whoever wrote: behind each
transaction of our own, when another server says that there is news, and every ``WATCH`` seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from chatnet.storage import opening
from chatnet.storage.engine import CANNOT_REACH, Engine, Work
from chatnet.storage.founding import DIALECT, Copy
from chatnet.storage.interfaces import CANNOT_READ, CANNOT_WRITE, Meaning, Position, StoreError
from chatnet.storage.opening import Opened
from chatnet.storage.postgresql import parameters_of
from chatnet.storage.reading import Reading
from chatnet.storage.record import Record
from chatnet.storage.sqlite import Writing, reader
from chatnet.storage.store import TOGETHER, SQLiteStore
from chatnet.storage.tables import Statements, statements_in
from chatnet.storage.transaction import Extract, Gap, Transaction
from chatnet.storage.worker import Call, Inline, Worker

R = TypeVar("R")


class SharedStore(SQLiteStore):
    """A ``Store`` in a database, with a copy in a file.  It is made by :func:`open_shared`."""

    shared = True

    def __init__(
        self,
        path: Path,
        opened: Opened,
        statements: Statements,
        writing: Writing,
        writer: Worker[Transaction] | Inline[Transaction],
        reader: Worker[Reading] | Inline[Reading],
        now: Callable[[], float],
        engine: Engine,
        database: Worker[Work] | Inline[Work],
    ) -> None:
        super().__init__(path, opened, statements, writing, writer, reader, now)
        self._engine = engine
        self._database = database
        self._looking = False
        engine.tell = self._copy

    # its life

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""
        super().start()
        if isinstance(self._database, Worker):
            self._database.start()

    def watch(self) -> None:
        """Look at what others wrote, and fail what waits for too long; every `WATCH` seconds."""
        super().watch()
        if isinstance(self._database, Worker):
            self._database.expire()
        self._engine.watch()
        self._look()

    def look(self, seq: int) -> None:
        """Others say that the database has come to that number."""
        if self._engine.seen is None or seq > self._engine.seen:
            self._look()

    def close(self) -> Deferred[None]:
        """Write what waits, and let go of the database and the file."""
        closed = DeferredList([self._database.close()])
        return closed.addCallback(lambda results: super(SharedStore, self).close())

    # writing

    def write(self, records: Sequence[Record], free: Iterable[tuple[str, int]] = ()) -> Deferred[None]:
        """Write records of this server, all or none."""
        names = tuple(free)
        return self._change(lambda work: work.change().write(records, names), len(records))

    def correct(self, records: Sequence[Record]) -> Deferred[None]:
        """Put records in the place of what is known of their fields and is later."""
        return self._change(lambda work: work.change().correct(records), len(records))

    def merge(
        self, records: Sequence[Record], store: str, sid: str, position: Position | None
    ) -> Deferred[Sequence[Record]]:
        """Take what is news of a page of another store."""
        at = int(self._now())
        return self._change(lambda work: work.change().merge(records, store, sid, position, at), len(records))

    def forget(self, before: str) -> Deferred[int]:
        """Forget which fields were removed before that stamp."""
        return self._change(lambda work: work.change().forget(before), TOGETHER)

    # reading

    def position(self, store: str) -> Deferred[Position]:
        """How far the other store is read by all who have this database."""
        return self._database.put(lambda work: work.reading().position(store))

    def last(self, sid: str) -> Deferred[tuple[str, Position] | None]:
        """The store of a server that was read last, and how far."""
        return self._database.put(lambda work: work.reading().last(sid))

    # inside

    def _change(self, job: Callable[[Work], R], weight: int) -> Deferred[R]:
        return self._database.put(job, weight).addCallback(self._copied)

    def _copied(self, result: R) -> Deferred[R]:
        """The same answer, once the copy has what was written: that was put there just before."""
        done: Deferred[R] = self._writer.put(lambda work: result)
        return done.addErrback(lambda failure: result)

    def _copy(self, extract: Extract) -> None:
        """Have in the file what is new in the database."""

        def failed(failure: Failure) -> None:
            if isinstance(failure.value, Gap):
                self._engine.seen = failure.value.seq
                self._look()
                return
            # It holds, though this disk has not taken it; another time.
            self._engine.seen = extract.after
            self.troubled(StoreError(CANNOT_WRITE, getattr(failure.value, "reason", "")))
            self.taken([record for _, record in extract.rows])

        self._writer.put(lambda work: work.copy(extract), len(extract.rows)).addErrback(failed)
        if extract.more:
            self._look(again=True)

    def _look(self, *, again: bool = False) -> None:
        """Ask for what is new, unless that is asked already."""
        if self._looking and not again:
            return
        self._looking = True

        def looked(result: object) -> None:
            self._looking = False
            if not isinstance(result, Failure):
                self.troubled(None)
            elif isinstance(result.value, StoreError):
                self.troubled(result.value)
            else:
                self.troubled(StoreError(CANNOT_REACH, type(result.value).__name__))

        asked = self._database.put(lambda work: None)
        asked.addCallback(lambda result: self._writer.put(lambda work: None)).addBoth(looked)


def open_shared(
    path: Path,
    url: str,
    meaning: Meaning,
    *,
    sid: str,
    casemapping: str,
    serving: bool,
    call: Call | None = None,
    patience: float = 5.0,
    timeout: Callable[[], float] = lambda: 5.0,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> SharedStore:
    """The store in the database at `url`, with a copy in the file at `path`; all else as ``open_store``.

    Where the database is away, and the file is a copy of it, it begins with that.  `patience` is the timeout
    until it is open.
    """
    try:
        parameters = parameters_of(url)
    except ValueError as error:
        raise StoreError(f"storage.url {error}.") from None
    statements = statements_in(opening.DIALECT)
    engine = Engine(parameters, statements_in(DIALECT), meaning, lambda: patience, monotonic)
    opened = Copy(path, statements, meaning, sid).prepare(engine, casemapping, serving, int(now()))
    engine.timeout = timeout
    store: SharedStore
    writing = Writing(path, statements, meaning, opened.seq, lambda records: store.taken(records))
    reading = reader(path, statements)
    if call is None:
        store = SharedStore(
            path, opened, statements, writing, Inline(writing), Inline(reading), now, engine, Inline(engine)
        )
        return store
    writes = Worker("writer of accounts", writing, call, monotonic, timeout, TOGETHER, CANNOT_WRITE)
    reads = Worker("reader of accounts", reading, call, monotonic, timeout, 1, CANNOT_READ)
    far = Worker("database of accounts", engine, call, monotonic, timeout, TOGETHER, CANNOT_REACH)
    store = SharedStore(path, opened, statements, writing, writes, reads, now, engine, far)
    return store
