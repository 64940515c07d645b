"""The one connection that writes messages, and what becomes of a file that is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from twisted.python.failure import Failure

from chatnet.storage.files import Damaged
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.aside import begin_anew
from chatnet.storage.messages.file import MessageFile
from chatnet.storage.messages.index import Index
from chatnet.storage.messages.keeping import Keeper, Memory
from chatnet.storage.sqlite import DISK, is_damage, is_of, reason_of
from chatnet.storage.worker import Task


class Wrong(Exception):
    """What was to be written is wrong, and not the disk."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Final = failure


class Writes(Protocol):
    """What writes messages, as one thread has it."""

    @property
    def index(self) -> Index:
        """What others may read, as of what was committed last."""

    def transact(self, tasks: Iterable[Task[Keeper]]) -> None:
        """Do all of these in one transaction, and note what each answers; or nothing.

        Raises StoreError, :class:`Damaged`, or :class:`Wrong`.
        """

    def truncate_log(self) -> None:
        """Have nothing that was deleted be in what was written of late, as far as that is ours to say."""

    def set_aside(self) -> str:
        """Begin another store in the place of a damaged one, and give the name that this one has now."""

    def close(self) -> None:
        """Let go of it; what was not committed is not."""


class Writing:
    """The connection to `file` that writes; `now` is Unix time."""

    def __init__(self, file: MessageFile, index: Index, now: Callable[[], float]) -> None:
        self._file: Final = file
        self._now: Final = now
        self._memory: Final = Memory()
        self._connection: sqlite3.Connection | None = None
        self.index = index
        """What others may read, as of what was committed last."""

    def transact(self, tasks: Iterable[Task[Keeper]]) -> None:
        """Do all of these in one transaction, and note what each answers; or nothing.

        Raises StoreError, :class:`Damaged`, or :class:`Wrong`.
        """
        try:
            if self._connection is None:
                self._memory.forget()
                self._connection = self._file.connect_to_write()
            self._connection.execute("BEGIN IMMEDIATE")
            now = int(self._now() * 1000)
            keeper = Keeper(self._connection, self._file.statements, self._memory, self.index, now)
            for task in tasks:
                task.outcome = task.job(keeper)
            keeper.end()
            self._connection.execute("COMMIT")
            self.index = keeper.index
        except sqlite3.Error as error:
            self.close()
            if is_damage(error):
                raise Damaged(CANNOT_WRITE, reason_of(error)) from None
            if is_of(error, DISK):
                raise StoreError(CANNOT_WRITE, reason_of(error)) from None
            raise Wrong(Failure()) from None
        except Exception:
            self.close()
            raise Wrong(Failure()) from None

    def truncate_log(self) -> None:
        """Have the log be empty, so that nothing is in it that was deleted; unless somebody reads it."""
        if self._connection is not None:
            try:
                self._connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                self.close()
                raise StoreError(CANNOT_WRITE, reason_of(error)) from None

    def set_aside(self) -> str:
        """Begin another file in the place of a damaged one, and give the name that this one has now."""
        self.close()
        name, opened = begin_anew(self._file, list(self._memory.targets), int(self._now() * 1000))
        self.index = opened.words
        return name

    def close(self) -> None:
        """Let go of the file; what was not committed is not."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
