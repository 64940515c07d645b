"""The one connection that writes messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.index import Index
from chatnet.storage.messages.keeping import Keeper, Memory
from chatnet.storage.messages.tables import Statements
from chatnet.storage.sqlite import is_busy, reason_of
from chatnet.storage.worker import Busy, Lost

R = TypeVar("R")


class Writing:
    """The connection that `connected` makes; `now` is Unix time."""

    def __init__(
        self,
        connected: Callable[[], sqlite3.Connection],
        statements: Statements,
        index: Index,
        now: Callable[[], float],
    ) -> None:
        self._connected: Final = connected
        self._statements: Final = statements
        self.index = index
        """What others may read, as of what was committed last."""
        self._now: Final = now
        self._memory: Final = Memory()
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> Keeper:
        """Begin a transaction: no other process writes until it ends."""
        try:
            if self._connection is None:
                self._memory.forget()
                self._connection = self._connected()
            self._connection.execute("BEGIN IMMEDIATE")
            now = int(self._now() * 1000)
            return Keeper(self._connection, self._statements, self._memory, self.index, now)
        except sqlite3.Error as error:
            self.close()
            raise (Busy if is_busy(error) else StoreError)(CANNOT_WRITE, reason_of(error)) from None

    def attempt(self, work: Keeper, job: Callable[[Keeper], R]) -> R:
        """Do a job.  One that raises takes the transaction with it."""
        try:
            return job(work)
        except sqlite3.Error as error:
            self.close()
            raise Lost(CANNOT_WRITE, reason_of(error)) from None
        except BaseException:
            self.close()
            raise

    def commit(self, work: Keeper) -> Callable[[], None]:
        """Have it on the disk."""
        try:
            work.end()
            work.connection.execute("COMMIT")
            self.index = work.index
        except sqlite3.Error as error:
            self.close()
            raise Lost(CANNOT_WRITE, reason_of(error)) from None
        return lambda: None

    def close(self) -> None:
        """Let go of the file; what was not committed is not."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
