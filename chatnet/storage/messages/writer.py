"""The thread that writes messages, as long as there is a disk that takes them.

Several groups that wait are one transaction.  What fails is tried again, in its order; what waits meanwhile
is bounded.  A group is WAITING, then BEGUN, then done; other jobs are the same, but wait for so long only as
everything that is asked of a store, and fail with what they do wrong.

===========  ===========================================  =======================================  ===========
state        input                                        does                                     next
===========  ===========================================  =======================================  ===========
IDLE         something is put                             begins a transaction                     WRITING
IDLE         nothing is put for a while                   one slice of what can wait               IDLE
WRITING      committed                                    answers                                  IDLE
WRITING      the disk is full, broken, in use             tells of it, keeps the groups            FAILING
WRITING      a job is wrong                               the others once more, without it         WRITING
FAILING      1, 2, 4, … 30 seconds later                  all of it again                          WRITING
FAILING      committed                                    tells that it is over                    IDLE
WRITING      as much waits as one transaction takes       has nobody say more                      WRITING
WRITING      committed, and less waits                    has them go on                           the same
any          more than `queue_bytes` wait                 drops the oldest messages, whose place   the same
                                                          gets a gap; tells how many
any          the file is damaged                          has another file begun, all of it again  WRITING
FAILING      there is a spool                             puts the groups there, and answers       FAILING
any          something is in the spool                    writes that first, what comes meanwhile  the same
                                                          goes there behind it
any          it is closed                                 tries for `drain` seconds at most        CLOSED
===========  ===========================================  =======================================  ===========
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.storage.files import Damaged
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.aside import aside
from chatnet.storage.messages.gone import Gone
from chatnet.storage.messages.interfaces import Trouble
from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.losing import size_of, without_messages
from chatnet.storage.messages.rows import LAST, Entry, Place
from chatnet.storage.messages.spool import Spool
from chatnet.storage.messages.unread import Unread
from chatnet.storage.messages.writing import Writes, Wrong
from chatnet.storage.worker import Call, Task

R = TypeVar("R")

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until it is tried again; the last of them from then on."""
TOGETHER: Final = 2000
"""Entries that one transaction writes, at most, unless one group alone has more."""
REST: Final = 0.05
"""Seconds between two slices of what can wait."""
LOST: Final = "Messages that waited for the disk were dropped"

log = Logger(namespace="chatnet")


class Group(Task[Keeper]):
    """Entries that have to be kept, and how many bytes they count for."""

    __slots__ = ("bytes", "entries", "is_lost")

    def __init__(self, entries: Sequence[Entry], since: float) -> None:
        super().__init__(self.keep, len(entries), since)
        self.entries = entries
        self.bytes = sum(map(size_of, entries))
        self.is_lost = False

    def keep(self, keeper: Keeper) -> None:
        """Write them."""
        keeper.keep(self.entries)

    def tell(self) -> None:
        """Answer, if that was not done when its messages were dropped."""
        if not self.is_lost:
            super().tell()


class Spooled(Group):
    """Groups that were put into the spool, and were answered then; `last` is what they are there."""

    __slots__ = ("last",)

    def __init__(self, entries: Sequence[Entry], since: float, last: int) -> None:
        super().__init__(entries, since)
        self.bytes = 0
        self.last = last

    def tell(self) -> None:
        """Nobody waits for that any more."""


class Writer:
    """A thread that writes.  `call` brings answers to the reactor's thread.

    `troubled` hears there what is wrong, and None when it is over; `slice` does a part of what can wait, and
    says for how many seconds there is nothing more to do.  Its other arguments are settings: `timeout` for
    jobs that are no groups, `drain` for closing, both in seconds, and `queue_bytes`.

    `pressed` hears on the reactor's thread that more is put than the thread can write, and when that is over.
    So what waits is never more than the next transaction takes, if who puts it heeds that.  A disk that
    fails presses nobody: what is said then may wait for hours.  `took` hears how many seconds it took until a
    group was on the disk.

    With a `spool` groups wait there for as long as it fails, and are answered: they are on a disk.
    """

    def __init__(
        self,
        writing: Writes,
        call: Call,
        monotonic: Callable[[], float],
        timeout: Callable[[], float],
        drain: Callable[[], float],
        queue_bytes: Callable[[], int],
        troubled: Callable[[Trouble | None], None],
        slice: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
        spool: Spool | None = None,
    ) -> None:
        self._writing: Final = writing
        self._spool: Final = spool
        self._call: Final = call
        self._monotonic: Final = monotonic
        self._timeout: Final = timeout
        self._drain: Final = drain
        self._queue_bytes: Final = queue_bytes
        self._troubled: Final = troubled
        self._slice: Final = slice
        self._pauses: Final = pauses
        self.pressed: Callable[[bool], object] = lambda pressed: None
        self.took: Callable[[float], object] = lambda seconds: None
        self._changed: Final = threading.Condition()
        self._waiting: Final[deque[Task[Keeper]]] = deque()
        self._entries = 0
        """So many of groups wait, and are not being written."""
        self._is_pressed = False
        self._bytes = 0
        """What waits or is being written counts for so much."""
        self._lost = 0
        """Messages that were dropped since it was told."""
        self._failed = 0
        """How often the same was tried in vain; 0: it is not FAILING."""
        self._unread: Final = Unread() if spool is None else spool.waiting()
        self._closed: Deferred[None] | None = None
        self._until = 0.0
        # A disk that hangs must not keep the process from ending: what is not committed is not.
        self._thread: Final = threading.Thread(target=self._work, name="writer of messages", daemon=True)

    # on the reactor's thread

    @property
    def bytes(self) -> int:
        """What waits counts for so much."""
        return self._bytes

    @property
    def is_failing(self) -> bool:
        """Whether what was put may not be written for long."""
        return self._failed > 0 or self._spools

    @property
    def spooled(self) -> int:
        """Bytes that wait in the spool."""
        return 0 if self._spool is None else self._spool.bytes

    def unread(self, place: Place) -> tuple[int, int] | None:
        """Of when something waits that answers do not have; see ``Unread.of``."""
        with self._changed:
            return self._unread.of(place)

    def stays(self, place: Place) -> int:
        """From when on who came and went waits to be written; see ``Unread.stays``."""
        with self._changed:
            return self._unread.stays(place)

    def talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        """The talks of which something waits; see ``Unread.talks``."""
        with self._changed:
            return self._unread.talks(person)

    @property
    def gone(self) -> Gone | None:
        """What answers still have, and is to be gone; None: nothing."""
        return self._unread.gone

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def keep(self, entries: Sequence[Entry]) -> Deferred[None]:
        """Have a group written, however long it takes."""
        group = Group(entries, self._monotonic())
        with self._changed:
            if self._closed is None:
                self._waiting.append(group)
                self._bytes += group.bytes
                self._entries += group.weight
                if self.is_failing:
                    self._unread.note(entries)
                self._changed.notify()
            else:
                group.outcome = Failure(StoreError("The store is closed"))
        if group.outcome is not None:
            group.tell()
        elif self._bytes > self._queue_bytes():
            self._drop()
        self._press()
        return group.answer

    def put(self, job: Callable[[Keeper], R], weight: int = 1) -> Deferred[R]:
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
        """Fail jobs that wait for longer than they should; to be called every now and then."""
        since = self._monotonic() - self._timeout()
        with self._changed:
            over = [task for task in self._waiting if not isinstance(task, Group) and task.since <= since]
            for task in over:
                self._waiting.remove(task)
        for task in over:
            task.outcome = Failure(StoreError(CANNOT_WRITE, "it waited for too long"))
            task.tell()

    def close(self) -> Deferred[None]:
        """Write what waits, for as long as it may take, and end; answers when that is done."""
        with self._changed:
            if self._closed is None:
                self._closed = Deferred()
                self._until = self._monotonic() + self._drain()
                self._changed.notify()
        if not self._thread.ident:
            self.start()
        return self._closed

    def _press(self) -> None:
        """Tell whether too much waits, if that is news."""
        is_pressed = self._entries >= TOGETHER and not self._failed and self._closed is None
        if is_pressed is not self._is_pressed:
            self._is_pressed = is_pressed
            self.pressed(is_pressed)

    def _drop(self) -> None:
        """Drop the oldest messages, as many as have to be."""
        dropped: list[Group] = []
        with self._changed:
            groups = [task for task in self._waiting if isinstance(task, Group)]
            excess = self._bytes - self._queue_bytes()
            kept: list[Entry] = []
            while groups and excess > 0:
                group = groups.pop(0)
                kept += group.entries
                excess -= group.bytes
                self._waiting.remove(group)
                self._bytes -= group.bytes
                self._entries -= group.weight
                dropped.append(group)
            rest, count = without_messages(kept, hard=not groups)
            self._lost += count
            left = Group(rest, self._monotonic())
            self._waiting.appendleft(left)
            self._bytes += left.bytes
            self._entries += left.weight
        for group in dropped:
            if not group.is_lost:
                group.is_lost = True
                group.answer.errback(StoreError(CANNOT_WRITE, LOST))
        left.is_lost = True

    # in the thread

    def _work(self) -> None:
        while (tasks := self._next()) is not None:
            if not tasks:
                self._rest()
                continue
            try:
                self._write(tasks)
            except StoreError as error:
                self._fail(tasks, error)
            else:
                self._done(tasks)
        self._writing.close()
        if self._spool is not None:
            self._spool.close()
        with self._changed:
            left = list(self._waiting)
            self._waiting.clear()
        for task in left:
            task.outcome = Failure(StoreError(CANNOT_WRITE, "the store was closed"))
        self._call(self._ended, left)

    def _next(self) -> Sequence[Task[Keeper]] | None:
        """The tasks of the next transaction, or none if there is time for other things; None: the end."""
        if self._failed and not self._wait_out():
            return None
        if self._spools:
            self._put_aside()
            first = None if self._closed is not None else self._first()
            if first is not None:
                return [first]
            if self._spools:
                return None if self._closed is not None else []
        tasks: list[Task[Keeper]] = []
        with self._changed:
            if not self._waiting:
                return None if self._closed is not None else tasks
            weight = 0
            while self._waiting and (not tasks or weight + self._waiting[0].weight <= TOGETHER):
                task = self._waiting.popleft()
                weight += task.weight
                tasks.append(task)
            self._entries -= _entries_of(tasks)
        return tasks

    def _wait_out(self) -> bool:
        """Wait until it is time to try again; False: there is no time for that."""
        pause = self._pauses[min(self._failed, len(self._pauses)) - 1]
        until = self._monotonic() + pause
        while self._put_aside():
            with self._changed:
                left = until - self._monotonic()
                if not self._changed.wait_for(lambda: self._closed is not None or self._entries, left):
                    return True
                if self._closed is not None and not self._entries:
                    return False
        with self._changed:
            self._changed.wait_for(lambda: self._closed is not None, until - self._monotonic())
            if self._closed is not None:
                # What remains of the pause, as far as there is time for it.
                left = min(until, self._until) - self._monotonic()
                if left > 0:
                    self._changed.wait(left)
                return self._monotonic() < self._until
        return True

    @property
    def _spools(self) -> bool:
        """Whether something waits in a spool, so that all else has to wait there as well."""
        return self._spool is not None and not self._spool.is_empty

    def _put_aside(self) -> bool:
        """Have all groups wait in the spool; False: there is none, or no room."""
        spool = self._spool
        if spool is None:
            return False
        with self._changed:
            groups = [task for task in self._waiting if isinstance(task, Group)]
            others = [task for task in self._waiting if not isinstance(task, Group)]
            self._waiting.clear()
            self._waiting.extend(others)
            self._entries -= _entries_of(groups)
        count = 0
        try:
            count = spool.put([group.entries for group in groups]) if groups else 0
        except StoreError as error:
            log.error("Messages cannot wait in a file: {reason}", reason=error.reason or str(error))
        done, left = groups[:count], groups[count:]
        with self._changed:
            self._waiting.extendleft(reversed(left))
            self._entries += _entries_of(left)
            self._bytes -= sum(group.bytes for group in done)
        if done:
            self._call(self._tell, done, False, 0)
        return not left

    def _first(self) -> Spooled | None:
        """What has waited longest in the spool."""
        assert self._spool is not None
        try:
            last, entries = self._spool.first(TOGETHER)
        except StoreError as error:
            log.error("Messages that wait in a file cannot be read: {reason}", reason=error.reason)
            self._failed += 1
            return None
        return Spooled(entries, self._monotonic(), last)

    def _rest(self) -> None:
        """Do a part of what can wait, and wait for something to do."""
        try:
            pause = self._slice()
        except Damaged:
            pause = self._pauses[-1]
            self._set_aside()
        except StoreError:
            pause = self._pauses[-1]  # who writes will tell of it
        except Exception:
            log.failure("What can wait could not be done")
            pause = self._pauses[-1]
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed is not None, max(pause, REST))

    def _write(self, tasks: Sequence[Task[Keeper]]) -> None:
        """Do all of these in one transaction, or those that are right in one of their own each."""
        try:
            self._writing.transact(tasks)
        except Damaged:
            self._aside()
            self._write(tasks)
        except Wrong as wrong:
            if len(tasks) > 1:
                for task in tasks:
                    self._write([task])
            elif isinstance(task := tasks[0], Group) and len(task.entries) > 1:
                self._one_by_one(task)
            else:
                log.failure("What was to be kept is wrong", failure=wrong.failure)
                tasks[0].outcome = wrong.failure

    def _one_by_one(self, group: Group) -> None:
        """Keep all entries that are right; whoever asked hears of one that is not."""
        for entry in group.entries:
            alone = Group([entry], group.since)
            self._write([alone])
            group.outcome = group.outcome or alone.outcome

    def _set_aside(self) -> None:
        """Begin another file, if that can be."""
        try:
            self._aside()
        except StoreError as error:
            log.error("Messages cannot be written: {reason}", reason=error.reason or str(error))
            return
        self._failed = 0
        self._call(self._troubled, None)

    def _aside(self) -> None:
        trouble = aside(self._writing.set_aside())
        self._call(self._troubled, trouble)
        self._failed = self._failed or 1

    def _fail(self, tasks: Sequence[Task[Keeper]], error: StoreError) -> None:
        log.error("Messages cannot be written: {reason}", reason=error.reason or str(error))
        with self._changed:
            # What is in the spool stays there.
            tasks = [task for task in tasks if not isinstance(task, Spooled)]
            self._waiting.extendleft(reversed(tasks))
            self._entries += _entries_of(tasks)
            first, self._failed = not self._failed, self._failed + 1
            if first:
                for task in self._waiting:
                    if isinstance(task, Group):
                        self._unread.note(task.entries)
        if first:
            waits = "" if self._spool is None else f"; they wait in the file {self._spool.name}"
            self._call(self._fails, Trouble(f"{error}{waits}"))

    def _done(self, tasks: Sequence[Task[Keeper]]) -> None:
        if self._spool is not None and isinstance(spooled := tasks[0], Spooled):
            try:
                self._spool.drop(spooled.last)
            except StoreError as error:
                # They are written once more, which does no harm.
                self._fail([], error)
                return
        with self._changed:
            self._bytes -= sum(task.bytes for task in tasks if isinstance(task, Group))
            failed, self._failed = self._failed, 0
            lost, self._lost = self._lost, 0
            if not self._spools:
                # From now on what is asked is answered behind what waits.
                self._unread.forget()
        self._call(self._tell, tasks, failed > 0, lost)

    # on the reactor's thread again

    def _fails(self, trouble: Trouble) -> None:
        self._press()
        self._troubled(trouble)

    def _tell(self, tasks: Sequence[Task[Keeper]], is_over: bool, lost: int) -> None:
        if lost:
            self._troubled(Trouble(LOST, lost))
        if is_over or lost:
            self._troubled(None)
        self._press()
        now = self._monotonic()
        for task in tasks:
            if type(task) is Group and not isinstance(task.outcome, Failure):
                self.took(now - task.since)
            task.tell()

    def _ended(self, left: Sequence[Task[Any]]) -> None:
        for task in left:
            task.tell()
        if self._closed is not None:
            self._closed.callback(None)


def _entries_of(tasks: Sequence[Task[Any]]) -> int:
    return sum(task.weight for task in tasks if isinstance(task, Group))


class Immediate:
    """Writes at once, for who asks: for programs without a reactor."""

    bytes = 0
    spooled = 0
    is_failing = False
    gone: Gone | None = None

    def __init__(self, writing: Writes) -> None:
        self._writing: Final = writing

    def unread(self, place: Place) -> tuple[int, int] | None:
        """Nothing waits."""
        return None

    def stays(self, place: Place) -> int:
        """All of it is known."""
        return LAST

    def talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        """Nothing waits."""
        return ()

    def keep(self, entries: Sequence[Entry]) -> Deferred[None]:
        """Write a group; its answer is there."""
        return self.put(lambda keeper: keeper.keep(entries))

    def put(self, job: Callable[[Keeper], R], weight: int = 1) -> Deferred[R]:
        """Do a job; its answer is there."""
        task = Task(job, weight, 0.0)
        try:
            self._writing.transact([task])
        except Wrong as wrong:
            task.outcome = wrong.failure
        except StoreError:
            task.outcome = Failure()
        task.tell()
        return task.answer

    def close(self) -> Deferred[None]:
        """Let go of the file."""
        self._writing.close()
        return succeed(None)
