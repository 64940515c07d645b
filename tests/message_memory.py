"""A store of messages in memory: what is put is there at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypeVar, cast

import message_model
from message_model import position
from twisted.internet.defer import Deferred, succeed

from chatnet.storage.messages.gone import talkers
from chatnet.storage.messages.numbers import hint
from chatnet.storage.messages.rows import (
    APART,
    CLOSED,
    LAST,
    OURS,
    Began,
    Ended,
    Entry,
    Erased,
    Figures,
    Filled,
    Found,
    Gap,
    Marked,
    Moved,
    Place,
    Position,
    Redacted,
    Row,
    Said,
    Silent,
    Target,
    Times,
    View,
    Wanted,
    Words,
)

T = TypeVar("T")


class MemoryMessages:
    """A ``MessageStore``.  While `slow` nothing is answered; :meth:`go_on` answers all that was asked."""

    spooled = 0

    def __init__(self, heard: int = 0) -> None:
        self.heard = heard
        self.slow = False
        self._waiting: list[Callable[[], object]] = []
        self.rows: dict[tuple[Place, str], Row] = {}
        self.waiting: dict[tuple[Place, str], Row] = {}
        self.stays_wait_since = LAST
        self.stayed: dict[tuple[Place, str], Times] = {}
        """Stays, of whom a test has said any."""
        self.redacted: dict[tuple[Place, str], Redacted] = {}
        self.known: dict[Place, Target] = {}
        self.holes: dict[tuple[Place, int, str], Gap] = {}
        self.read: dict[tuple[str, str], int] = {}
        self.erased: dict[tuple[str, Place | None], Erased] = {}

    def unread(self, place: Place) -> tuple[int, int] | None:
        times = [row.at for row in self.waiting.values() if row.place == place]
        return (min(times), max(times) + 1) if times else None

    def unread_stays(self, place: Place) -> int:
        return self.stays_wait_since

    def unread_talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        rows = [row for row in self.waiting.values() if person in talkers(row.place)]
        return [
            (place, max(row.at for row in rows if row.place == place)) for place in {r.place for r in rows}
        ]

    def hold(self, since: int = 0) -> None:
        """Have what was said since then wait, as in a spool, until :meth:`let_go`."""
        self.waiting = {key: row for key, row in self.rows.items() if row.at >= since}
        self.rows = {key: row for key, row in self.rows.items() if row.at < since}
        self.stays_wait_since = since

    def let_go(self) -> None:
        self.rows |= self.waiting
        self.waiting = {}
        self.stays_wait_since = LAST

    def _answer(self, value: T) -> Awaitable[T]:
        if not self.slow:
            return succeed(value)
        answer: Deferred[T] = Deferred()
        self._waiting.append(lambda: answer.callback(value))
        return answer

    def go_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each()

    # writing

    def put(self, entries: Sequence[Entry]) -> Awaitable[None]:
        for entry in entries:
            if type(entry) is tuple:
                place, at, msgid, kind, flags, person, source, text = cast(Said, entry)
                shown = source.decode(errors="replace")
                self._keep(Row(place, int(at * 1000), msgid, kind, flags, person, shown, text))
            else:
                self._put(entry)
        return self._answer(None)

    def _put(self, entry: Any) -> None:
        match entry:
            case Row():
                self._keep(entry)
            case Redacted():
                self._redact(entry)
            case Began(place, shown, at):
                known = self.known.get(place) or Target(place, shown, at, None, None, None, None)
                self.known[place] = known._replace(heard=None, ended=None)
            case Silent(place, at):
                self.known[place] = self._target(place)._replace(heard=at)
            case Ended(place, at):
                self.known[place] = self._target(place)._replace(ended=at)
            case Gap(place, since, _, sid):
                self._target(place)
                self.holes[place, since, sid] = entry
            case Filled(place, since, until, sid):
                self._fill(place, since, until, sid)
            case Marked(person, spot, at, _):
                self.read[person, spot] = max(at, self.read.get((person, spot), 0))
            case Erased(person, until, _, place):
                self._erase(entry)
            case Moved(place, to, shown, stays, ours):
                self._move(place, to, shown, stays, ours)

    def _target(self, place: Place) -> Target:
        shown = place.other if place.kind == "g" else place.name
        return self.known.setdefault(place, Target(place, shown, 0, None, None, None, None))

    def _keep(self, row: Row) -> bool:
        key = row.place, row.msgid
        if key in self.rows or key in self.redacted or self._is_erased(row):
            return False
        self._target(row.place)
        self.rows[key] = row
        return True

    def _redact(self, entry: Redacted, *, told: bool = False) -> None:
        if not (told or entry.source) and entry.place not in self.known:
            return
        self._target(entry.place)
        entry = self._unsigned(entry)
        known = self.redacted.get((entry.place, entry.redacted), entry)
        first = min(entry, known, key=lambda each: (each.at, each.msgid))
        self.redacted[entry.place, entry.redacted] = first
        self.rows.pop((entry.place, entry.redacted), None)

    def _fill(self, place: Place, since: int, until: int, sid: str) -> None:
        for key, gap in list(self.holes.items()):
            if gap.place == place and gap.sid == sid and gap.since < until and since < gap.until:
                del self.holes[key]
                for first, last in ((gap.since, since), (until, gap.until)):
                    if first < last:
                        self.holes[place, first, sid] = gap._replace(since=first, until=last)

    def _erase(self, entry: Erased) -> None:
        known = self.erased.get((entry.person, entry.place))
        if known is None or known.until < entry.until:
            self.erased[entry.person, entry.place] = entry
        self.rows = {key: row for key, row in self.rows.items() if not self._is_erased(row)}
        for key, gone in self.redacted.items():
            self.redacted[key] = self._unsigned(gone)

    def _unsigned(self, gone: Redacted) -> Redacted:
        found = [self.erased.get((gone.person or "", place)) for place in (None, gone.place)]
        if any(each is not None and gone.at <= each.until for each in found):
            return gone._replace(person=None, source="", reason="")
        return gone

    def _is_erased(self, row: Row) -> bool:
        people = {row.person} if row.place.kind == "c" else {row.person, row.place.name, row.place.other}
        found = [self.erased.get((each, place)) for each in people if each for place in (None, row.place)]
        return any(each is not None and row.at <= each.until for each in found)

    def _move(self, place: Place, to: Place, shown: str, stays: bool, ours: bool) -> None:
        for key, row in list(self.rows.items()):
            if row.place == place != to:
                del self.rows[key]
                if row.flags & CLOSED and not stays:
                    continue
                flags = row.flags | (OURS if ours and row.flags & CLOSED else 0)
                self.rows.setdefault((to, row.msgid), row._replace(place=to, flags=flags))
        for key, gone in list(self.redacted.items()):
            if gone.place == place:
                del self.redacted[key]
                flags = gone.flags | (OURS if ours and gone.flags & CLOSED else 0)
                self.redacted.setdefault((to, gone.redacted), gone._replace(place=to, flags=flags))
                self.rows.pop((to, gone.redacted), None)
        for hole, gap in list(self.holes.items()):
            if gap.place == place:
                del self.holes[hole]
                self.holes[to, gap.since, gap.sid] = gap._replace(place=to)
        known = self.known.pop(place, None)
        if known is not None:
            self.known.setdefault(to, known._replace(place=to, shown=shown))

    def take_in(self, rows: Sequence[Row], redacted: Sequence[Redacted]) -> Awaitable[Sequence[Row]]:
        for each in redacted:
            if each.flags & CLOSED and self._is_apart(each):
                each = each._replace(person=None, source="", reason="")
            self._redact(each, told=True)
        rows = [row for row in rows if not (row.flags & CLOSED and self._is_apart(row))]
        return self._answer([row for row in rows if self._keep(row)])

    def _is_apart(self, row: Row | Redacted) -> bool:
        return any(
            gap.place == row.place and gap.sid == APART and gap.since <= row.at <= gap.until
            for gap in self.holes.values()
        )

    # reading

    def target(self, place: Place) -> Awaitable[Target | None]:
        return self._answer(self.known.get(place))

    def targets(self, person: str) -> Awaitable[Sequence[Target]]:
        places = [place for place in self.known if place.kind in "dg" and person in (place.name, place.other)]
        return self._answer([self.known[place] for place in places])

    def channels(self, folded: str) -> Awaitable[Sequence[Target]]:
        found = [each for each in self.known.values() if (each.place.kind, each.place.name) == ("c", folded)]
        return self._answer(found)

    def standing(self) -> Awaitable[Sequence[Target]]:
        return self._answer([each for each in self.known.values() if each.ended is None])

    def stays(self, places: Sequence[Place], person: str) -> Awaitable[Mapping[Place, Times]]:
        return self._answer({place: self.stayed.get((place, person), ((0, LAST),)) for place in places})

    def apart(self, places: Sequence[Place]) -> Awaitable[Mapping[Place, Times]]:
        marks = [gap for gap in self.holes.values() if gap.sid == APART]
        return self._answer(
            {place: tuple((gap.since, gap.until) for gap in marks if gap.place == place) for place in places}
        )

    def page(self, view: View, wanted: Wanted, reactions: int = 0) -> Awaitable[Found]:
        found, more = message_model.page(list(self.rows.values()), view, wanted)
        gaps = tuple(gap for gap in self.holes.values() if gap.place == view.place)
        return self._answer(Found(tuple(found), more, gaps=gaps))

    def around(self, view: View, position: Position, wanted: Wanted, reactions: int = 0) -> Awaitable[Found]:
        found, more = message_model.around(list(self.rows.values()), view, position, wanted)
        return self._answer(Found(tuple(found), more))

    def latest(
        self, views: Sequence[View], kinds: Collection[int], after: int, before: int, most: int, newest: bool
    ) -> Awaitable[Sequence[tuple[Place, Position]]]:
        wanted = Wanted(frozenset(kinds), most, newest)
        found = message_model.latest(list(self.rows.values()), views, wanted, after, before)
        return self._answer(found)

    def find(self, place: Place, msgid: str) -> Awaitable[Row | None]:
        return self._answer(self.rows.get((place, msgid)))

    def position(self, place: Place, msgid: str) -> Awaitable[Position | None]:
        row, told = self.rows.get((place, msgid)), hint(msgid)
        if row is not None:
            return self._answer(position(row))
        return self._answer(None if told is None else Position(told, msgid))

    def redactions(self, place: Place, since: int, most: int) -> Awaitable[Sequence[Redacted]]:
        found = [each for each in self.redacted.values() if each.place == place and each.at >= since]
        found.sort(key=lambda each: (each.at, each.msgid))
        return self._answer(found[-most:])

    def search(self, views: Sequence[View], words: Words) -> Awaitable[Sequence[Row]]:
        return self._answer([])

    def said_by(self, person: str, behind: Position, until: int, most: int) -> Awaitable[Sequence[Row]]:
        found = sorted(self.rows.values(), key=position)
        found = [row for row in found if row.person == person and position(row) > behind and row.at < until]
        return self._answer(found[:most])

    def marks(self, person: str) -> Awaitable[Sequence[tuple[str, int]]]:
        return self._answer([(spot, at) for (key, spot), at in self.read.items() if key == person])

    def all_marks(
        self, since: int, behind: tuple[str, str], most: int
    ) -> Awaitable[Sequence[tuple[str, str, int]]]:
        found = sorted((*key, at) for key, at in self.read.items() if at >= since and key > behind)
        return self._answer(found[:most])

    def gaps(self, place: Place) -> Awaitable[Sequence[Gap]]:
        holes = self.holes.values()
        return self._answer([gap for gap in holes if gap.place == place and gap.sid != APART])

    def erasures(self, since: str) -> Awaitable[Sequence[Erased]]:
        return self._answer([each for each in self.erased.values() if each.stamp > since])

    def figures(self) -> Awaitable[Figures]:
        return self._answer(Figures(len(self.rows), 0, len(self.holes)))

    def tell(self, place: Place, since: int, until: int) -> Awaitable[int]:
        said = [
            row.msgid
            for row in self.rows.values()
            if row.place == place and since <= row.at <= until and not row.flags & OURS
        ]
        gone = [
            f"-{each.redacted}"
            for each in self.redacted.values()
            if each.place == place and since <= each.at <= until and not each.flags & OURS
        ]
        total = 0
        for text in said + gone:
            total += int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return self._answer(total)
