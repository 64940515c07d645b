"""A file in which groups wait for a database that is away, in their order, also over a restart.

There is none as long as nothing waits.  What is put into it survives the end of the process.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.packing import packed, unpacked
from chatnet.storage.messages.rows import Entry
from chatnet.storage.messages.unread import Unread, summary
from chatnet.storage.sqlite import connect, is_damage, make_file, reason_of

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS spooled (id INTEGER PRIMARY KEY, entries TEXT NOT NULL, summary TEXT)"
)
_HAS_SUMMARIES: Final = "SELECT 1 FROM pragma_table_info('spooled') WHERE name = 'summary'"
_ADD_SUMMARIES: Final = "ALTER TABLE spooled ADD COLUMN summary TEXT"
"""A file of an older version has none: what its groups are about is in them alone."""

log = Logger(namespace="chatnet")


class Spool:
    """The file at `path`, of which one thread makes use; `most` bytes of groups are in it at most.

    `full` is as in ``connect``.  A file that is damaged is set aside.
    """

    def __init__(self, path: Path, most: Callable[[], int], *, full: bool) -> None:
        self._path: Final = path
        self._most: Final = most
        self._full: Final = full
        self._connection: sqlite3.Connection | None = None
        self._bytes = 0
        self.is_empty = not path.exists()
        """Whether nothing waits."""
        self.name: Final = path.name

    @property
    def bytes(self) -> int:
        """How much waits, as far as was looked."""
        return self._bytes

    def put(self, groups: Sequence[Sequence[Entry]]) -> int:
        """Have these wait behind all others, as far as there is room; gives how many do.

        Raises StoreError.
        """
        texts = [(text := packed(entries), _summary(entries, text)) for entries in groups]
        try:
            if not self.is_empty:
                self._opened()  # which tells how much is in it
            count, size = 0, self._bytes
            for text, about in texts:
                more = len(text) + len(about or "")
                if size + more > self._most():
                    break
                count, size = count + 1, size + more
            if not count:
                return 0
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO spooled (entries, summary) VALUES (?, ?)", texts[:count])
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self._bytes, self.is_empty = size, False
        return count

    def waiting(self) -> Unread:
        """What waits already when it is opened, as far as that can be found out.  It blocks."""
        if self.is_empty:
            return Unread()
        unread = Unread()
        try:
            for (text,) in self._opened().execute(
                "SELECT coalesce(summary, entries) FROM spooled ORDER BY id"
            ):
                unread.note(unpacked(text))
        except (sqlite3.Error, OSError, ValueError):
            unread.note_any()  # who writes will tell of it
        self.close()
        return unread

    def first(self, most: int) -> tuple[int, list[Entry]]:
        """The groups that have waited longest, of so many entries together if one alone has not more.

        Gives what :meth:`drop` is told then; nothing waits if there are no entries.  Raises StoreError.
        """
        entries: list[Entry] = []
        last = 0
        try:
            for number, text in self._opened().execute("SELECT id, entries FROM spooled ORDER BY id"):
                try:
                    group = unpacked(text)
                except ValueError:
                    log.error("Messages that waited for the database cannot be read, and are lost")
                    group = []
                if entries and len(entries) + len(group) > most:
                    break
                entries += group
                last = number
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        return last, entries

    def drop(self, last: int) -> None:
        """Forget the groups up to that number: they are where they belong.  Raises StoreError."""
        try:
            connection = self._opened()
            connection.execute("DELETE FROM spooled WHERE id <= ?", (last,))
            self._look(connection)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        if self.is_empty:
            self.close()
            with suppress(OSError):
                self._path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            make_file(self._path)
            self._connection = connect(self._path, full=self._full)
            self._connection.execute(_TABLE)
            if self._connection.execute(_HAS_SUMMARIES).fetchone() is None:
                self._connection.execute(_ADD_SUMMARIES)
            self._look(self._connection)
        return self._connection

    def _look(self, connection: sqlite3.Connection) -> None:
        """See how much is in it."""
        count, size = connection.execute(
            "SELECT count(*), coalesce(sum(length(entries) + coalesce(length(summary), 0)), 0) FROM spooled"
        ).fetchone()
        self._bytes, self.is_empty = size, not count

    def _failed(self, error: sqlite3.Error | OSError) -> StoreError:
        self.close()
        if isinstance(error, OSError):
            return StoreError(CANNOT_WRITE, error.strerror or "the file cannot be opened")
        if is_damage(error):
            aside = self._path.with_name(f"{self._path.name}.damaged-{int(time.time())}")
            with suppress(OSError):
                self._path.rename(aside)
                self.is_empty = True
            log.error("What waited for the database is damaged: the file is kept as {name}", name=aside.name)
        return StoreError(CANNOT_WRITE, reason_of(error))


def _summary(entries: Sequence[Entry], text: str) -> str | None:
    """What a group is about, if that is much less than the group itself."""
    about = packed(summary(entries))
    return about if len(about) < len(text) / 2 else None
