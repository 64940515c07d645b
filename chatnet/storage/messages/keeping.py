"""Groups, as they are written: everything in the order in which it happened, within one transaction.

What is known of people and targets is remembered from one transaction to the next; so a message is one row to
be bound, and all those of a group are one call of the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from chatnet.storage.connection import Connection
from chatnet.storage.messages.gone import is_erased, talkers
from chatnet.storage.messages.index import ADD, DROP, MERGE, Index
from chatnet.storage.messages.numbers import BITS, SKEW, hint, is_odd
from chatnet.storage.messages.rows import (
    APART,
    CLOSED,
    LAST,
    Began,
    Came,
    Ended,
    Entry,
    Erased,
    Filled,
    Gap,
    Kept,
    Marked,
    Moved,
    Place,
    Redacted,
    Row,
    Said,
    Silent,
    Stayed,
    Times,
    Went,
)
from chatnet.storage.messages.tables import Statements, labelled, named
from chatnet.storage.messages.texts import read, shown, written
from chatnet.storage.messages.times import without

REMEMBERED: Final = 1 << 16
"""People, and targets, whose numbers are remembered at most."""

COUNTED: Final = 100_000
"""Messages of a target that are counted at most to see which of two has more."""

Bound = tuple[int, int, int, str, int, int, int | None, str, str, str | None, str | None]
"""A row of the table of messages."""


class Memory:
    """What is known of a file without asking.  What a transaction that was lost added is in no file."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        self.targets: dict[Place, int] = {}
        self.highest: int | None = None
        """Number of a message."""
        self.redacts = True
        """Whether anything was ever redacted."""
        self.erased: dict[str, list[tuple[Place | None, int]]] = {}
        """Until when what somebody said is erased, everywhere or in one place."""

    def is_erased(self, place: Place, person: str | None, at: int) -> bool:
        """Whether a message of that time is gone: its author's, or a talk's with somebody."""
        return is_erased(self.erased, place, person, at)

    def forget(self) -> None:
        """Know nothing, and ask."""
        self.people.clear()
        self.targets.clear()
        self.highest = None
        self.redacts = True


class Keeper:
    """What the writer's jobs do in one transaction, which began at the Unix time `now` in milliseconds."""

    def __init__(
        self, connection: Connection, statements: Statements, memory: Memory, index: Index, now: int
    ) -> None:
        self.connection: Final = connection
        self._execute: Final = connection.execute
        self.statements: Final = statements
        self._memory: Final = memory
        self.index = index
        self.now: Final = now
        self._rows: list[Bound] = []
        self._odd: list[dict[str, object]] = []
        self._other: Final[dict[type, Callable[[Any], None]]] = {
            Redacted: self._redacted,
            Began: self._began,
            Silent: self._silent,
            Ended: self._ended,
            Moved: self._moved,
            Kept: self._kept,
            Came: self._came,
            Went: self._went,
            Stayed: self._stayed,
            Marked: self._marked,
            Gap: self._gap,
            Filled: self._filled,
            Erased: self._erased,
        }
        if memory.highest is None:
            memory.highest = int(self._execute(statements.last_number).fetchone()[0])
            memory.redacts = self._execute(statements.any_redaction).fetchone() is not None
            memory.erased = self._all_erased()
        self._highest = memory.highest

    # groups

    def keep(self, entries: Iterable[Entry]) -> None:
        """Keep what happened, in its order."""
        targets, people, rows = self._memory.targets, self._memory.people, self._rows
        erased = self._memory.erased
        highest = self._highest
        for entry in entries:
            if type(entry) is tuple:
                place, at, msgid, kind, flags, key, source, text = cast(Said, entry)
                ms = int(at * 1000)
                if erased and self._memory.is_erased(place, key, ms):
                    continue
                target = targets.get(place) or self._target(place, ms)
                person = None if key is None else people.get(key) or self._person(key)
                highest = max(highest + 1, ms << BITS)
                by = source.decode(errors="replace")
                rows.append((highest, target, ms, msgid, kind, flags, person, by, text, None, None))
                if msgid[:14] != f"1{ms}" and is_odd(msgid, ms):
                    self._odd.append({"target": target, "msgid": msgid, "at": ms})
            elif type(entry) is Row:
                if erased and self._memory.is_erased(entry.place, entry.person, entry.at):
                    continue
                highest = max(highest + 1, entry.at << BITS)
                rows.append(self._bound(entry, highest))
            else:
                self._highest = highest
                self._other[type(entry)](entry)
                erased = self._memory.erased
        self._highest = highest
        self.flush()
        self.state("heard", str(self.now))

    def flush(self) -> None:
        """Write the messages that were gathered; what is done to messages comes behind this."""
        rows, odd = self._rows, self._odd
        if not rows:
            return
        first, last = rows[0][0], rows[-1][0]
        try:
            self._add(rows)
        except UnicodeEncodeError:
            # Odd bytes of another encoding.  What was written before is known now.
            self._add([_cleaned(row) for row in rows])
        if odd:
            self.connection.executemany(self.statements.add_odd, odd)
        rows.clear()
        odd.clear()
        if self._memory.redacts:
            where = {"first": first, "last": last}
            self.delete([number for (number,) in self._execute(self.statements.redacted_before, where)])

    def _add(self, rows: Sequence[Bound]) -> None:
        """Write messages, in the order of their numbers, and have them found by their words."""
        bare = [
            (
                number, target, at, msgid, kind, flags, person or 0, source, text, refers or "", extra or "",
            )
            for number, target, at, msgid, kind, flags, person, source, text, refers, extra in rows
        ]  # fmt: skip
        cast(Any, self.connection).executemany(self.statements.add, bare)
        self.find(rows[0][0], rows[-1][0])

    def find(self, first: int, last: int) -> None:
        """Have messages found by their words from now on; what was known before is not among them."""
        if self.index.search != "off" and last >= self.index.since:
            self._execute(ADD, {"first": first, "last": last})

    def unfind(self, numbers: Sequence[int]) -> None:
        """Have messages not be found any more; before anything of them is changed."""
        if self.index.search != "off":
            since = self.index.since
            self.connection.executemany(DROP, [{"id_": number, "since": since} for number in numbers])

    def merge(self, pages: int) -> bool:
        """Bring the index in order, as FTS5 does by `pages`; gives whether there was anything to do."""
        changes = cast(Any, self.connection)
        before = changes.total_changes
        self._execute(MERGE, {"pages": pages})
        return bool(changes.total_changes - before > 1)

    def end(self) -> None:
        """What was done is going to hold."""
        self._memory.highest = self._highest

    def state(self, key: str, value: str) -> None:
        """Note a fact of the file."""
        self._execute(self.statements.state, {"key": key, "value": value})

    # the past

    def take_in(self, rows: Sequence[Row], redacted: Sequence[Redacted]) -> Sequence[Row]:
        """Keep what others told; gives what was news."""
        for each in redacted:
            if each.flags & CLOSED and self._is_apart(each.place, each.at):
                each = each._replace(person=None, source="", reason="")  # it stays away, and nobody is told
            self._gone(each)
        return [row for row in rows if self._took(row)]

    def _apart(self, place: Place) -> Times:
        """When a place was heard as another channel here; see ``rows.APART``."""
        target = self._known(place)
        if place.kind != "c" or target is None:
            return ()
        where = {"target_": target, "low": 0, "high": LAST}
        rows = self._execute(self.statements.gaps, where).fetchall()
        return tuple((since, until) for since, until, sid in rows if sid == APART)

    def _is_apart(self, place: Place, at: int) -> bool:
        return any(since <= at <= until for since, until in self._apart(place))

    def _took(self, row: Row) -> bool:
        if self._memory.is_erased(row.place, row.person, row.at):
            return False
        if row.flags & CLOSED and self._is_apart(row.place, row.at):
            return False
        target = self._target(row.place, row.at)
        if self._execute(self.statements.is_redacted, {"target_": target, "msgid_": row.msgid}).fetchone():
            return False
        first = row.at << BITS
        where = {"first": first, "end": (row.at + 1) << BITS}
        (last,) = self._execute(self.statements.last_number_of, where).fetchone()
        bound = _cleaned(self._bound(row, first if last is None else last + 1))
        names = "id", "target", "at", "msgid", "kind", "flags", "person", "source", "text", "refers", "extra"
        added = self._execute(self.statements.add_one, dict(zip(names, bound, strict=True))).fetchone()
        if self._odd:
            self.connection.executemany(self.statements.add_odd, self._odd)
            self._odd.clear()
        if added is None:
            return False
        self.find(bound[0], bound[0])
        self._highest = max(self._highest, bound[0])
        return True

    # of one message

    def _bound(self, row: Row, number: int) -> Bound:
        target = self._memory.targets.get(row.place) or self._target(row.place, row.at)
        person = None if row.person is None else self._person(row.person)
        if is_odd(row.msgid, row.at):
            self._odd.append({"target": target, "msgid": row.msgid, "at": row.at})
        return (
            number,
            target,
            row.at,
            row.msgid,
            row.kind,
            row.flags,
            person,
            row.source,
            row.text,
            row.refers,
            row.extra,
        )

    def _redacted(self, entry: Redacted) -> None:
        if entry.source or self._known(entry.place) is not None:
            self.flush()
            self._gone(entry)

    def _gone(self, entry: Redacted) -> None:
        self._memory.redacts = True
        target = self._target(entry.place, entry.at)
        if self._memory.is_erased(entry.place, entry.person, entry.at):
            # The message stays away, but who wanted that is not told.
            entry = entry._replace(person=None, source="", reason="")
        person = None if entry.person is None else self._person(entry.person)
        bound = {
            "target": target,
            "redacted": entry.redacted,
            "at": entry.at,
            "msgid": entry.msgid,
            "person": person,
            "source": shown(entry.source),
            "reason": shown(entry.reason),
            "flags": entry.flags,
        }
        self._execute(self.statements.redact, bound)
        self._unsay(target, [target, *self._parts(target)], entry.redacted)

    def _parts(self, target: int) -> list[int]:
        """The places whose rows are being brought to this one."""
        return [part for (part,) in self._execute(self.statements.parts, {"into": target}).fetchall()]

    def _unsay(self, target: int, parts: Sequence[int], msgid: str) -> None:
        """Delete a message of a target, of which there may be several parts."""
        told = hint(msgid)
        odd = self._execute(self.statements.odd, {"target_": target, "msgid_": msgid}).fetchone()
        if odd is not None:
            low = high = int(odd[0])
        elif told is not None:
            low, high = told - SKEW, told + SKEW
        else:
            return
        for part in parts:
            where = {"target_": part, "msgid_": msgid, "low": low, "high": high}
            for number, at in self._execute(self.statements.stands, where).fetchall():
                self.delete([number])
                if at != told:
                    # Or nobody knew any more where it stood.
                    stood = {"target": target, "msgid": msgid, "at": at}
                    self._execute(self.statements.add_odd, stood)

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete messages, and their words."""
        self.unfind(numbers)
        self.connection.executemany(self.statements.delete, [{"id_": number} for number in numbers])

    # what can wait

    def one(self, statement: str, where: Mapping[str, object] | None = None) -> Any:
        """The first row of an answer, or None."""
        return self._execute(statement, where or {}).fetchone()

    def rows(self, statement: str, where: Mapping[str, object]) -> list[Any]:
        """All rows of an answer."""
        return self._execute(statement, where).fetchall()

    def numbers(self, statement: str, where: Mapping[str, object]) -> list[int]:
        """All rows of an answer that are one number each."""
        return [number for (number,) in self._execute(statement, where)]

    def do(self, statement: str, where: Mapping[str, object]) -> None:
        """Change something."""
        self._execute(statement, where)

    def move(self, numbers: Sequence[int], into: int) -> None:
        """Bring messages to another place; those that it has already are gone."""
        self.unfind(numbers)
        self.connection.executemany(
            self.statements.move, [{"id_": number, "into": into} for number in numbers]
        )
        for number in numbers:
            if self.one(self.statements.is_of, {"id_": number, "target_": into}) is None:
                self._execute(self.statements.delete, {"id_": number})
            else:
                self.find(number, number)

    def bring(self, entry: Moved) -> None:
        """Have what is kept for one place be kept for another."""
        self._moved(entry)

    def make_time(self) -> None:
        """What is asked in this transaction may take as long as it takes: nobody waits for it."""

    def forget(self) -> None:
        """Know nothing of people and places, and ask."""
        self._memory.people.clear()
        self._memory.targets.clear()
        self._memory.erased = self._all_erased()

    def drop_if_empty(self, target: int) -> None:
        """Forget a place of which nothing is kept."""
        where = {"target_": target, "most": 1}
        if not self.numbers(self.statements.some_of, where):
            self._execute(self.statements.drop_target, where)
            self._memory.targets.clear()

    # of places and people

    def _target(self, place: Place, at: int, name: str | None = None) -> int:
        """The number of a place, which is heard of from `at` on if it is not known."""
        number = self._known(place)
        if number is None:
            new = {**labelled(place, name), "began": at}
            number = int(self._execute(self.statements.add_target, new).fetchone()[0])
        if len(self._memory.targets) >= REMEMBERED:
            self._memory.targets.clear()
        self._memory.targets[place] = number
        return number

    def _known(self, place: Place) -> int | None:
        """The number of a place, if there is one."""
        known = self._memory.targets.get(place)
        if known is not None:
            return known
        row = self._execute(self.statements.target_id, named(place)).fetchone()
        return None if row is None else int(row[0])

    def _person(self, key: str) -> int:
        known = self._memory.people.get(key)
        if known is not None:
            return known
        row = self._execute(self.statements.person, {"key_": key}).fetchone()
        if row is None:
            row = self._execute(self.statements.add_person, {"key": key}).fetchone()
        if len(self._memory.people) >= REMEMBERED:
            self._memory.people.clear()
        number = self._memory.people[key] = int(row[0])
        return number

    def _began(self, entry: Began) -> None:
        target = self._target(entry.place, entry.at, entry.shown)
        self._execute(self.statements.hear, {"target_": target, "shown": written(entry.shown)})

    def _silent(self, entry: Silent) -> None:
        where = {"target_": self._target(entry.place, entry.at), "at": entry.at}
        self._execute(self.statements.silence, where)
        self._execute(self.statements.all_go, where)

    def _ended(self, entry: Ended) -> None:
        where = {"target_": self._target(entry.place, entry.at), "at": entry.at}
        self._execute(self.statements.end, where)
        self._execute(self.statements.all_go, where)

    def _kept(self, entry: Kept) -> None:
        target = self._target(entry.place, self.now)
        self._execute(
            self.statements.keep,
            {"target_": target, "span": entry.span, "since": entry.since, "at": self.now},
        )

    def _came(self, entry: Came) -> None:
        target, person = self._target(entry.place, entry.at), self._person(entry.person)
        if not self._execute(self.statements.open_stay, {"target_": target, "person_": person}).fetchone():
            self._execute(self.statements.come, {"target": target, "person": person, "at": entry.at})

    def _went(self, entry: Went) -> None:
        target, person = self._target(entry.place, entry.at), self._person(entry.person)
        self._execute(self.statements.go, {"target_": target, "person_": person, "at": entry.at})

    def _stayed(self, entry: Stayed) -> None:
        target, person = self._target(entry.place, entry.since), self._person(entry.person)
        for since, until in without([(entry.since, entry.until)], self._apart(entry.place)):
            where = {"target": target, "person": person, "since": since, "until": until}
            self._execute(self.statements.stay, where)

    def _marked(self, entry: Marked) -> None:
        person = self._person(entry.person)
        self._execute(self.statements.mark, {"person": person, "spot": written(entry.spot), "at": entry.at})
        if entry.most:
            self._execute(self.statements.trim_marks, {"person_": person, "most": entry.most})

    def _filled(self, entry: Filled) -> None:
        """Take a time out of gaps; what is left of one on both sides stays."""
        target = self._known(entry.place)
        where = {"target_": target, "low": entry.since, "high": entry.until}
        for since, until, sid in self._execute(self.statements.gaps, where).fetchall():
            if sid != entry.sid:
                continue
            self._execute(self.statements.drop_gap, {"target_": target, "since_": since, "sid_": sid})
            for first, last in ((since, entry.since - 1), (entry.until + 1, until)):
                if first <= last:
                    left = {"target": target, "since": first, "until": last, "sid": sid}
                    self._execute(self.statements.add_gap, left)

    def _gap(self, entry: Gap) -> None:
        target = self._target(entry.place, entry.since)
        where = {"target": target, "since": entry.since, "until": entry.until, "sid": entry.sid}
        self._execute(self.statements.add_gap, where)

    def _erased(self, entry: Erased) -> None:
        """Have nobody read it from now on; it is deleted part by part."""
        self.flush()
        place = Place("", "") if entry.place is None else entry.place
        noted = {"key": entry.person, "until": entry.until, "stamp": entry.stamp, **named(place)}
        self._execute(self.statements.erase, noted)
        person = self._person(entry.person)
        until = entry.until
        what: list[tuple[int | None, int | None]] = []
        if entry.place is None:
            what.append((None, person))
            talks = self._execute(self.statements.talk_ids, {"key_": entry.person}).fetchall()
            what += [(target, None) for (target,) in talks]
        elif (target := self._known(entry.place)) is not None:
            parts = [target, *self._parts(target)]
            whose = None if entry.person in talkers(entry.place) else person
            what += [(part, whose) for part in parts]
        for target, by in what:
            erasing = {"target": target, "person": by, "until": until}
            self._execute(self.statements.drop_same_erasing, erasing)
            self._execute(self.statements.add_erasing, erasing)
            where = {"target_": target, "person_": by, "until": until}
            if target is None:
                self._execute(self.statements.unsign, where)
            elif by is None:
                self._execute(self.statements.unsign_target, where)
            else:
                self._execute(self.statements.unsign_in_target, where)
        known = self._memory.erased.get(entry.person, [])
        before = max((end for of, end in known if of == entry.place), default=0)
        others = [each for each in known if each[0] != entry.place]
        self._memory.erased[entry.person] = [*others, (entry.place, max(before, until))]

    def _all_erased(self) -> dict[str, list[tuple[Place | None, int]]]:
        found: dict[str, list[tuple[Place | None, int]]] = {}
        for key, kind, name, other, ts, until, _ in self._execute(self.statements.erasures, {"stamp_": ""}):
            place = Place(kind, read(name), read(other), ts) if kind else None
            found.setdefault(key, []).append((place, until))
        return found

    def _moved(self, entry: Moved) -> None:
        """Have one target for both; the rows of the smaller one are brought to it one after the other."""
        self.flush()
        old, new = self._known(entry.place), self._known(entry.to)
        if not entry.stays and old is not None and entry.place != entry.to:
            self._execute(self.statements.forget_stays, {"target_": old})
            for part in (old, *self._parts(old)):
                # What was said behind closed doors is nobody's without them.
                self.delete(self.numbers(self.statements.closed_of, {"target_": part}))
        if entry.ours and old is not None:
            for part in (old, *self._parts(old)):
                for statement in self.statements.have_ours:
                    self._execute(statement, {"target_": part})
        targets = self._memory.targets
        targets.pop(entry.place, None)
        targets.pop(entry.to, None)
        larger = old if new is None else new
        if old is not None and new is not None and old != new:
            larger, smaller = (old, new) if self._count(old) > self._count(new) else (new, old)
            where = {"target_": smaller, "into": larger, "name": str(smaller)}
            self._execute(self.statements.bring_parts, where)
            self._live_on(larger, old, new)
            self._execute(self.statements.bring, where)
            for move, drop in self.statements.relabel:
                self._execute(move, where)
                self._execute(drop, where)
            for (msgid,) in self._execute(self.statements.all_redacted, where).fetchall():
                self._unsay(larger, [larger, *self._parts(larger)], msgid)
        if larger is not None:
            label = {**labelled(entry.to, entry.shown), "target_": larger}
            self._execute(self.statements.label, label)
        if entry.place.name != entry.to.name and entry.place.kind == "c":
            spots = {"spot_": written(entry.place.name), "to": written(entry.to.name)}
            self._execute(self.statements.rename_marks, spots)
            self._execute(self.statements.drop_marks, spots)

    def _live_on(self, target: int, old: int, new: int) -> None:
        """Have one of two places be heard as long as any of them was, and be kept as the new one."""
        was, there = (self.one(self.statements.life, {"target_": each}) for each in (old, new))
        ended, heard = (
            None if None in both else max(both) for both in zip(was[1:3], there[1:3], strict=True)
        )
        life = {"target_": target, "began": min(was[0], there[0]), "ended": ended, "heard": heard}
        kept = dict(zip(("span", "since", "kept"), there[3:], strict=True))
        self._execute(self.statements.live, {**life, **kept})

    def _count(self, target: int) -> int:
        """How many messages a target has, as far as it matters."""
        row = self._execute(self.statements.count, {"target_": target, "most": COUNTED}).fetchone()
        return int(row[0])


def _cleaned(row: Bound) -> Bound:
    *first, source, text, refers, extra = row
    return cast(
        Bound,
        (
            *first,
            shown(source),
            shown(text),
            None if refers is None else shown(refers),
            None if extra is None else shown(extra),
        ),
    )
