"""The store of a server: records in an SQLite file, written by one thread and read by another."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred, DeferredList

from chatnet.storage.interfaces import (
    CANNOT_READ,
    CANNOT_WRITE,
    Letter,
    Meaning,
    Page,
    Parcel,
    Part,
    Position,
    StoreError,
    Taken,
    Troubled,
)
from chatnet.storage.opening import DIALECT, Opened, prepare
from chatnet.storage.reading import Reading
from chatnet.storage.record import Audit, Claim, Record
from chatnet.storage.sqlite import Writing, connect, reader, reason_of
from chatnet.storage.tables import Statements, statements_in
from chatnet.storage.transaction import Transaction
from chatnet.storage.worker import Call, Inline, Worker

FILE: Final = "accounts.sqlite"
"""In the data folder."""
TOGETHER: Final = 1000
"""Records that one transaction writes, at most, unless one job alone has more: some 20 ms.

Five pages of another store in one transaction cost a quarter less than in five.
"""


class SQLiteStore:
    """A ``Store`` in one file.  It is made by :func:`open_store`."""

    shared = False

    def __init__(
        self,
        path: Path,
        opened: Opened,
        statements: Statements,
        writing: Writing,
        writer: Worker[Transaction] | Inline[Transaction],
        reader: Worker[Reading] | Inline[Reading],
        now: Callable[[], float],
    ) -> None:
        self.id = opened.id
        self.newest = opened.stamp
        self.taken: Taken = lambda records: None
        self.troubled: Troubled = lambda error: None
        self._path = path
        self._run = opened.run
        self._statements = statements
        self._writing = writing
        self._writer = writer
        self._reader = reader
        self._now = now

    # its life

    def load(self, without: Collection[str] = ()) -> Iterator[Record]:
        """All records but those of some fields, by a connection of its own.  Before `start`."""
        try:
            with closing(connect(self._path, reading=True)) as connection:
                connection.execute("BEGIN")
                reading = Reading(connection, self._statements)
                self._writing.seen = int(reading.fact("seq"))
                yield from reading.all(without)
        except sqlite3.Error as error:
            raise StoreError(CANNOT_READ, reason_of(error)) from None

    def stamps(self) -> Iterator[str]:
        """The last stamps of each server and span of time, and those of number 0.  Before `start`."""
        try:
            with closing(connect(self._path, reading=True)) as connection:
                yield from Reading(connection, self._statements).stamps()
        except sqlite3.Error as error:
            raise StoreError(CANNOT_READ, reason_of(error)) from None

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""
        for runner in (self._writer, self._reader):
            if isinstance(runner, Worker):
                runner.start()

    def watch(self) -> None:
        """Look at what other processes wrote, and fail what waits for too long; every `WATCH` seconds."""
        for runner in (self._writer, self._reader):
            if isinstance(runner, Worker):
                runner.expire()
        # Whoever begins a transaction reads what is new; that it cannot be begun others say, who need it.
        self._writer.put(lambda work: None).addErrback(lambda failure: None)

    def look(self, seq: int) -> None:
        """Nobody shares a file with other servers."""

    def close(self) -> Deferred[None]:
        """Write what waits, and let go of the file."""
        closed = DeferredList([self._writer.close(), self._reader.close()])
        return closed.addCallback(lambda results: None)

    # writing

    def write(self, records: Sequence[Record], free: Iterable[tuple[str, int]] = ()) -> Deferred[None]:
        """Write records of this server, all or none."""
        names = tuple(free)
        return self._writer.put(lambda work: work.write(records, names), len(records))

    def correct(self, records: Sequence[Record]) -> Deferred[None]:
        """Put records in the place of what is known of their fields and is later."""
        return self._writer.put(lambda work: work.correct(records), len(records))

    def merge(
        self, records: Sequence[Record], store: str, sid: str, position: Position | None
    ) -> Deferred[Sequence[Record]]:
        """Take what is news of a page of another store."""
        at = int(self._now())
        return self._writer.put(lambda work: work.merge(records, store, sid, position, at), len(records))

    def forget(self, before: str) -> Deferred[int]:
        """Forget which fields were removed before that stamp, and what ended before."""
        return self._writer.put(lambda work: work.forget(before), TOGETHER)

    def audit(self, by: str, verb: str, about: str, detail: str, at: float) -> Deferred[None]:
        """Note what an operator did."""
        return self._writer.put(lambda work: work.audit(by, verb, about, detail, int(at)))

    def forget_audits(self, before: float) -> Deferred[int]:
        """Forget some notes from before then."""
        return self._writer.put(lambda work: work.forget_audits(int(before)), TOGETHER)

    def keep_report(self, key: str, state: str | None) -> Deferred[None]:
        """Keep a report as it is now; None: no more."""
        return self._writer.put(lambda work: work.keep_report(key, state))

    def post(self, body: str, due: float) -> Deferred[None]:
        """Keep a mail that is to be sent at a Unix time."""
        return self._writer.put(lambda work: work.post(body, int(due)))

    def put_off(self, letter: int, due: float) -> Deferred[None]:
        """Have a mail be sent later."""
        return self._writer.put(lambda work: work.put_off(letter, int(due)))

    def discard(self, letter: int) -> Deferred[None]:
        """Keep a mail no more."""
        return self._writer.put(lambda work: work.discard(letter))

    def add_parcel(self, hook: str, event: str, body: str, at: float, most: int) -> Deferred[int]:
        """Keep what a hook is to be told; of more than so many the first ones go."""
        return self._writer.put(lambda work: work.add_parcel(hook, event, body, int(at), most))

    def delay_parcel(self, parcel: int, due: float) -> Deferred[None]:
        """Have a hook be told later."""
        return self._writer.put(lambda work: work.delay_parcel(parcel, int(due)))

    def drop_parcel(self, parcel: int) -> Deferred[None]:
        """Keep what a hook was told no more."""
        return self._writer.put(lambda work: work.drop_parcel(parcel))

    def drop_parcels(self, hook: str) -> Deferred[None]:
        """Keep nothing more that a hook was to be told."""
        return self._writer.put(lambda work: work.drop_parcels(hook))

    # reading

    def parcels(self) -> Deferred[Sequence[tuple[str, int]]]:
        """Which hooks are to be told something, and how much."""
        return self._reader.put(lambda reading: reading.parcels())

    def next_parcel(self, hook: str) -> Deferred[Parcel | None]:
        """What a hook is to be told first."""
        return self._reader.put(lambda reading: reading.next_parcel(hook))

    def reports(self) -> Deferred[Sequence[tuple[str, str]]]:
        """All reports that are kept."""
        return self._reader.put(lambda reading: reading.reports())

    def letters(self, due: float, most: int) -> Deferred[Sequence[Letter]]:
        """At most so many mails that are to be sent by then, the first first."""
        return self._reader.put(lambda reading: reading.letters(int(due), most))

    def audited(self, word: str, since: float, most: int) -> Deferred[Sequence[Audit]]:
        """At most so many notes since then that have a word in them, the newest first."""
        return self._reader.put(lambda reading: reading.audited(word, int(since), most))

    def entity(self, entity: str) -> Deferred[Sequence[Record]]:
        """All that is known of one entity."""
        return self._reader.put(lambda reading: reading.entity(entity))

    def owner(self, folded: str, kind: int) -> Deferred[Sequence[Claim]]:
        """All claims on one name, the first of which has it."""
        return self._reader.put(lambda reading: reading.owner(folded, kind))

    def position(self, store: str) -> Deferred[Position]:
        """How far the other store is read here."""
        return self._reader.put(lambda reading: reading.position(store))

    def last(self, sid: str) -> Deferred[tuple[str, Position] | None]:
        """The store of a server that was read last, and how far."""
        return self._reader.put(lambda reading: reading.last(sid))

    def begin(self, position: Position) -> Deferred[int]:
        """After which number somebody has to go on reading."""
        return self._reader.put(lambda reading: reading.begin(position))

    def page(self, after: int, most: int) -> Deferred[Page]:
        """At most so many records with a number beyond `after`."""
        return self._reader.put(lambda reading: reading.page(after, most, self._run))

    def bucket(self, kind: str, number: int, behind: tuple[str, str], most: int) -> Deferred[Part]:
        """At most so many records of the entities of a kind whose digest is in one bucket."""
        return self._reader.put(lambda reading: reading.bucket(kind, number, behind, most))

    def digests(self, kind: str) -> Deferred[Sequence[int]]:
        """The 256 digests of a kind."""
        return self._reader.put(lambda reading: reading.digests(kind))


def open_store(
    path: Path,
    meaning: Meaning,
    *,
    sid: str,
    casemapping: str,
    serving: bool,
    call: Call | None = None,
    timeout: Callable[[], float] = lambda: 5.0,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> SQLiteStore:
    """The store in the file at `path`, made or brought up to date if need be.  It blocks; raises StoreError.

    `sid` and `casemapping` are those of this server; the names that `meaning` gives are folded by the latter.

    With `serving` this is the start of a server: a new run.  It reads all with `load`, before the reactor
    runs; until here no file is open and no thread runs, so that the process may still become a daemon (a
    fork) and another user.  Then it calls `start`, `watch` every ``WATCH`` seconds, and at the end `close`,
    and awaits that.

    `call` is ``reactor.callFromThread``.  What waits for more than `timeout` seconds fails; `monotonic`
    counts these, `now` is Unix time.

    A program without a reactor hands in no `call`: each method blocks, and its answer is there (see
    ``answers.at_once``).  It may be at work while the server runs, which hears of it within ``WATCH``
    seconds.
    """
    statements = statements_in(DIALECT)
    opened = prepare(path, statements, sid, casemapping, serving, int(now()))
    store: SQLiteStore
    writing = Writing(path, statements, meaning, opened.seq, lambda records: store.taken(records))
    reading = reader(path, statements)
    if call is None:
        store = SQLiteStore(path, opened, statements, writing, Inline(writing), Inline(reading), now)
        return store
    writes = Worker("writer of accounts", writing, call, monotonic, timeout, TOGETHER, CANNOT_WRITE)
    # Nobody waits for what somebody else reads.
    reads = Worker("reader of accounts", reading, call, monotonic, timeout, 1, CANNOT_READ)
    store = SQLiteStore(path, opened, statements, writing, writes, reads, now)
    return store
