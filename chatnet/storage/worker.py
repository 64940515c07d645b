"""A thread with a database of its own, which does what it is asked in order, many things in one transaction.

A task is WAITING, then BEGUN, then done or failed, and is told of once its end is known:

    WAITING   the thread takes it                        BEGUN
    WAITING   its time is over, or the worker closes     failed; nothing of it happened
    BEGUN     the transaction is committed               done
    BEGUN     it raises, and takes back its own part     failed; the others of the transaction go on
    BEGUN     the transaction is lost                    once more, each in one of its own; then failed
    BEGUN     it is lost and may go well now             again, all of it; a few times
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.storage.interfaces import StoreError

TRIES: Final = 4
"""How often a transaction is begun that is lost each time, but may go well."""
PAUSE: Final = 0.1
"""Seconds until a database that was busy is tried again; it has waited itself before it says so."""

log = Logger(namespace="chatnet")

T = TypeVar("T")
"""What tasks work with."""
R = TypeVar("R")

Call = Callable[..., object]
"""Has a function be called with arguments on the thread of the reactor: ``reactor.callFromThread``."""


class Lost(StoreError):
    """The transaction is over, and nothing of it happened."""


class Again(Lost):
    """The same, but it may go well if all of it is done again at once.

    Nothing of it happened, or all of it and nobody knows: so its jobs have to be such that it does no harm
    to do them twice.
    """


class Busy(StoreError):
    """No transaction could be begun, for others are at it."""


class Database(Protocol[T]):
    """A database as one thread has it.  It raises StoreError for whatever is wrong with it."""

    def begin(self) -> T:
        """Begin a transaction; its tasks are functions of what this gives.  It may raise :class:`Busy`."""

    def attempt(self, work: T, job: Callable[[T], R]) -> R:
        """Do a job.  If it raises, nothing of it is left, or it raises :class:`Lost`."""

    def commit(self, work: T) -> Callable[[], None]:
        """Have all of it hold, or raise :class:`Lost`; gives what is to be called before all answers."""

    def close(self) -> None:
        """Let go of it.  A transaction that was begun is lost."""


class Task(Generic[T]):
    """A job that somebody asked for at some time, and their answer."""

    __slots__ = ("answer", "job", "outcome", "since", "weight")

    def __init__(self, job: Callable[[T], Any], weight: int, since: float) -> None:
        self.job = job
        self.weight = weight
        self.since = since
        self.answer: Deferred[Any] = Deferred()
        self.outcome: Any = None

    def tell(self) -> None:
        """Answer with the outcome."""
        if isinstance(self.outcome, Failure):
            self.answer.errback(self.outcome)
        else:
            self.answer.callback(self.outcome)


def transact(database: Database[T], tasks: Sequence[Task[T]], tries: int = TRIES) -> Callable[[], None]:
    """Do all of these in one transaction; what it gives is to be called, and then each task's `tell`.

    One that fails, or with which all would fail, undoes none of the others.  It is tried so many times as
    long as it is lost by :class:`Again`.  Raises :class:`Busy` if none of them was begun.
    """
    try:
        work = database.begin()
        for task in tasks:
            try:
                task.outcome = database.attempt(work, task.job)
            except Lost:
                raise
            except Exception:
                task.outcome = Failure()
        return database.commit(work)
    except Busy:
        raise
    except Again:
        if tries > 1:
            return transact(database, tasks, tries - 1)
        failure = Failure()
    except Exception:
        database.close()
        failure = Failure()
    if len(tasks) == 1:
        tasks[0].outcome = failure
        return _nothing
    first: list[Callable[[], None]] = []
    for task in tasks:
        try:
            first.append(transact(database, [task]))
        except Busy:
            task.outcome = Failure()

    def all_first() -> None:
        for tell in first:
            tell()

    return all_first


def _nothing() -> None:
    pass


class Inline(Generic[T]):
    """Has jobs done at once, by who asks: for programs without a reactor."""

    def __init__(self, database: Database[T]) -> None:
        self._database: Final = database

    def put(self, job: Callable[[T], R], weight: int = 1) -> Deferred[R]:
        """Have a job done; its answer is there."""
        task = Task(job, weight, 0.0)
        try:
            transact(self._database, [task])()
        except Busy:
            task.outcome = Failure()
        task.tell()
        return task.answer

    def close(self) -> Deferred[None]:
        """Let go of the database."""
        self._database.close()
        return succeed(None)


class Worker(Generic[T]):
    """A thread that has jobs done: all that wait, but of no more weight than `most`, in one transaction.

    `call` brings answers to the reactor's thread.  What was not begun `timeout` seconds after it was asked
    for fails, and that is told as `late`; `monotonic` counts them.  What is put before :meth:`start` waits
    for that.
    """

    def __init__(
        self,
        name: str,
        database: Database[T],
        call: Call,
        monotonic: Callable[[], float],
        timeout: Callable[[], float],
        most: int,
        late: str,
    ) -> None:
        self._database: Final = database
        self._call: Final = call
        self._monotonic: Final = monotonic
        self._timeout: Final = timeout
        self._most: Final = most
        self._late: Final = late
        self._changed: Final = threading.Condition()
        self._waiting: deque[Task[T]] = deque()
        self._closed: Deferred[None] | None = None
        # A disk that hangs must not keep the process from ending: what is not committed is not.
        self._thread: Final = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, job: Callable[[T], R], weight: int = 1) -> Deferred[R]:
        """Have a job done."""
        task = Task(job, weight, self._monotonic())
        with self._changed:
            if self._closed is None:
                self._waiting.append(task)
                self._changed.notify()
                return task.answer
        task.outcome = Failure(StoreError("The store is closed"))
        task.tell()
        return task.answer

    def expire(self) -> None:
        """Fail what waits for longer than it should; to be called every now and then."""
        with self._changed:
            over = self._over()
        for task in over:
            task.tell()

    def close(self) -> Deferred[None]:
        """Do what waits, and end; answers when that is done."""
        with self._changed:
            if self._closed is None:
                self._closed = Deferred()
                self._changed.notify()
        if not self._thread.ident:
            self.start()
        return self._closed

    def _over(self) -> list[Task[T]]:
        """Take out of the queue what waits for too long, as failed."""
        since = self._monotonic() - self._timeout()
        over = []
        while self._waiting and self._waiting[0].since <= since:
            task = self._waiting.popleft()
            task.outcome = Failure(StoreError(self._late, "it waited for too long"))
            over.append(task)
        return over

    # in the thread

    def _work(self) -> None:
        while tasks := self._next():
            try:
                first = transact(self._database, tasks)
            except Busy:
                with self._changed:
                    self._waiting.extendleft(reversed(tasks))
                    self._changed.wait(PAUSE)
                    over = self._over()
                if over:
                    self._call(self._tell, _nothing, over)
                continue
            self._call(self._tell, first, tasks)
        self._database.close()
        self._call(self._ended)

    def _next(self) -> Sequence[Task[T]]:
        """The tasks of the next transaction; none at the end."""
        tasks: list[Task[T]] = []
        with self._changed:
            while not self._waiting and self._closed is None:
                self._changed.wait()
            weight = 0
            while self._waiting and (not tasks or weight + self._waiting[0].weight <= self._most):
                task = self._waiting.popleft()
                weight += task.weight
                tasks.append(task)
        return tasks

    # on the reactor's thread

    def _tell(self, first: Callable[[], None], tasks: Sequence[Task[T]]) -> None:
        try:
            first()
        except Exception:
            log.failure("What was written could not be told")
        for task in tasks:
            task.tell()

    def _ended(self) -> None:
        if self._closed is not None:
            self._closed.callback(None)
