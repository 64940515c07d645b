"""All that is kept of an account, or of a channel, for who asks for it or takes it elsewhere.

It is read part by part, each as the file is at one moment: so a server beside it is not kept from bringing
what it writes to its place in the file, however long somebody takes to read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, or_, select, tuple_

from chatnet.storage.connection import Connection
from chatnet.storage.interfaces import CANNOT_READ, StoreError
from chatnet.storage.messages.gone import Gone
from chatnet.storage.messages.numbers import BITS
from chatnet.storage.messages.rows import BEFORE_ALL, Place, Row
from chatnet.storage.messages.speech import SQLITE, Speech
from chatnet.storage.messages.tables import ERASING, MESSAGE, PERSON, TARGET, Both
from chatnet.storage.messages.texts import read, written
from chatnet.storage.sqlite import reason_of

PART: Final = 1000
"""Messages that are read at once."""
SKEW: Final = 60_000
"""Milliseconds that the number of a message may be away from its time."""

Connect = Callable[[], Any]
Places = dict[int, tuple[str, Place]]
"""By their numbers, what they are called and what they are."""
Gathered = Iterator[tuple[str, Row]]
"""Messages, each with what its place is called."""


class Gathering:
    """Reads by connections of its own that `connect` makes.  It blocks, and may be used in any thread.

    What it gives raises StoreError.  `gone` tells what is to be gone, and is still read.
    """

    def __init__(
        self, connect: Connect, gone: Callable[[], Gone | None] = lambda: None, speech: Speech = SQLITE
    ) -> None:
        self._connect: Final = connect
        self._gone: Final = gone
        self._ask: Final = _statements_in(speech)

    def of_person(self, key: str, since: int = 0) -> Gathered:
        """What an account said, and the talks that it is part of, of both sides, from `since` on.

        About in the order of time.
        """
        with self._opened() as connection:
            row = connection.execute(self._ask.person, {"key_": key}).fetchone()
            where = {"key_": key, "person_": -1 if row is None else row[0], "since_": since}
            where["last"] = max(0, since - SKEW) << BITS
            yield from self._told(connection, self._ask.of_person, where, lambda row: {"last": row[0]})

    def of_channel(self, name: str, since: int = 0) -> Gathered:
        """All that was said in channels of that folded name, from `since` on, one channel after the other."""
        with self._opened() as connection:
            targets = connection.execute(self._ask.channels, {"name_": written(name)}).fetchall()
            for (target,) in targets:
                where = {"target_": target, "at_": since, "msgid_": BEFORE_ALL}
                yield from self._told(
                    connection, self._ask.of_channel, where, lambda row: {"at_": row[2], "msgid_": row[3]}
                )

    def _told(
        self,
        connection: Connection,
        statement: Both,
        where: dict[str, object],
        behind: Callable[[Any], dict[str, object]],
    ) -> Gathered:
        """All messages, part by part: the next one is `behind` the last row of each."""
        places: Places = {}
        while True:
            gone = self._gone()  # before it is read, for it may be written then
            rows = self._part(connection, statement, where, places)
            if not rows:
                return
            for _, target, *fields in rows:
                shown, place = places[target]
                row = Row(place, *fields)
                if gone is None or not gone.hides(row):
                    yield shown, row
            where = where | behind(rows[-1])

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise StoreError(CANNOT_READ, reason_of(error)) from None

    def _part(
        self, connection: Connection, statement: Both, where: dict[str, object], places: Places
    ) -> list[Any]:
        """Some messages, none of which somebody had erased; `places` gets those that they are of."""
        connection.execute("BEGIN")
        waits = connection.execute(self._ask.erasing).fetchone() is not None
        text = statement.without_erased if waits else statement.plain
        rows = connection.execute(text, {**where, "most": PART}).fetchall()
        for target in {row[1] for row in rows} - places.keys():
            found = connection.execute(self._ask.place, {"target_": target}).fetchone()
            kind, name, other, ts, shown = found
            places[target] = read(shown), Place(kind, read(name), read(other), ts)
        connection.execute("COMMIT")
        return rows


class _Statements:
    """What is asked, as a database is spoken to."""

    def __init__(self, speech: Speech) -> None:
        made = speech.made
        target, message, person = TARGET.c, MESSAGE.c, PERSON.c
        given: Any = bindparam
        talks = or_(
            (target.kind == "d") & (target.name == given("key_")),
            (target.kind == "g") & (target.name == given("key_")),
            (target.kind == "d") & (target.other == given("key_")),
        )
        whole = TARGET.alias("whole").c
        self.person = made(select(person.id).where(person.key == given("key_")))
        self.place = made(
            select(whole.kind, whole.name, whole.other, whole.ts, whole.shown)
            .select_from(TARGET)
            .join(whole.id.table, whole.id == func.coalesce(target.into_id, target.id))
            .where(target.id == given("target_"))
        )
        self.channels = made(
            select(target.id)
            .select_from(TARGET)
            .join(whole.id.table, whole.id == func.coalesce(target.into_id, target.id))
            .where(whole.kind == "c", whole.name == given("name_"))
            .order_by(whole.ts, target.id)
        )
        # By their numbers, which all have to be looked at: there is no index of authors.
        part = select(target.id).where(talks)
        brought = select(target.id).where(target.into_id.in_(part))
        self.of_person = Both(
            _messages()
            .where(
                message.id > given("last"),
                message.at >= given("since_"),
                or_(message.person == given("person_"), message.target.in_(part.union(brought))),
            )
            .order_by(message.id),
            speech,
        )
        self.of_channel = Both(
            _messages()
            .where(
                message.target == given("target_"),
                tuple_(message.at, message.msgid) > tuple_(given("at_"), given("msgid_")),
            )
            .order_by(message.at, message.msgid),
            speech,
        )
        self.erasing = made(select(ERASING.c.id).limit(1))


@cache
def _statements_in(speech: Speech) -> _Statements:
    return _Statements(speech)


def _messages() -> Select[Any]:
    message, given = MESSAGE.c, bindparam
    most: Any = given("most")
    return (
        select(
            message.id, message.target, message.at, message.msgid, message.kind, message.flags, PERSON.c.key,
            message.source, message.text, message.refers, message.extra,
        )
        .select_from(MESSAGE)
        .outerjoin(PERSON, PERSON.c.id == message.person)
        .limit(most)
    )  # fmt: skip
