"""A database that several servers have in common, as one thread of one of them has it.

Whoever writes stands in line: the row of the highest number is locked first.  So numbers become visible in
order, as a reader needs it who goes on behind the last one he has seen; and a rule that is looked at after
that, such as that a name is free, holds until the end of the transaction.  There is nothing else: no
notifications, no advisory locks, no sequence, so that CockroachDB and YugabyteDB will do.

==========  =========================================  =========================================  ==========
state       input                                      does                                       next
==========  =========================================  =========================================  ==========
there       it cannot be reached                       refuses                                    away
there       it does not answer                         gives up the connection: that is lost
there       the connection is lost                     a new one, and all of it again, 4 times    there
there       the connection is lost at COMMIT           the same                                   in doubt
in doubt    it cannot be reached                       tasks wait until their time is over        in doubt
in doubt    it is reached                              all of it again: what is there is no news  there
in doubt    its time is over                           refuses                                    away
away        less than AGAIN seconds are over           refuses at once                            away
away        they are over                              connects                                   by that
==========  =========================================  =========================================  ==========
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from chatnet.storage import postgresql
from chatnet.storage.interfaces import Meaning, StoreError
from chatnet.storage.postgresql import Away, Session, is_again, is_end, reason_of
from chatnet.storage.reading import Reading
from chatnet.storage.record import Record
from chatnet.storage.tables import Statements
from chatnet.storage.transaction import Extract, Mark, Transaction
from chatnet.storage.worker import Again, Busy, Lost

R = TypeVar("R")

AGAIN: Final = 5.0
"""Seconds after which it is tried again to connect."""
HANGING: Final = 2.0
"""How many times ``storage.timeout`` an answer is waited for: the database itself gives up before."""
PAGE: Final = 1000
"""Records that are read at a time when there are many."""
ALL: Final = (1 << 31) - 1
CANNOT_REACH: Final = "The database of accounts cannot be reached"
CANNOT_USE: Final = "The database of accounts cannot be used"
CHANGED: Final = "The database of accounts is not what it was: this server has to be started again"


class Identity(NamedTuple):
    """Which database it is, since when it is numbered so."""

    id: str
    run: str


class Work:
    """What jobs do in one transaction; `change` begins to write."""

    def __init__(self, session: Session, statements: Statements, meaning: Meaning) -> None:
        self.session = session
        self.statements = statements
        self.transaction: Transaction | None = None
        self._meaning = meaning

    def change(self) -> Transaction:
        """What writes, when it is our turn."""
        if self.transaction is None:
            self.session.execute(self.statements.lock, {"key_": "seq"})
            self.transaction = Transaction(self.session, self.statements, self._meaning)
        return self.transaction

    def reading(self) -> Reading:
        """What reads."""
        return Reading(self.session, self.statements)


class Engine:
    """The one connection of this process to a database.

    `tell` hears on the reactor's thread what it has beyond number `seen`, which is known here; that is asked
    in each transaction, if there is such a number.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        statements: Statements,
        meaning: Meaning,
        timeout: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self.statements: Final = statements
        self.identity: Identity | None = None
        self.tell: Callable[[Extract], None] = lambda extract: None
        self.seen: int | None = None
        self.forgotten = ""
        self._parameters: Final = parameters
        self._meaning: Final = meaning
        self.timeout = timeout
        self._monotonic: Final = monotonic
        self._session: Session | None = None
        self._why = ""  # it could not be reached
        self._again_at = -AGAIN
        self._doubt_until: float | None = None

    def connect(self) -> Session:
        """A connection, the one there is or a new one.  Raises :class:`Away`, or :class:`Busy` in doubt."""
        if self._session is not None and not self._session.lost:
            return self._session
        now = self._monotonic()
        in_doubt = self._doubt_until is not None and now < self._doubt_until
        if now < self._again_at and not in_doubt:
            raise Away(CANNOT_REACH, self._why)
        try:
            self._session = Session(self._parameters, self.timeout(), self._monotonic)
        except postgresql.Error as error:
            self._why = reason_of(error, self._parameters)
            self._again_at = self._monotonic() + AGAIN
            raise (Busy if in_doubt else Away)(CANNOT_REACH, self._why) from None
        self._again_at = now
        return self._session

    def another(self) -> Session:
        """A further connection, for who has it for themselves."""
        return Session(self._parameters, self.timeout(), self._monotonic)

    def watch(self) -> None:
        """Wait no more for an answer that should have come long ago; on the reactor's thread."""
        session = self._session
        since = None if session is None else session.since
        if session is not None and since is not None and self._monotonic() - since > HANGING * self.timeout():
            session.abandon()

    def begin(self) -> Work:
        """Begin a transaction."""
        for session in (self._session, None):
            if session is None:
                self.close()  # what was there may be dead, which is found out by using it
            try:
                found = self.connect()
                found.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                self._doubt_until = None
                return Work(found, self.statements, self._meaning)
            except postgresql.Error as error:
                failed = error
        self.close()
        raise Away(CANNOT_REACH, self.reason(failed))

    def attempt(self, work: Work, job: Callable[[Work], R]) -> R:
        """Do a job; what it did is taken back if it raises."""
        begun = work.transaction
        mark = None if begun is None else begun.mark()
        try:
            work.session.execute("SAVEPOINT job")
            result = job(work)
            work.session.execute("RELEASE SAVEPOINT job")
        except postgresql.Error as error:
            if is_again(error) or work.session.lost:
                raise self._lost(error) from None
            self._take_back(work, begun, mark)
            raise StoreError(CANNOT_USE, self.reason(error)) from None
        except BaseException:
            self._take_back(work, begun, mark)
            raise
        return result

    def _take_back(self, work: Work, begun: Transaction | None, mark: Mark | None) -> None:
        try:
            work.session.execute("ROLLBACK TO SAVEPOINT job")
            work.session.execute("RELEASE SAVEPOINT job")
        except postgresql.Error as error:
            raise self._lost(error) from None
        if begun is None or mark is None:
            work.transaction = None  # and with it went the lock
        else:
            begun.back_to(mark)

    def commit(self, work: Work) -> Callable[[], None]:
        """Have it hold there."""
        try:
            if work.transaction is not None:
                work.transaction.end()
            extract = None if self.seen is None else self._beyond(work, self.seen)
        except postgresql.Error as error:
            raise self._lost(error) from None
        try:
            work.session.execute("COMMIT")
        except postgresql.Error as error:
            if work.transaction is not None and (work.session.lost or is_end(error)):
                self._doubt_until = self._monotonic() + self.timeout()
            raise self._lost(error) from None
        if extract is None or (extract.seq, extract.forgotten) == (self.seen, self.forgotten):
            return lambda: None
        self.seen, self.forgotten = extract.seq, extract.forgotten
        return lambda: self.tell(extract)

    def _beyond(self, work: Work, seen: int) -> Extract:
        """What is news; all of it if something was written, which is to be known here when it is answered."""
        facts = dict(work.session.execute(self.statements.facts))
        seq = int(facts["seq"])
        [run] = [run for run, _ in work.session.execute(self.statements.runs)]
        if (self.identity is not None and (facts["id"], run) != self.identity) or seq < seen:
            self.close()
            raise StoreError(CHANGED)
        most = PAGE if work.transaction is None else ALL
        rows: Sequence[tuple[int, Record]] = ()
        if seq > seen:
            where = {"after": seen, "most": most, "skip": 0}
            found = work.session.execute(self.statements.page, where)
            rows = [(number, Record._make(row)) for number, *row in found]
        more = len(rows) == most
        if rows:
            # Each statement sees what is committed before it.
            seq = rows[-1][0] if more else max(seq, rows[-1][0])
        return Extract(seen, rows, seq, facts["stamp"], facts["forgotten"], more)

    def _lost(self, error: postgresql.Error) -> Lost:
        """Begin anew, with another connection."""
        kind = Again if is_again(error) or self._session is None or self._session.lost else Lost
        self.close()
        return kind(CANNOT_USE, self.reason(error))

    def reason(self, error: postgresql.Error) -> str:
        """What the database says of an error."""
        return reason_of(error, self._parameters)

    def close(self) -> None:
        """Let go of it."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
