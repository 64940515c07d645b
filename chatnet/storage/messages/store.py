"""The store of messages: an SQLite file, written by one thread and read by several others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred, DeferredList, fail

from chatnet.storage.files import Damaged
from chatnet.storage.interfaces import CANNOT_READ, StoreError
from chatnet.storage.messages.aside import aside, begin_anew
from chatnet.storage.messages.file import MessageFile
from chatnet.storage.messages.gathering import Gathering
from chatnet.storage.messages.index import Search
from chatnet.storage.messages.interfaces import Troubled
from chatnet.storage.messages.keep import Keep
from chatnet.storage.messages.opening import Opened, prepare, silence
from chatnet.storage.messages.reading import Looking
from chatnet.storage.messages.rekeying import Rekeyed, Rekeying
from chatnet.storage.messages.rows import (
    Entry,
    Erased,
    Figures,
    Found,
    Gap,
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
from chatnet.storage.messages.tidying import Tidying
from chatnet.storage.messages.writer import PAUSES, Immediate, Writer
from chatnet.storage.messages.writing import Writes, Writing
from chatnet.storage.pool import Pool
from chatnet.storage.sqlite import Reader, reason_of
from chatnet.storage.worker import Call, Inline, Worker

R = TypeVar("R")

FILE: Final = "history.sqlite"
"""In the data folder."""
BUSY: Final = "Too many questions about what was said wait already"
"""What is told of a question too many."""
NO_SEARCH: Final = "Words cannot be searched for here"
STEPS: Final = 50_000
"""Steps of SQLite's machine between two looks at the clock: some milliseconds."""


class Source(Protocol):
    """What messages are in, and are read from."""

    @property
    def statements(self) -> Statements:
        """What is asked of it."""

    def connect_to_read(self) -> Any:
        """A connection for who has it for themselves, of the driver's or as it."""


class SQLiteMessages:
    """A ``MessageStore`` in one file.  It is made by :func:`open_messages`.

    `heard` is when its last group was written as of the opening, in Unix milliseconds; 0: never.
    """

    def __init__(
        self,
        file: Source,
        opened: Opened,
        writing: Writes,
        writer: Writer | Immediate,
        readers: Pool[Looking] | Inline[Looking],
        tidying: Tidying,
        fold: Callable[[str], str],
        most_targets: Callable[[], int],
    ) -> None:
        self.heard = opened.heard
        self.troubled: Troubled = lambda trouble: None
        self.pressed: Callable[[bool], object] = lambda pressed: None
        self.took: Callable[[float], object] = lambda seconds: None
        self._file: Final = file
        self._aside: Final = opened.aside
        self._writing: Final = writing
        self._writer: Final = writer
        if isinstance(writer, Writer):
            writer.pressed = lambda pressed: self.pressed(pressed)
            writer.took = lambda seconds: self.took(seconds)
        self._readers: Final = readers
        self._tidying: Final = tidying
        self._fold: Final = fold
        self._most_targets: Final = most_targets
        self._last: Deferred[None] | None = None
        """Answers when all is written that was put so far; None: it is."""

    # its life

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""
        if self._aside:
            self.troubled(aside(self._aside))
        if isinstance(self._writer, Writer):
            self._writer.start()
        if isinstance(self._readers, Pool):
            self._readers.start()

    def watch(self) -> None:
        """Fail what waits for too long; every `WATCH` seconds."""
        if isinstance(self._writer, Writer):
            self._writer.expire()
        if isinstance(self._readers, Pool):
            self._readers.expire()

    def close(self) -> Deferred[None]:
        """Write what waits, and let go of the file."""
        closed = DeferredList([self._writer.close(), self._readers.close()])
        return closed.addCallback(lambda results: None)

    def tidy(self) -> float:
        """Do a part of what can wait; gives for how many seconds there is nothing more to do.

        For programs without a reactor: where there are threads, the one that writes does it.
        """
        return self._tidying.slice()

    @property
    def waiting(self) -> int:
        """How many bytes wait to be written, a message counting for 1 KiB."""
        return self._writer.bytes

    @property
    def spooled(self) -> int:
        """How many bytes wait in a file for a database that is away, or was until now."""
        return self._writer.spooled

    def unread(self, place: Place) -> tuple[int, int] | None:
        """From when on and up to before when (ms) something of a place waits that no answer has."""
        return self._writer.unread(place)

    def unread_stays(self, place: Place) -> int:
        """From when on (ms) it waits who came to a channel and went; ``LAST``: nothing waits."""
        return self._writer.stays(place)

    def unread_talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        """The talks of an account of which something waits, each with its last time; None: perhaps any."""
        return self._writer.talks(person)

    @property
    def is_behind(self) -> bool:
        """Whether what was put may not be read for long: nothing can be written, or much waits for that."""
        return self._writer.is_failing

    @property
    def gathering(self) -> Gathering:
        """Reads all that is kept of an account or a channel, in whatever thread."""
        return Gathering(self._file.connect_to_read, lambda: self._writer.gone)

    def everything(self, place: Place, since: int = 0, person: str | None = None) -> Iterator[Row]:
        """All messages of a place from then on, or those of one person, in order; by a connection of its own.

        It blocks, and may be used in any thread.  Raises StoreError.
        """
        file = self._file
        try:
            with closing(file.connect_to_read()) as connection:
                connection.execute("BEGIN")
                yield from Looking(connection, file.statements).everything(place, since, person)
        except sqlite3.Error as error:
            raise StoreError(CANNOT_READ, reason_of(error)) from None

    # writing

    def put(self, entries: Sequence[Entry]) -> Deferred[None]:
        """Keep these; on the disk when it is answered."""
        return self._behind(self._writer.keep(entries))

    def take_in(self, rows: Sequence[Row], redacted: Sequence[Redacted]) -> Deferred[Sequence[Row]]:
        """Keep what others told of the past; answers with what was news, in order."""
        weight = len(rows) + len(redacted)
        return self._behind(self._writer.put(lambda keeper: keeper.take_in(rows, redacted), weight))

    def rekey(self, rekeying: Rekeying) -> Deferred[Rekeyed]:
        """Have accounts have other keys: no server may run, which knows the ones they had."""
        return self._writer.put(rekeying)

    # reading

    def target(self, place: Place) -> Deferred[Target | None]:
        """What is known of a place."""
        return self._read(lambda looking: looking.target(place))

    def targets(self, person: str) -> Deferred[Sequence[Target]]:
        """The talks of an account."""
        return self._read(lambda looking: looking.targets(person))

    def channels(self, name: str) -> Deferred[Sequence[Target]]:
        """All channels that had that folded name, by their TS."""
        return self._read(lambda looking: looking.channels(name))

    def standing(self) -> Deferred[Sequence[Target]]:
        """The channels that have not ended."""
        return self._read(lambda looking: looking.standing())

    def stays(self, places: Sequence[Place], person: str) -> Deferred[Mapping[Place, Times]]:
        """When an account was in each of these channels."""
        return self._read(lambda looking: looking.stays(places, person))

    def apart(self, places: Sequence[Place]) -> Deferred[Mapping[Place, Times]]:
        """When other channels were heard here as these, and are these now."""
        return self._read(lambda looking: looking.apart(places))

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
        return self._writing.index.search != "off"

    def search(self, views: Sequence[View], words: Words) -> Deferred[Sequence[Row]]:
        """Messages in which all of the words are."""
        index, fold, most = self._writing.index, self._fold, self._most_targets()
        if words.text and not self.searches:
            return fail(StoreError(NO_SEARCH))
        return self._read(lambda looking: looking.search(views, words, index, fold, most))

    def gaps(self, place: Place) -> Deferred[Sequence[Gap]]:
        """What may be missing of a place."""
        return self._read(lambda looking: looking.gaps(place))

    def erasures(self, since: str) -> Deferred[Sequence[Erased]]:
        """What was erased, as of stamps greater than that."""
        return self._read(lambda looking: looking.erasures(since))

    def figures(self) -> Deferred[Figures]:
        """How much there is."""
        found = self._read(lambda looking: looking.figures())
        return found.addCallback(lambda figures: figures._replace(waiting=self.waiting))

    def tell(self, place: Place, since: int, until: int) -> Deferred[int]:
        """A sum of all messages and redactions of a place between these times."""
        return self._read(lambda looking: looking.tell(place, since, until))

    def marks(self, person: str) -> Deferred[Sequence[tuple[str, int]]]:
        """How far somebody has read."""
        return self._read(lambda looking: looking.marks(person))

    def all_marks(
        self, since: int, behind: tuple[str, str], most: int
    ) -> Deferred[Sequence[tuple[str, str, int]]]:
        """Marks from then on of everybody."""
        return self._read(lambda looking: looking.all_marks(since, behind, most))

    # inside

    def _behind(self, answer: Deferred[R]) -> Deferred[R]:
        """Have what is asked from now on be answered behind this."""
        if answer.called:
            return answer
        written: Deferred[None] = Deferred()
        self._last = written

        def done(result: Any) -> Any:
            if self._last is written:
                self._last = None
            written.callback(None)
            return result

        return answer.addBoth(done)

    def _read(self, job: Callable[[Looking], R]) -> Deferred[R]:
        """Have something read behind all that was put before, unless that may not be written for long."""
        if self._last is None or self._writer.is_failing:
            return self._read_now(job)
        answer: Deferred[R] = Deferred()
        self._last.addCallback(lambda _: self._read_now(job).chainDeferred(answer))
        return answer

    def _read_now(self, job: Callable[[Looking], R]) -> Deferred[R]:
        """Have something read, without what is to be gone as of now, which may be written meanwhile."""
        gone = self._writer.gone
        return self._readers.put(job if gone is None else lambda looking: job(looking.without(gone)))


def open_messages(
    path: Path,
    *,
    serving: bool = True,
    alone: bool = False,
    call: Call | None = None,
    full: bool = False,
    search: Search = "words",
    readers: int = 2,
    waiting: Callable[[], int] = lambda: 64,
    most_targets: Callable[[], int] = lambda: 500,
    queue_bytes: Callable[[], int] = lambda: 64 * 1024 * 1024,
    keep: Callable[[], Keep] = Keep,
    timeout: Callable[[], float] = lambda: 5.0,
    query_timeout: Callable[[], float] = lambda: 5.0,
    drain_timeout: Callable[[], float] = lambda: 10.0,
    fold: Callable[[str], str] = str.lower,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    pauses: Sequence[float] = PAUSES,
) -> SQLiteMessages:
    """The store in the file at `path`, made or brought up to date if need be.  It blocks; raises StoreError.

    With `serving` this is the start of a server; without, of a program beside it, which changes nothing in
    how the file is.  Until here no file is open and no thread runs, so that the process may still become a
    daemon (a fork) and another user.  Then it calls `start`, `watch` every ``WATCH`` seconds, and at the end
    `close`, and awaits that.  `alone` says that nobody is in a channel yet, whatever the file says.

    `call` is ``reactor.callFromThread``; without it each method blocks, and its answer is there (see
    ``answers.at_once``).  `fold` folds nicks, `monotonic` counts seconds, and `now` is Unix time.  After
    `pauses` what failed is tried again.  All else are settings:

    ===============  ===================================================================================
    `full`           what is answered survives a loss of power, and not only the end of the process
    `search`         what is found: ``words``, ``trigrams`` (parts of words, for three times the work),
                     or ``off``
    `readers`        so many questions are answered at the same time
    `waiting`        so many wait for that, at most
    `most_targets`   a search looks into so many places, at most
    `queue_bytes`    so much waits for a disk that takes nothing, at most
    `keep`           how long what is kept
    `timeout`        seconds that questions wait, and all that is written but groups
    `query_timeout`  seconds that the answer to a question takes, at most
    `drain_timeout`  seconds that what waits at the end has to be written
    ===============  ===================================================================================
    """
    file = MessageFile(path, search, full=full)
    try:
        opened = prepare(file, serving=serving)
    except Damaged:
        if not serving:
            raise
        name, opened = begin_anew(file, [], int(now() * 1000))
        opened = opened._replace(aside=name)
    if alone:
        silence(file, opened.heard)
    writing = Writing(file, opened.words, now)
    tidying = Tidying(writing, keep, monotonic)

    def look(connection: sqlite3.Connection) -> Looking:
        until = monotonic() + query_timeout()
        connection.set_progress_handler(lambda: monotonic() > until, STEPS)
        return Looking(connection, file.statements)

    def reading() -> Reader[Looking]:
        return Reader(file.connect_to_read, look, lambda: file.age)

    store: SQLiteMessages
    if call is None:
        at_once = Immediate(writing), Inline(reading())
        store = SQLiteMessages(file, opened, writing, *at_once, tidying, fold, most_targets)
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
    )
    reads = [
        Worker(f"reader {number} of messages", reading(), call, monotonic, timeout, 1, CANNOT_READ)
        for number in range(1, readers + 1)
    ]
    pool = Pool(reads, waiting, monotonic, timeout, BUSY, CANNOT_READ)
    store = SQLiteMessages(file, opened, writing, writer, pool, tidying, fold, most_targets)
    return store
