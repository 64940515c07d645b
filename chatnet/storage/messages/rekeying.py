"""Accounts that get other keys: all that is kept of one is kept under its new key.

Where nothing is kept under the new key yet, which is so before the first start of a server with such keys, a
few rows change, whatever there was said.  Else the messages of one of the two are written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, or_, select, update

from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.rows import Moved, Place
from chatnet.storage.messages.speech import Speech
from chatnet.storage.messages.tables import (
    ERASING,
    ERASURE,
    MARK,
    MESSAGE,
    PERSON,
    REDACTION,
    STAY,
    TARGET,
)
from chatnet.storage.messages.texts import read, written

SOME: Final = 1000
"""Messages that are looked for at once."""


class Rekeyed(NamedTuple):
    """How many accounts were given other keys, and the keys for which there was none."""

    given: int
    left: tuple[str, ...]


def _between(column: Any) -> Any:
    # BETWEEN bears no COLLATE, which PostgreSQL is told with each text.
    return (column >= bindparam("low")) & (column <= bindparam("high"))


class _Statements:
    """What is asked for that, as a database is spoken to."""

    def __init__(self, speech: Speech) -> None:
        given: Any = bindparam
        person, target, message, erasure = PERSON.c, TARGET.c, MESSAGE.c, ERASURE.c
        self.people = speech.made(select(person.key, person.id).where(_between(person.key)))
        self.talks = speech.made(
            select(target.kind, target.name, target.other, target.shown).where(
                or_(target.kind == "d", target.kind == "g"),
                or_(
                    _between(target.name),
                    (target.kind == "d") & _between(target.other),
                ),
            )
        )
        self.erased = speech.made(select(erasure.key).where(_between(erasure.key)).distinct())
        self.relabel = speech.made(update(PERSON).where(person.id == given("old")).values(key=given("key")))
        self.some = speech.made(
            select(message.id)
            .where(message.person == given("old"), message.id > given("last"))
            .order_by(message.id)
            .limit(given("most"))
        )
        self.drop = speech.made(delete(PERSON).where(person.id == given("old")))
        self.others = [
            speech.made(update(table).where(table.c.person == given("old")).values(person=given("new")))
            for table in (REDACTION, ERASING)
        ]
        self.others.append(
            speech.made(
                speech.insert(STAY)
                .from_select(
                    ["target", "person", "since", "until"],
                    select(STAY.c.target, given("new").label("person"), STAY.c.since, STAY.c.until).where(
                        STAY.c.person == given("old")
                    ),
                )
                .on_conflict_do_nothing()
            )
        )
        self.others.append(speech.made(delete(STAY).where(STAY.c.person == given("old"))))
        marks: Any = speech.insert(MARK).from_select(
            ["person", "spot", "at"],
            select(given("new").label("person"), MARK.c.spot, MARK.c.at).where(MARK.c.person == given("old")),
        )
        self.others.append(
            speech.made(
                marks.on_conflict_do_update(
                    index_elements=["person", "spot"],
                    set_={"at": speech.greatest(MARK.c.at, marks.excluded.at)},
                )
            )
        )
        self.others.append(speech.made(delete(MARK).where(MARK.c.person == given("old"))))
        rest = [column.name for column in erasure if column.name != "key"]
        again: Any = speech.insert(ERASURE).from_select(
            ["key", *rest],
            select(given("key").label("key"), *(erasure[name] for name in rest)).where(
                erasure.key == given("was")
            ),
        )
        self.erase = [
            speech.made(
                again.on_conflict_do_update(
                    index_elements=["key", "kind", "name", "other", "ts"],
                    set_={
                        "until": speech.greatest(erasure.until, again.excluded.until),
                        "stamp": speech.greatest(erasure.stamp, again.excluded.stamp),
                    },
                )
            ),
            speech.made(delete(ERASURE).where(erasure.key == given("was"))),
        ]


class Rekeying:
    """Gives each key that begins with `prefix` the one that `id_of` tells, if it tells one."""

    def __init__(self, prefix: str, id_of: Callable[[str], str | None]) -> None:
        self._prefix: Final = prefix
        self._id_of: Final = id_of

    def __call__(self, keeper: Keeper) -> Rekeyed:
        """Do it, in one transaction."""
        keeper.make_time()
        ask = _Statements(keeper.statements.speech)
        span = {"low": self._prefix, "high": f"{self._prefix}\U0010ffff"}
        people = dict(keeper.rows(ask.people, span))
        talks = [
            (Place(kind, read(name), read(other)), read(shown))
            for kind, name, other, shown in keeper.rows(ask.talks, span)
        ]
        keys = {*people, *(key for (key,) in keeper.rows(ask.erased, span))}
        keys |= {key for place, _ in talks for key in _keys(place) if key.startswith(self._prefix)}
        new = {key: id_ for key in sorted(keys) if (id_ := self._id_of(key)) is not None}
        for place, shown in talks:
            self._move(keeper, place, shown, new)
        for key, id_ in new.items():
            if key in people:
                self._merge(keeper, ask, people[key], id_)
            spots = {"spot_": written(f"@{key}"), "to": written(f"@{id_}")}
            keeper.do(keeper.statements.rename_marks, spots)
            keeper.do(keeper.statements.drop_marks, spots)
            for statement in ask.erase:
                keeper.do(statement, {"key": id_, "was": key})
        keeper.forget()
        return Rekeyed(len(new), tuple(sorted(keys - new.keys())))

    @staticmethod
    def _move(keeper: Keeper, place: Place, shown: str, new: dict[str, str]) -> None:
        name, other = new.get(place.name, place.name), place.other
        if place.kind == "d":
            other = new.get(other, other)
            if name > other:
                # The nicks stand in the order of the keys.
                name, other, shown = other, name, " ".join(reversed(shown.split(" ")))
        to = Place(place.kind, name, other)
        if to != place:
            keeper.bring(Moved(place, to, shown))

    @staticmethod
    def _merge(keeper: Keeper, ask: _Statements, old: int, key: str) -> None:
        row = keeper.one(keeper.statements.person, {"key_": key})
        if row is None:
            keeper.do(ask.relabel, {"old": old, "key": key})
            return
        both = {"old": old, "new": row[0]}
        last = -1
        while numbers := keeper.numbers(ask.some, {"old": old, "last": last, "most": SOME}):
            keeper.unfind(numbers)
            for number in numbers:
                keeper.do(keeper.statements.give, {"id_": number, "new": row[0]})
                keeper.find(number, number)
            last = numbers[-1]
        for statement in (*ask.others, ask.drop):
            keeper.do(statement, both)


def _keys(place: Place) -> tuple[str, ...]:
    return (place.name, place.other) if place.kind == "d" else (place.name,)
