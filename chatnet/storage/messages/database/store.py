"""The store of messages in a database: written by one thread, and read by several others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from chatnet.storage import postgresql
from chatnet.storage.interfaces import CANNOT_READ, StoreError
from chatnet.storage.messages.database.gathering import DatabaseGathering
from chatnet.storage.messages.database.reading import DatabaseLooking, DatabaseReader
from chatnet.storage.messages.database.source import MessageDatabase, has_messages
from chatnet.storage.messages.database.writing import DatabaseWriting
from chatnet.storage.messages.gathering import Gathering
from chatnet.storage.messages.index import Index, Search
from chatnet.storage.messages.keep import Keep
from chatnet.storage.messages.opening import Opened
from chatnet.storage.messages.reading import Looking
from chatnet.storage.messages.rows import Place, Row
from chatnet.storage.messages.spool import Spool
from chatnet.storage.messages.store import BUSY, SQLiteMessages
from chatnet.storage.messages.tidying import Tidying
from chatnet.storage.messages.writer import PAUSES, Immediate, Writer
from chatnet.storage.pool import Pool
from chatnet.storage.postgresql import Away, Session
from chatnet.storage.worker import Call, Inline, Worker

HANGING: Final = 2.0
"""How many times the timeout an answer is waited for: the database itself gives up before."""


class DatabaseMessages(SQLiteMessages):
    """A ``MessageStore`` in a database.  It is made by :func:`open_database`.

    `is_new` says whether it was made just now.
    """

    def __init__(
        self,
        database: MessageDatabase,
        opened: Opened,
        writing: DatabaseWriting,
        watched: Callable[[], None],
        *parts: Any,
    ) -> None:
        super().__init__(database, opened, writing, *parts)
        self.is_new: Final = database.is_new
        self._database: Final = database
        self._watched: Final = watched

    def watch(self) -> None:
        """Fail what waits for too long; every `WATCH` seconds."""
        super().watch()
        self._watched()

    @property
    def searches(self) -> bool:
        """Whether words can be searched for."""
        return self._database.search != "off" and super().searches

    @property
    def gathering(self) -> Gathering:
        """Reads all that is kept of an account or a channel, in whatever thread."""
        return DatabaseGathering(self._database, lambda: self._writer.gone)

    def everything(self, place: Place, since: int = 0, person: str | None = None) -> Iterator[Row]:
        """All messages of a place from then on, or those of one person, in order; by a connection of its own.

        It blocks, and may be used in any thread.  Raises StoreError.
        """
        database = self._database
        try:
            with closing(database.connect_to_read()) as session:
                session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield from Looking(session, database.statements).everything(place, since, person)
        except postgresql.Error as error:
            raise StoreError(CANNOT_READ, database.reason(error)) from None


def open_database(
    url: str,
    *,
    sid: str,
    file: Path | None = None,
    spool: Path | None = None,
    full: bool = False,
    serving: bool = True,
    call: Call | None = None,
    search: Search = "words",
    readers: int = 2,
    waiting: Callable[[], int] = lambda: 64,
    most_targets: Callable[[], int] = lambda: 500,
    queue_bytes: Callable[[], int] = lambda: 64 * 1024 * 1024,
    spool_bytes: Callable[[], int] = lambda: 1024 * 1024 * 1024,
    keep: Callable[[], Keep] = Keep,
    patience: float = 5.0,
    timeout: Callable[[], float] = lambda: 5.0,
    query_timeout: Callable[[], float] = lambda: 5.0,
    drain_timeout: Callable[[], float] = lambda: 10.0,
    fold: Callable[[str], str] = str.lower,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    pauses: Sequence[float] = PAUSES,
) -> DatabaseMessages:
    """The store in the database at `url`, for the server `sid`; all else is as in ``open_messages``.

    `patience` is the timeout until it is open, when settings may not be asked for yet.  `file` is where
    messages are of who has no database: there may be none in it.  `spool` is a file, of `spool_bytes` at
    most, in which what comes waits while the database is away; `full` is of that.  A server starts while the
    database is away, and finds out what it is when it is there.
    """
    if file is not None and has_messages(file):
        raise StoreError(
            f"Messages are in {file}, and history.store names a database: take them out by "
            "`chatnet history export`, move the file away, and bring them in by `chatnet history import`; "
            'or have history.store be "file".'
        )
    database = MessageDatabase(url, sid, search, serving, lambda: patience, query_timeout, monotonic)
    try:
        database.connect_to_write().close()
    except Away:
        if not serving:
            raise
    database.timeout = timeout
    opened = database.opened or Opened(0, Index(search))
    writing = DatabaseWriting(database, opened.words, now)
    tidying = Tidying(writing, keep, monotonic)

    def look(session: Session) -> Looking:
        until = monotonic() + query_timeout()
        return DatabaseLooking(session, database.statements, lambda: monotonic() > until)

    def reading() -> DatabaseReader:
        return DatabaseReader(database, look, monotonic)

    def watched() -> None:
        since = writing.since
        if since is not None and monotonic() - since > HANGING * timeout():
            writing.abandon()

    store: DatabaseMessages
    if call is None:
        parts: tuple[Any, ...] = Immediate(writing), Inline(reading())
        store = DatabaseMessages(database, opened, writing, watched, *parts, tidying, fold, most_targets)
        return store
    writer = Writer(
        writing,
        call,
        monotonic,
        timeout,
        drain_timeout,
        queue_bytes,
        lambda trouble: store.troubled(trouble),
        tidying.slice,
        pauses,
        None if spool is None else Spool(spool, spool_bytes, full=full),
    )
    reads = [
        Worker(f"reader {number} of messages", reading(), call, monotonic, timeout, 1, CANNOT_READ)
        for number in range(1, readers + 1)
    ]
    pool = Pool(reads, waiting, monotonic, timeout, BUSY, CANNOT_READ)
    store = DatabaseMessages(database, opened, writing, watched, writer, pool, tidying, fold, most_targets)
    return store
