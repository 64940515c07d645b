"""The store of messages: an SQLite file, written by one thread and read by several others."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final, TypeVar

from twisted.internet.defer import Deferred, DeferredList, fail

from chatnet.storage.interfaces import CANNOT_READ, CANNOT_WRITE, StoreError
from chatnet.storage.messages.index import Index, Search
from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.opening import Opened, prepare
from chatnet.storage.messages.reading import Looking
from chatnet.storage.messages.rows import (
    Entry,
    Found,
    Place,
    Position,
    Redacted,
    Row,
    Target,
    Times,
    View,
    Wanted,
    Words,
)
from chatnet.storage.messages.tables import Statements
from chatnet.storage.messages.writing import Writing
from chatnet.storage.pool import Pool
from chatnet.storage.sqlite import Reader, connect
from chatnet.storage.worker import Call, Inline, Worker

R = TypeVar("R")

FILE: Final = "history.sqlite"
"""In the data folder."""
CACHE: Final = 65536
"""Kibibytes of the file that the connection which writes has in memory, at most."""
READING: Final = 16384
"""The same of each that reads."""
BUSY: Final = "Too many questions about what was said wait already"
"""What is told of a question too many."""
NO_SEARCH: Final = "Words cannot be searched for here"
TOGETHER: Final = 4000
"""Entries that one transaction writes, at most, unless one group alone has more."""


class SQLiteMessages:
    """A ``MessageStore`` in one file.  It is made by :func:`open_messages`.

    `heard` is when its last group was written as of the opening, in Unix milliseconds; 0: never.
    """

    def __init__(
        self,
        opened: Opened,
        writer: Worker[Keeper] | Inline[Keeper],
        readers: Pool[Looking] | Inline[Looking],
        index: Callable[[], Index],
        fold: Callable[[str], str],
        most_targets: Callable[[], int],
    ) -> None:
        self.heard: Final = opened.heard
        self._writer = writer
        self._readers = readers
        self._index = index
        self._fold = fold
        self._most_targets = most_targets
        self._last: Deferred[None] | None = None
        """Answers when all is written that was put so far; None: it is."""

    # its life

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""
        for runner in (self._writer, self._readers):
            if not isinstance(runner, Inline):
                runner.start()

    def watch(self) -> None:
        """Fail what waits for too long; every `WATCH` seconds."""
        for runner in (self._writer, self._readers):
            if not isinstance(runner, Inline):
                runner.expire()

    def close(self) -> Deferred[None]:
        """Write what waits, and let go of the file."""
        closed = DeferredList([self._writer.close(), self._readers.close()])
        return closed.addCallback(lambda results: None)

    # writing

    def put(self, entries: Sequence[Entry]) -> Deferred[None]:
        """Keep these; on the disk when it is answered."""
        return self._write(lambda keeper: keeper.keep(entries), len(entries))

    def take_in(self, rows: Sequence[Row], redacted: Sequence[Redacted]) -> Deferred[Sequence[Row]]:
        """Keep what others told of the past; answers with what was news, in order."""
        return self._write(lambda keeper: keeper.take_in(rows, redacted), len(rows) + len(redacted))

    # reading

    def target(self, place: Place) -> Deferred[Target | None]:
        """What is known of a place."""
        return self._read(lambda looking: looking.target(place))

    def targets(self, person: str) -> Deferred[Sequence[Target]]:
        """The talks of an account."""
        return self._read(lambda looking: looking.targets(person))

    def standing(self) -> Deferred[Sequence[Target]]:
        """The channels that have not ended."""
        return self._read(lambda looking: looking.standing())

    def stays(self, place: Place, person: str) -> Deferred[Times]:
        """When an account was in a channel."""
        return self._read(lambda looking: looking.stays(place, person))

    def page(self, view: View, wanted: Wanted, reactions: int = 0) -> Deferred[Found]:
        """Messages of a view."""
        return self._read(lambda looking: looking.page(view, wanted, reactions))

    def around(self, view: View, position: Position, wanted: Wanted, reactions: int = 0) -> Deferred[Found]:
        """Half of them before a position, the rest from it on."""
        return self._read(lambda looking: looking.around(view, position, wanted, reactions))

    def latest(
        self, views: Sequence[View], kinds: Collection[int], after: int, before: int, most: int, newest: bool
    ) -> Deferred[Sequence[tuple[Place, Position]]]:
        """Of each view its last visible message, if its time is strictly between."""
        return self._read(lambda looking: looking.latest(views, kinds, after, before, most, newest))

    def find(self, place: Place, msgid: str) -> Deferred[Row | None]:
        """The message of that id."""
        return self._read(lambda looking: looking.find(place, msgid))

    def position(self, place: Place, msgid: str) -> Deferred[Position | None]:
        """Where a message of that id stands, or stood."""
        return self._read(lambda looking: looking.position(place, msgid))

    def redactions(self, place: Place, since: int, most: int) -> Deferred[Sequence[Redacted]]:
        """What was redacted of a place."""
        return self._read(lambda looking: looking.redactions(place, since, most))

    @property
    def searches(self) -> bool:
        """Whether words can be searched for."""
        return self._index().search != "off"

    def search(self, views: Sequence[View], words: Words) -> Deferred[Sequence[Row]]:
        """Messages in which all of the words are."""
        index, fold, most = self._index(), self._fold, self._most_targets()
        if index.search == "off" and words.text:
            return fail(StoreError(NO_SEARCH))
        return self._read(lambda looking: looking.search(views, words, index, fold, most))

    def marks(self, person: str) -> Deferred[Sequence[tuple[str, int]]]:
        """How far somebody has read."""
        return self._read(lambda looking: looking.marks(person))

    # inside

    def _write(self, job: Callable[[Keeper], R], weight: int) -> Deferred[R]:
        answer = self._writer.put(job, weight)
        if isinstance(self._writer, Inline):
            return answer
        written: Deferred[None] = Deferred()
        self._last = written

        def done(result: R) -> R:
            if self._last is written:
                self._last = None
            written.callback(None)
            return result

        return answer.addBoth(done)

    def _read(self, job: Callable[[Looking], R]) -> Deferred[R]:
        """Have something read behind all that was put before."""
        if self._last is None:
            return self._readers.put(job)
        answer: Deferred[R] = Deferred()
        self._last.addCallback(lambda _: self._readers.put(job).chainDeferred(answer))
        return answer


def open_messages(
    path: Path,
    *,
    serving: bool = True,
    call: Call | None = None,
    full: bool = False,
    search: Search = "words",
    most_targets: Callable[[], int] = lambda: 500,
    fold: Callable[[str], str] = str.lower,
    readers: int = 2,
    waiting: Callable[[], int] = lambda: 64,
    timeout: Callable[[], float] = lambda: 5.0,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> SQLiteMessages:
    """The store in the file at `path`, made or brought up to date if need be.  It blocks; raises StoreError.

    With `serving` this is the start of a server; without, of a program beside it, which changes nothing in
    how the file is.  Until here no file is open and no thread runs, so that the process may still become a
    daemon (a fork) and another user.  Then it calls `start`, `watch` every ``WATCH`` seconds, and at the end
    `close`, and awaits that.

    `call` is ``reactor.callFromThread``; without it each method blocks, and its answer is there (see
    ``answers.at_once``).  With `full` what is answered survives a loss of power, and not only the end of the
    process.  `search` says what is found: ``words``, ``trigrams`` (parts of words, for three times the work),
    or ``off``; a search looks into `most_targets` places at most.  `fold` folds nicks.  So many `readers`
    work at the same time, and `waiting` questions wait for them at most, each for `timeout` seconds;
    `monotonic` counts these, `now` is Unix time.
    """
    statements = Statements()
    opened = prepare(path, statements, search, serving)
    writing = Writing(lambda: connect(path, full=full, cache=CACHE), statements, opened.words, now)
    kinds = (lambda: writing.index, fold, most_targets)

    def reading() -> Reader[Looking]:
        return Reader(
            lambda: connect(path, reading=True, cache=READING),
            lambda connection: Looking(connection, statements),
        )

    if call is None:
        return SQLiteMessages(opened, Inline(writing), Inline(reading()), *kinds)
    writes = Worker("writer of messages", writing, call, monotonic, timeout, TOGETHER, CANNOT_WRITE)
    reads = [
        Worker(f"reader {number} of messages", reading(), call, monotonic, timeout, 1, CANNOT_READ)
        for number in range(1, readers + 1)
    ]
    pool = Pool(reads, waiting, monotonic, timeout, BUSY, CANNOT_READ)
    return SQLiteMessages(opened, writes, pool, *kinds)
