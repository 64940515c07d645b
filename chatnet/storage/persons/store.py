"""The thread that writes who stays.

What is said of somebody takes the place of what was said before and is not written yet: so what waits is
never more than there are people and channels, however long the disk takes nothing.

===========  =====================================  ================================================  =======
state        input                                  does                                              next
===========  =====================================  ================================================  =======
IDLE         something is said                      writes all that waits, in one transaction         WRITING
WRITING      committed                              answers who waits for that                        IDLE
WRITING      the disk is full, broken, in use       tells of it; what was said since holds            FAILING
WRITING      the file is damaged                    begins another one, and asks for all of it        FAILING
FAILING      1, 2, 4, … 30 seconds later            all of it again                                   WRITING
FAILING      committed                              tells that it is over                             IDLE
any          it is closed                           tries for `drain` seconds at most                 CLOSED
===========  =====================================  ================================================  =======
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Table
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from chatnet.storage.files import Damaged
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.persons.file import PersonFile
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person, Standing
from chatnet.storage.persons.tables import PERSON, STANDING
from chatnet.storage.worker import Call

FILE: Final = "persons.sqlite"
"""Its name in the data folder."""
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until it is tried again; the last of them from then on."""

log = Logger(namespace="chatnet")


def _nobody(error: StoreError | None = None) -> None:
    """Who listens as long as nobody does."""


class PersonStore:
    """Keeps people who stay in the file at `path`.

    `call` brings answers to the reactor's thread, `monotonic` counts seconds, `now` is Unix time, and `drain`
    for how many seconds closing may take.
    """

    def __init__(
        self,
        path: Path,
        call: Call,
        monotonic: Callable[[], float],
        now: Callable[[], float],
        drain: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.troubled: Callable[[StoreError | None], None] = _nobody
        self.lost: Callable[[], None] = _nobody
        self._file: Final = PersonFile(path, now)
        self._call: Final = call
        self._monotonic: Final = monotonic
        self._drain: Final = drain
        self._pauses: Final = pauses
        self._changed: Final = threading.Condition()
        self._waiting: dict[tuple[Table, str], Person | Standing | None] = {}
        self._said = 0
        """How often something was said."""
        self._written = 0
        """How often it was when what is written by now was taken."""
        self._flushes: list[tuple[int, Deferred[None]]] = []
        self._failed = 0
        """How often it was tried in vain; 0: it is not FAILING."""
        self._closed: Deferred[None] | None = None
        self._until = 0.0
        # A disk that hangs must not keep the process from ending: what is not committed is not.
        self._thread: Final = threading.Thread(target=self._work, name="writer of people", daemon=True)

    # on the reactor's thread

    def load(self) -> Stayed:
        """All that is kept, before the reactor runs; raises StoreError."""
        return self._file.load()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def keep(self, person: Person) -> None:
        """Keep somebody as they are now."""
        self._say(PERSON, person.key, person)

    def forget(self, key: str) -> None:
        """Keep somebody no more."""
        self._say(PERSON, key, None)

    def keep_channel(self, folded: str, standing: Standing) -> None:
        """Keep a channel, by its folded name, as it is now."""
        self._say(STANDING, folded, standing)

    def forget_channel(self, folded: str) -> None:
        """Keep a channel no more."""
        self._say(STANDING, folded, None)

    def _say(self, table: Table, key: str, row: Person | Standing | None) -> None:
        with self._changed:
            self._said += 1
            self._waiting[table, key] = row
            self._changed.notify()

    def flush(self) -> Deferred[None]:
        """Answers when all that was said so far is written; fails if it is closed before."""
        with self._changed:
            if self._written == self._said:
                return succeed(None)
            if self._closed is not None and not self._thread.is_alive():
                return fail(StoreError(CANNOT_WRITE, "the store is closed"))
            answer: Deferred[None] = Deferred()
            self._flushes.append((self._said, answer))
            return answer

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

    # in the thread

    def _work(self) -> None:
        while self._wait():
            with self._changed:
                changes, self._waiting, number = self._waiting, {}, self._said
            try:
                self._file.write(changes)
            except StoreError as error:
                with self._changed:
                    self._waiting = {**changes, **self._waiting}
                self._fail(error)
            else:
                failed, self._failed = self._failed, 0
                self._call(self._done, number, failed > 0)
        self._file.close()
        self._call(self._ended)

    def _wait(self) -> bool:
        """Wait for something to do, and until it may be tried again; False: the end."""
        with self._changed:
            if self._failed:
                pause = self._pauses[min(self._failed, len(self._pauses)) - 1]
                until = self._monotonic() + pause
                self._changed.wait_for(lambda: self._closed is not None, pause)
                if self._closed is not None:
                    # What remains of the pause, as far as there is time for it.
                    left = min(until, self._until) - self._monotonic()
                    if left > 0:
                        self._changed.wait(left)
                    return self._monotonic() < self._until and bool(self._waiting)
            self._changed.wait_for(lambda: self._waiting or self._closed is not None)
            return bool(self._waiting)

    def _fail(self, error: StoreError) -> None:
        log.error("Who stays cannot be written: {reason}", reason=error.reason or str(error))
        first, self._failed = not self._failed, self._failed + 1
        if isinstance(error, Damaged):
            try:
                aside = self._file.set_aside()
            except StoreError:
                pass  # another time: the file is damaged still
            else:
                log.error("The damaged file is kept as {name}, and a new one is begun", name=aside)
                self._call(self._begin_anew)
        if first:
            self._call(self._trouble, error)

    # on the reactor's thread again

    def _done(self, number: int, is_over: bool) -> None:
        self._written = number
        if is_over:
            self.troubled(None)
        flushes, self._flushes = self._flushes, []
        for said, answer in flushes:
            if said <= number:
                answer.callback(None)
            else:
                self._flushes.append((said, answer))

    def _trouble(self, error: StoreError) -> None:
        self.troubled(error)

    def _begin_anew(self) -> None:
        self.lost()

    def _ended(self) -> None:
        flushes, self._flushes = self._flushes, []
        for _, answer in flushes:
            answer.errback(StoreError(CANNOT_WRITE, "the store was closed"))
        if self._closed is not None:
            self._closed.callback(None)
