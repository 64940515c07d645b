"""Accounts that get other keys: all that is kept of one is kept under its new key.

Where nothing is kept under the new key yet, which is so before the first start of a server with such keys, a
few rows change, whatever there was said.  Else the messages of one of the two are written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.rows import Moved, Place
from chatnet.storage.messages.tables import (
    ERASING,
    ERASURE,
    MARK,
    MESSAGE,
    PERSON,
    REDACTION,
    STAY,
    TARGET,
    made,
)
from chatnet.storage.messages.texts import read, written

SOME: Final = 1000
"""Messages that are looked for at once."""


class Rekeyed(NamedTuple):
    """How many accounts were given other keys, and the keys for which there was none."""

    given: int
    left: tuple[str, ...]


class Rekeying:
    """Gives each key that begins with `prefix` the one that `id_of` tells, if it tells one."""

    def __init__(self, prefix: str, id_of: Callable[[str], str | None]) -> None:
        given: Any = bindparam
        self._prefix: Final = prefix
        self._id_of: Final = id_of
        person, target, message, erasure = PERSON.c, TARGET.c, MESSAGE.c, ERASURE.c
        self._people = made(
            select(person.key, person.id).where(person.key.between(given("low"), given("high")))
        )
        self._talks = made(
            select(target.kind, target.name, target.other, target.shown).where(
                or_(target.kind == "d", target.kind == "g"),
                or_(
                    target.name.between(given("low"), given("high")),
                    (target.kind == "d") & target.other.between(given("low"), given("high")),
                ),
            )
        )
        self._erased = made(
            select(erasure.key).where(erasure.key.between(given("low"), given("high"))).distinct()
        )
        self._relabel = made(update(PERSON).where(person.id == given("old")).values(key=given("key")))
        self._some = made(
            select(message.id)
            .where(message.person == given("old"), message.id > given("last"))
            .order_by(message.id)
            .limit(given("most"))
        )
        self._give = made(update(MESSAGE).where(message.id == given("id_")).values(person=given("new")))
        self._drop = made(delete(PERSON).where(person.id == given("old")))
        self._others = [
            made(update(table).where(table.c.person == given("old")).values(person=given("new")))
            for table in (REDACTION, ERASING)
        ]
        self._others.append(
            made(
                update(STAY)
                .where(STAY.c.person == given("old"))
                .values(person=given("new"))
                .prefix_with("OR IGNORE")
            )
        )
        self._others.append(made(delete(STAY).where(STAY.c.person == given("old"))))
        marks: Any = insert(MARK).from_select(
            ["person", "spot", "at"],
            select(given("new").label("person"), MARK.c.spot, MARK.c.at).where(MARK.c.person == given("old")),
        )
        self._others.append(
            made(
                marks.on_conflict_do_update(
                    index_elements=["person", "spot"], set_={"at": func.max(MARK.c.at, marks.excluded.at)}
                )
            )
        )
        self._others.append(made(delete(MARK).where(MARK.c.person == given("old"))))
        rest = [column.name for column in erasure if column.name != "key"]
        again: Any = insert(ERASURE).from_select(
            ["key", *rest],
            select(given("key").label("key"), *(erasure[name] for name in rest)).where(
                erasure.key == given("was")
            ),
        )
        self._erase = [
            made(
                again.on_conflict_do_update(
                    index_elements=["key", "kind", "name", "other", "ts"],
                    set_={
                        "until": func.max(erasure.until, again.excluded.until),
                        "stamp": func.max(erasure.stamp, again.excluded.stamp),
                    },
                )
            ),
            made(delete(ERASURE).where(erasure.key == given("was"))),
        ]

    def __call__(self, keeper: Keeper) -> Rekeyed:
        """Do it, in one transaction."""
        span = {"low": self._prefix, "high": f"{self._prefix}\U0010ffff"}
        people = dict(keeper.rows(self._people, span))
        talks = [
            (Place(kind, read(name), read(other)), read(shown))
            for kind, name, other, shown in keeper.rows(self._talks, span)
        ]
        keys = {*people, *(key for (key,) in keeper.rows(self._erased, span))}
        keys |= {key for place, _ in talks for key in _keys(place) if key.startswith(self._prefix)}
        new = {key: id_ for key in sorted(keys) if (id_ := self._id_of(key)) is not None}
        for place, shown in talks:
            self._move(keeper, place, shown, new)
        for key, id_ in new.items():
            if key in people:
                self._merge(keeper, people[key], id_)
            spots = {"spot_": written(f"@{key}"), "to": written(f"@{id_}")}
            keeper.do(keeper.statements.rename_marks, spots)
            keeper.do(keeper.statements.drop_marks, spots)
            for statement in self._erase:
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

    def _merge(self, keeper: Keeper, old: int, key: str) -> None:
        row = keeper.one(keeper.statements.person, {"key_": key})
        if row is None:
            keeper.do(self._relabel, {"old": old, "key": key})
            return
        both = {"old": old, "new": row[0]}
        last = -1
        while numbers := keeper.numbers(self._some, {"old": old, "last": last, "most": SOME}):
            keeper.unfind(numbers)
            for number in numbers:
                keeper.do(self._give, {"id_": number, "new": row[0]})
                keeper.find(number, number)
            last = numbers[-1]
        for statement in (*self._others, self._drop):
            keeper.do(statement, both)


def _keys(place: Place) -> tuple[str, ...]:
    return (place.name, place.other) if place.kind == "d" else (place.name,)
