"""The database of messages: how it is connected to, and what is done with it first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chatnet.storage import postgresql
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.database.speech import foundation, statements_of
from chatnet.storage.messages.index import Index, Search
from chatnet.storage.messages.opening import MIGRATIONS, Opened
from chatnet.storage.messages.tables import SCHEMA, VERSION
from chatnet.storage.migrating import take_steps
from chatnet.storage.postgresql import Away, Session, parameters_of, reason_of

DATABASE: Final = "The database of messages"
CANNOT_REACH: Final = f"{DATABASE} cannot be reached"
CANNOT_USE: Final = f"{DATABASE} cannot be used"
STARTED_ONCE: Final = "start the server once"
NO_TRIGRAMS: Final = "history.search: a database finds words and their beginnings, but no trigrams."
TRIES: Final = 3
"""How often it is tried to make what several servers may make at the same time."""
PAGES_ONLY: Final = ("enable_bitmapscan", "enable_sort", "enable_hashjoin", "enable_mergejoin")
"""Ways of the planner that are not for pages, but for searches."""
TABLE: Final = (
    "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = "
    f"'{VERSION.name}'"
)


class MessageDatabase:
    """The database at `url`, for the server `sid`; what is wrong with a URL raises StoreError.

    `search` is what this server finds; an index that is there is kept in any case.  `serving` is as in
    ``open_messages``; `timeout` is for what is written.
    """

    def __init__(
        self,
        url: str,
        sid: str,
        search: Search,
        serving: bool,
        timeout: Callable[[], float],
        query_timeout: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        try:
            self.parameters: Final = parameters_of(url)
        except ValueError as error:
            raise StoreError(f"history.store {error}.") from None
        if search == "trigrams":
            raise StoreError(NO_TRIGRAMS)
        self.sid: Final = sid
        self.statements: Final = statements_of(sid)
        self.search: Final = search
        self.is_new = False
        """Whether its tables were made just now."""
        self.opened: Opened | None = None
        """What it is, once it was reached."""
        self._serving: Final = serving
        self.timeout = timeout
        self._query_timeout: Final = query_timeout
        self._monotonic: Final = monotonic

    def connect_to_write(self) -> Session:
        """A connection, once all is as it should be.  Raises StoreError, :class:`Away` where it is away."""
        session = self._connect(self.timeout())
        if self.opened is None:
            try:
                self.opened = self._found(session)
            except BaseException:
                session.close()
                raise
        return session

    def connect_to_read(self) -> Session:
        """A connection that reads, page by page.  Raises :class:`Away`, or an error of the driver's.

        The planner takes what is asked of flags and kinds for rare, and would rather sort all that a place
        has than read a page of it in order.
        """
        session = self._connect(self._query_timeout())
        try:
            for name in PAGES_ONLY:
                session.execute(f"SET {name} = off")
        except BaseException:
            session.close()
            raise
        return session

    def reason(self, error: postgresql.Error) -> str:
        """What the database says of an error."""
        return reason_of(error, self.parameters)

    def _connect(self, timeout: float) -> Session:
        try:
            return Session(self.parameters, timeout, self._monotonic)
        except postgresql.Error as error:
            raise Away(CANNOT_REACH, self.reason(error)) from None

    def _driver(self) -> Any:
        return self._connect(self.timeout()).driver

    def _found(self, session: Session) -> Opened:
        """Have it be a store of messages, and tell what it is."""
        for tries in range(TRIES):
            try:
                self._make(session)
                return self._open(session)
            except postgresql.Error as error:  # perhaps another server was quicker
                if tries == TRIES - 1 or session.lost:
                    raise StoreError(f"{CANNOT_USE}: {self.reason(error)}.") from None
                session.execute("ROLLBACK")
        raise AssertionError

    def _make(self, session: Session) -> None:
        """Make its tables, or bring them up to date."""
        statements = self.statements
        if session.execute("SHOW server_encoding").fetchone() != ("UTF8",):
            raise StoreError(f"{CANNOT_USE}: its encoding has to be UTF8.")
        schema = None
        if session.execute(TABLE).fetchone() is not None:
            row = session.execute(statements.version).fetchone()
            schema = "" if row is None else str(row[0])
        if schema is None and self._serving:
            session.execute("BEGIN")
            for statement in foundation():
                session.execute(statement)
            session.execute(statements.add_version, {"version_num": SCHEMA})
            session.execute("COMMIT")
            self.is_new = True
        elif schema is None:
            raise StoreError(f"{DATABASE} is empty: {STARTED_ONCE}.")
        elif not schema:
            raise StoreError(f"{CANNOT_USE}: no schema is noted in it.")
        elif schema > SCHEMA:
            raise StoreError(f"{DATABASE} is of a newer chatnet: schema {schema}, and not {SCHEMA}.")
        elif schema < SCHEMA and not self._serving:
            raise StoreError(f"{DATABASE} is of an older chatnet: {STARTED_ONCE}.")
        elif schema < SCHEMA:
            first = ("BEGIN", statements.lock)
            take_steps(DATABASE, "postgresql+psycopg://", self._driver, first, VERSION.name, MIGRATIONS)

    def _open(self, session: Session) -> Opened:
        statements = self.statements
        session.execute("BEGIN")
        session.execute(statements.lock)
        facts: dict[str, str] = dict(session.execute(statements.facts))
        index = Index("words" if facts.get("search") == "words" else "off", int(facts.get("indexed", "0")))
        if index.search == "off" and self.search != "off" and self._serving:
            # Messages that are there already come into it by and by.
            (last,) = session.execute(statements.last_number).fetchone()
            index = Index(self.search, last + 1 if last else 0)
            for key, value in (("search", index.search), ("indexed", str(index.since))):
                session.execute(statements.state, {"key": key, "value": value})
        heard = int(facts.get(f"heard:{self.sid}", "0"))
        if self._serving:
            # Nobody is in a channel yet.  What others hear of one they note themselves.
            session.execute(statements.nobody_stays, {"at": heard})
        session.execute("COMMIT")
        return Opened(heard, index)


def has_messages(path: Path) -> bool:
    """Whether the file at `path` is a store that anything is in.  Raises StoreError."""
    import sqlite3
    from contextlib import closing

    from chatnet.storage.sqlite import connect

    if not path.exists():
        return False
    try:
        with closing(connect(path, reading=True)) as connection:
            return connection.execute("SELECT 1 FROM message LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:
        return False  # nothing was ever made of it
    except sqlite3.Error as error:
        raise StoreError(f"The messages in {path} cannot be read: {error}.") from None
