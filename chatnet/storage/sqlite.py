"""SQLite: the file in the data folder, and the connections that threads have to it.

WAL, so that who reads waits for nobody; `synchronous = FULL`, so that what is answered survives a loss of
power.  The file is of mode 0600, and so are those that SQLite puts beside it.  It may not lie on a network
file system.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, Generic, TypeVar

from chatnet.storage.interfaces import CANNOT_READ, CANNOT_WRITE, Meaning, StoreError, Taken
from chatnet.storage.reading import Reading
from chatnet.storage.tables import Statements
from chatnet.storage.transaction import Mark, Transaction
from chatnet.storage.worker import Busy, Lost

R = TypeVar("R")
V = TypeVar("V")
"""What those who read see."""
BUSY: Final = 2.0
"""Seconds that a connection waits for others that write."""
CACHE: Final = 16384
"""Kibibytes of the file that a connection which writes has in memory, at most."""
LOG: Final = 4000
"""Pages of 4 KiB, at most, that wait in the log to be brought to their places in the file."""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
DISK: Final = _BUSY | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_INTERRUPT,
}
"""What may be over another time, though nothing else is tried."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
TOO_LONG: Final = "That takes too long"


def make_file(path: Path) -> None:
    """Have a file be there, of mode 0600 from its beginning on.  Raises OSError.

    If root makes it, it belongs to whom the folder belongs to: the server runs as that user.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        descriptor = os.open(path, flags)
    else:
        if os.geteuid() == 0:
            folder = os.stat(path.parent)
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "is not a file", str(path))
    finally:
        os.close(descriptor)


def connect(
    path: Path, *, reading: bool = False, full: bool = True, cache: int | None = None
) -> sqlite3.Connection:
    """A connection to a file that is there.  Raises sqlite3.Error.

    Without `full` what was committed last may be lost with the power, but never by the end of the process.
    `cache` is how many kibibytes of the file it has in memory, at most.
    """
    place = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(place, uri=True, timeout=BUSY, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = OFF")
        # What is erased, or replaced, is not to be found in what the file has free.
        connection.execute("PRAGMA secure_delete = ON")
        if reading:
            connection.execute("PRAGMA query_only = ON")
        else:
            # A server that is being filled writes all over the file: so less of it is read and written anew.
            cache = cache or CACHE
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG}")
        if cache:
            connection.execute(f"PRAGMA cache_size = -{cache}")
    except BaseException:
        connection.close()
        raise
    return connection


def reason_of(error: sqlite3.Error) -> str:
    """What SQLite says of an error.  What the driver itself says has values in it, which are secrets."""
    return str(error) if hasattr(error, "sqlite_errorcode") else "what is in it is no text"


def is_of(error: sqlite3.Error, codes: Collection[int]) -> bool:
    """Whether an error is one of these."""
    return _code(error) in codes


def is_damage(error: sqlite3.Error) -> bool:
    """Whether what is in the file is no database, or not a whole one."""
    return is_of(error, _DAMAGE)


def _code(error: sqlite3.Error) -> int:
    """What kind of error it is; -1 if the driver found it."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF


class Writing:
    """The one connection of this process that writes.

    `seen` is the highest number that is known here when it is made; `tell` hears what is news beyond that, on
    the thread that is told the answers.
    """

    def __init__(self, path: Path, statements: Statements, meaning: Meaning, seen: int, tell: Taken) -> None:
        self._path: Final = path
        self._statements: Final = statements
        self._meaning: Final = meaning
        self._tell: Final = tell
        self.seen = seen
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> Transaction:
        """Begin a transaction: no other process writes until it ends."""
        try:
            if self._connection is None:
                self._connection = connect(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            work = Transaction(self._connection, self._statements, self._meaning)
            work.catch_up(self.seen)
            return work
        except sqlite3.Error as error:
            self.close()
            raise (Busy if is_of(error, _BUSY) else StoreError)(CANNOT_WRITE, reason_of(error)) from None

    def attempt(self, work: Transaction, job: Callable[[Transaction], R]) -> R:
        """Do a job; what it did is taken back if it raises."""
        mark = work.mark()
        try:
            work.connection.execute("SAVEPOINT job")
            result = job(work)
            work.connection.execute("RELEASE job")
        except sqlite3.Error as error:
            self._take_back(work, mark)
            raise StoreError(CANNOT_WRITE, reason_of(error)) from None
        except BaseException:
            self._take_back(work, mark)
            raise
        return result

    def _take_back(self, work: Transaction, mark: Mark) -> None:
        try:
            work.connection.execute("ROLLBACK TO job")
            work.connection.execute("RELEASE job")
        except sqlite3.Error as error:  # SQLite has ended the transaction by itself
            self._end(error)
            raise Lost(CANNOT_WRITE, reason_of(error)) from None
        work.back_to(mark)

    def commit(self, work: Transaction) -> Callable[[], None]:
        """Have it on the disk."""
        try:
            work.end()
            work.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._end(error)
            raise Lost(CANNOT_WRITE, reason_of(error)) from None
        self.seen = work.seq
        return lambda: self._tell(work.news) if work.news else None

    def _end(self, error: sqlite3.Error) -> None:
        """Have no transaction be begun any more."""
        if _code(error) != sqlite3.SQLITE_FULL or self._connection is None:
            self.close()  # the next one opens the file anew: it may be another one by then
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Reader(Generic[V]):
    """A connection that reads, beside the one that writes; each job sees what was committed before it.

    `connected` makes it, and jobs are functions of what `view` makes of it.  It is made anew when `age` is
    another number: then the file is another one.
    """

    def __init__(
        self,
        connected: Callable[[], sqlite3.Connection],
        view: Callable[[sqlite3.Connection], V],
        age: Callable[[], int] = lambda: 0,
    ) -> None:
        self._connected: Final = connected
        self._view: Final = view
        self._age: Final = age
        self._of = age()
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> V:
        """Begin to see the file as it is now."""
        try:
            if self._of != self._age():
                self.close()
                self._of = self._age()
            if self._connection is None:
                self._connection = self._connected()
            self._connection.execute("BEGIN")
            return self._view(self._connection)
        except sqlite3.Error as error:
            self.close()
            raise StoreError(CANNOT_READ, reason_of(error)) from None

    def attempt(self, work: V, job: Callable[[V], R]) -> R:
        """Do a job."""
        try:
            return job(work)
        except sqlite3.Error as error:
            self.close()
            text = TOO_LONG if is_of(error, {sqlite3.SQLITE_INTERRUPT}) else CANNOT_READ
            raise Lost(text, reason_of(error)) from None

    def commit(self, work: V) -> Callable[[], None]:
        """See nothing any more."""
        try:
            if self._connection is not None:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self.close()
            raise Lost(CANNOT_READ, reason_of(error)) from None
        return lambda: None

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def reader(path: Path, statements: Statements) -> Reader[Reading]:
    """What reads records of the file at `path`."""
    return Reader(lambda: connect(path, reading=True), lambda connection: Reading(connection, statements))
