"""The one connection of this process that writes messages into a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from secrets import token_hex
from typing import Final

from psycopg import DataError, IntegrityError, NotSupportedError, ProgrammingError
from twisted.python.failure import Failure

from chatnet.storage import postgresql
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.database.keeping import DONE, DatabaseKeeper, DatabaseMemory
from chatnet.storage.messages.database.source import MessageDatabase
from chatnet.storage.messages.index import Index
from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.writing import Wrong
from chatnet.storage.postgresql import Session, is_again
from chatnet.storage.worker import Task

TRIES: Final = 4
"""How often a transaction is begun that may go well."""


class DatabaseWriting:
    """It writes into `database`; `now` is Unix time.  What is here is what ``Writes`` says."""

    def __init__(self, database: MessageDatabase, index: Index, now: Callable[[], float]) -> None:
        self._database: Final = database
        self._now: Final = now
        self._memory: Final = DatabaseMemory()
        self._session: Session | None = None
        self._index = index
        self._doubt: tuple[str, Sequence[Task[Keeper]]] = "", ()
        """What is the value of a fact if the last transaction holds, and what was done in that."""

    @property
    def index(self) -> Index:
        """What others may read, as of what was committed last."""
        return self._index

    @property
    def since(self) -> float | None:
        """Since when an answer is waited for."""
        session = self._session
        return None if session is None else session.since

    def abandon(self) -> None:
        """Wait for no answer any more; by whatever thread."""
        session = self._session
        if session is not None:
            session.abandon()

    def transact(self, tasks: Iterable[Task[Keeper]]) -> None:
        """Do all of these in one transaction, and note what each answers; or nothing.

        Whether what was committed last holds is not known if the connection was lost then.  What tasks do may
        be done twice, but their answers would not be the same, where they have any: then a fact tells.

        Raises StoreError, or ``Wrong``.
        """
        several = list(tasks)
        for left in reversed(range(TRIES)):
            is_old = self._session is not None
            try:
                self._try(several)
                return
            except postgresql.Error as error:
                # What was there before may be dead, which is found out by using it.
                again = is_again(error) or (is_old and (self._session is None or self._session.lost))
                self.close()
                if again and left:
                    continue
                if _is_wrong(error):
                    raise Wrong(Failure()) from None
                raise StoreError(CANNOT_WRITE, self._database.reason(error)) from None
            except StoreError:
                self.close()
                raise
            except Exception:
                self.close()
                raise Wrong(Failure()) from None

    def _try(self, tasks: Sequence[Task[Keeper]]) -> None:
        database = self._database
        if self._session is None:
            self._memory.forget()
            was_known = database.opened is not None
            self._session = database.connect_to_write()
            if not was_known and database.opened is not None:
                self._index = database.opened.words
        session = self._session
        session.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        now = int(self._now() * 1000)
        keeper = DatabaseKeeper(session, database.statements, self._memory, self._index, now, database.sid)
        for task in self._undone(keeper, tasks):
            task.outcome = task.job(keeper)
        keeper.end()
        if any(task.outcome is not None for task in tasks):
            self._doubt = token_hex(8), tasks
            keeper.state(DONE, self._doubt[0])
        session.execute("COMMIT")
        self._doubt = "", ()
        self._index = keeper.index

    def _undone(self, keeper: DatabaseKeeper, tasks: Sequence[Task[Keeper]]) -> Sequence[Task[Keeper]]:
        """Those of them that were not done in a transaction whose end was not heard of."""
        value, perhaps = self._doubt
        if not value:
            return tasks
        facts = dict(keeper.rows(keeper.statements.facts, {}))
        if facts.get(f"{DONE}:{self._database.sid}") != value:
            return tasks
        return [task for task in tasks if task not in perhaps]

    def truncate_log(self) -> None:
        """The logs of the database are its operator's."""

    def set_aside(self) -> str:
        """A database is not damaged for us: whatever it says, it is tried again."""
        raise StoreError(CANNOT_WRITE)

    def close(self) -> None:
        """Let go of the database; what was not committed is not."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _is_wrong(error: postgresql.Error) -> bool:
    """Whether what was to be written is wrong, and not the database."""
    if isinstance(error, (DataError, IntegrityError)):
        return True
    return error.sqlstate is None and isinstance(error, (NotSupportedError, ProgrammingError))
