"""What is read of a database, and how: by connections beside the one that writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from chatnet.storage import postgresql
from chatnet.storage.interfaces import CANNOT_READ, StoreError
from chatnet.storage.messages.database.plain import plain
from chatnet.storage.messages.database.source import CANNOT_REACH, PAGES_ONLY, MessageDatabase
from chatnet.storage.messages.database.speech import BOUNDS, DatabaseStatements
from chatnet.storage.messages.numbers import BITS
from chatnet.storage.messages.reading import BEGINNING, END, HIGHEST, PADDING, Asked, Looking
from chatnet.storage.messages.rows import Place, Words
from chatnet.storage.messages.tables import named
from chatnet.storage.messages.texts import read, shown
from chatnet.storage.messages.words import pieces, place
from chatnet.storage.postgresql import Away, Session, is_end
from chatnet.storage.sqlite import TOO_LONG
from chatnet.storage.worker import Again, Lost

R = TypeVar("R")

AGAIN: Final = 5.0
"""Seconds after which it is tried again to connect; until then nobody waits for that."""
DAYS: Final = (30 * 86_400_000) << BITS
"""A search looks at so much first, in numbers of messages: all matches of a time have to be sorted."""
FEW: Final = 8
"""Places that the index itself looks for; of more it is quicker to look at what it finds."""
TOGETHER: Final = 200
"""Matches that are asked for at once."""
CANCELLED: Final = "57014"


class DatabaseLooking(Looking):
    """What the readers' jobs may ask; `is_over` says that one takes too long."""

    def __init__(self, session: Session, statements: DatabaseStatements, is_over: Callable[[], bool]) -> None:
        super().__init__(session, statements)
        self._own: Final = statements
        self._expected: dict[Place, list[int]] = {}
        self._is_over: Final = is_over

    def _expect(self, places: Iterable[Place]) -> None:
        """Ask for all of them at once: each question is a way there and back."""
        there = {place: named(place) for place in places if place not in self._expected}
        if len(there) < 2:
            return
        kinds, names, others, stamps = zip(*(bound.values() for bound in there.values()), strict=True)
        where = {"kinds": list(kinds), "names": list(names), "others": list(others), "stamps": list(stamps)}
        self._expected.update({place: [] for place in there})
        for kind, name, other, ts, number, part in self._execute(self._own.many, where):
            found = self._expected[Place(kind, read(name), read(other), ts)]
            found += [each for each in (number, part) if each is not None and each not in found]

    def _ids(self, place: Place) -> list[int]:
        """The number of a place, and of those whose rows are being brought to it."""
        known = self._expected.get(place)
        return super()._ids(place) if known is None else known

    def _lasts(self, several: Sequence[Asked]) -> Iterator[tuple[Place, int, str]]:
        """All at once; those of which nothing is in their last span once more, in the one before it."""
        if self._gone is not None:
            yield from super()._lasts(several)
            return
        statement = self._own.lasts.without_erased if self._is_erasing else self._own.lasts.plain
        waiting = [(asked, list(asked.between(BEGINNING, END, newest=True))) for asked in several]
        while waiting := [(asked, spans) for asked, spans in waiting if spans and asked.targets]:
            rows: list[tuple[object, ...]] = []
            whose: list[Asked] = []
            for asked, spans in waiting:
                span, first, end = spans.pop(0)
                view = asked.view
                bounds = (first.at, first.msgid, end.at, end.msgid, span.hidden, view.ranks, view.person)
                rows += [(target, *bounds) for target in asked.targets]
                whose += [asked] * len(asked.targets)
            columns = [list(column) for column in zip(*rows, strict=True)]
            where = {**dict(zip(BOUNDS, columns, strict=True)), "kinds": waiting[0][0].bound["kinds"]}
            found: dict[int, tuple[int, str]] = {}
            for number, at, msgid in self._execute(statement, where):
                asked = whose[number - 1]
                found[id(asked)] = max(found.get(id(asked), (0, "")), (at, msgid))
            for asked, _ in waiting:
                if (last := found.get(id(asked))) is not None:
                    yield asked.view.place, *last
            waiting = [each for each in waiting if id(each[0]) not in found]

    def _stays(self, targets: Sequence[int], person: int) -> Iterator[tuple[int, int, int]]:
        where = {"targets": list(targets), "person_": person}
        yield from self._execute(self._own.stays_of, where)

    def _hits(
        self, targets: Collection[int], matching: str, person: int | None, words: Words
    ) -> Iterator[Sequence[Any]]:
        first, last = self._execute(self._own.ends, {}).fetchone()
        if first is None:
            return
        for name in PAGES_ONLY:
            self._execute(f"SET LOCAL {name} = on")
        query, bound = asked(targets, person, words.text)
        statement = self._own.hits[words.newest].replace("{query}", query)
        first = max(first, max(0, words.since - PADDING) << BITS)
        last = min(last, (words.until + PADDING) << BITS, HIGHEST)
        days = DAYS
        while first <= last:
            if words.newest:
                low, high = max(first, last - days), last
                last = low - 1
            else:
                low, high = first, min(last, first + days)
                first = high + 1
            days *= 2
            while low <= high:
                if self._is_over():
                    raise StoreError(TOO_LONG)
                where = {**bound, "first": low, "last": high, "most": TOGETHER}
                rows = self._execute(statement, where).fetchall()
                for _, *hit in rows:
                    yield hit
                if len(rows) < TOGETHER:
                    break
                if words.newest:
                    high = rows[-1][0] - 1
                else:
                    low = rows[-1][0] + 1


def asked(targets: Collection[int], person: int | None, text: str) -> tuple[str, dict[str, object]]:
    """What the index is asked for, as an expression, and what is bound in it.

    Never is it asked in somebody's own words: of those nothing is left but letters and digits.
    """
    parts: list[str] = []
    bound: dict[str, object] = {"targets": list(targets)}
    if len(targets) <= FEW:
        parts.append("%(places)s::tsquery")
        bound["places"] = " | ".join(f"'{place(target)}'" for target in targets)
    if person is not None:
        parts.append("%(author)s::tsquery")
        bound["author"] = f"'a{person};'"
    for number, (piece, begins) in enumerate(pieces(shown(text))):
        name = f"word{number}"
        words = plain(piece).split()
        if begins:
            parts.append(f"to_tsquery('simple', %({name})s)")
            bound[name] = " <-> ".join(f"'{word}'" for word in words) + ":*"
        else:
            parts.append(f"phraseto_tsquery('simple', %({name})s)")
            bound[name] = " ".join(words)
    if not parts:
        # Nothing but places is asked for: all that has words.
        return "m.words IS NOT NULL", bound
    return " && ".join(parts), bound


class DatabaseReader:
    """A connection that reads; each job sees what was committed before it.

    For a ``Worker``: what its jobs get is what `look` makes of the connection.
    """

    def __init__(
        self,
        database: MessageDatabase,
        look: Callable[[Session], Looking],
        monotonic: Callable[[], float],
    ) -> None:
        self._database: Final = database
        self._look: Final = look
        self._monotonic: Final = monotonic
        self._session: Session | None = None
        self._why = ""
        self._again_at = monotonic()

    def begin(self) -> Looking:
        """Begin to see the database as it is now."""
        is_old = self._session is not None
        try:
            session = self._connected()
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return self._look(session)
        except postgresql.Error as error:
            self.close()
            # What was there before may be dead, which is found out by using it.
            raise (Again if is_old else Lost)(CANNOT_READ, self._database.reason(error)) from None

    def _connected(self) -> Session:
        if self._session is not None and not self._session.lost:
            return self._session
        if self._monotonic() < self._again_at:
            raise Away(CANNOT_REACH, self._why)
        try:
            self._session = self._database.connect_to_read()
        except Away as error:
            self._why = error.reason
            self._again_at = self._monotonic() + AGAIN
            raise
        return self._session

    def attempt(self, work: Looking, job: Callable[[Looking], R]) -> R:
        """Do a job."""
        try:
            return job(work)
        except postgresql.Error as error:
            lost = self._session is None or self._session.lost or is_end(error)
            self.close()
            if error.sqlstate == CANCELLED:
                raise Lost(TOO_LONG) from None
            raise (Again if lost else Lost)(CANNOT_READ, self._database.reason(error)) from None
        except Exception:
            self.close()
            raise

    def commit(self, work: Looking) -> Callable[[], None]:
        """See nothing any more."""
        try:
            if self._session is not None:
                self._session.execute("COMMIT")
        except postgresql.Error:
            self.close()  # what was read is true
        return lambda: None

    def close(self) -> None:
        """Let go of the database."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
