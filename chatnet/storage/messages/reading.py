"""All that is read of a store of messages, within one transaction that sees it as it is at one moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import merge
from itertools import islice
from typing import Any, Final, Self

from chatnet.storage.connection import Connection, Rows
from chatnet.storage.messages.gone import Gone
from chatnet.storage.messages.index import Index
from chatnet.storage.messages.numbers import BITS, SKEW, hint
from chatnet.storage.messages.rows import (
    AFTER_ALL,
    APART,
    BEFORE_ALL,
    LAST,
    NOTICE,
    PRIVMSG,
    RENAME,
    TAGMSG,
    Erased,
    Figures,
    Found,
    Gap,
    Place,
    Position,
    Redacted,
    Row,
    Target,
    Times,
    View,
    Wanted,
    Words,
)
from chatnet.storage.messages.tables import Both, Statements, named
from chatnet.storage.messages.texts import read, shown, written
from chatnet.storage.messages.times import Span, is_seen, spans
from chatnet.storage.messages.words import match, query

BEGINNING: Final = Position(0, BEFORE_ALL)
END: Final = Position(LAST, AFTER_ALL)


def place_of(row: Row | Redacted) -> Position:
    """Where it stands."""
    return Position(row.at, row.msgid)


def behind(position: Position) -> Position:
    """The first position after that: no id has control characters."""
    return Position(position.at, position.msgid + "\x01")


def bits(kinds: Collection[int]) -> int:
    """Kinds as a number."""
    return sum(1 << kind for kind in set(kinds))


class Asked:
    """Part of a view that is asked for: messages of some kinds, from one position on up to another."""

    def __init__(self, view: View, targets: Sequence[int], kinds: Collection[int]) -> None:
        self.view: Final = view
        self.targets: Final = targets
        self.spans: Final = spans(view)
        self.bound: Final = {"kinds": bits(kinds), "ranks": view.ranks, "author": view.person}

    def between(
        self, low: Position, high: Position, *, newest: bool
    ) -> Iterator[tuple[Span, Position, Position]]:
        """The spans that lie there, each with where it begins and where it ends."""
        for span in reversed(self.spans) if newest else self.spans:
            first = max(low, Position(span.since, BEFORE_ALL))
            end = min(high, Position(span.until, AFTER_ALL))
            if first < end:
                yield span, first, end


class Looking:
    """What the readers' jobs may ask."""

    def __init__(self, connection: Connection, statements: Statements) -> None:
        self._execute: Final = connection.execute
        self._statements: Final = statements
        self._is_erasing: Final = self._execute(statements.any_erasing).fetchone() is not None
        self._gone: Gone | None = None

    def without(self, gone: Gone) -> Self:
        """Leave out what is to be gone, and could not be deleted yet."""
        self._gone = gone
        return self

    def figures(self) -> Figures:
        """How much there is."""
        messages, pages, size, gaps = (
            int(self._execute(text).fetchone()[0]) for text in self._statements.figures
        )
        return Figures(messages, pages * size, gaps)

    # targets and people

    def target(self, place: Place) -> Target | None:
        """What is known of a place."""
        row = self._execute(self._statements.target, named(place)).fetchone()
        return None if row is None else _target(row)

    def targets(self, person: str) -> Sequence[Target]:
        """The talks of an account."""
        return [_target(row) for row in self._execute(self._statements.targets, {"key_": person})]

    def channels(self, name: str) -> Sequence[Target]:
        """All channels that had that name."""
        return [_target(row) for row in self._execute(self._statements.channels, {"name_": written(name)})]

    def everything(self, place: Place, since: int, person: str | None) -> Iterator[Row]:
        """All messages of a place from then on, or those of one person, in order."""
        whole = View(place, since, closed=None, ranks=ALL_RANKS)
        asked = Asked(whole, self._ids(place), ALL_KINDS)
        rows = self._walk(asked, BEGINNING, END, newest=False)
        return (row for row in rows if person is None or row.person == person)

    def standing(self) -> Sequence[Target]:
        """The channels that have not ended."""
        return [_target(row) for row in self._execute(self._statements.standing)]

    def stays(self, places: Sequence[Place], person: str) -> Mapping[Place, Times]:
        """When an account was in each of these channels."""
        number = self._number("person", {"key_": person})
        found: dict[Place, list[tuple[int, int]]] = {place: [] for place in places}
        if number is not None:
            self._expect(places)
            of = {target: place for place in places for target in self._ids(place)}
            for target, since, until in self._stays(list(of), number):
                found[of[target]].append((since, until))
        return {place: tuple(sorted(times)) for place, times in found.items()}

    def _stays(self, targets: Sequence[int], person: int) -> Iterator[tuple[int, int, int]]:
        for target in targets:
            for since, until in self._execute(self._statements.stays, {"target_": target, "person_": person}):
                yield target, since, until

    def marks(self, person: str) -> Sequence[tuple[str, int]]:
        """How far somebody has read."""
        number = self._number("person", {"key_": person})
        found = () if number is None else self._execute(self._statements.marks, {"person_": number})
        return [(read(spot), at) for spot, at in found]

    def all_marks(self, since: int, behind: tuple[str, str], most: int) -> Sequence[tuple[str, str, int]]:
        """Marks from then on of everybody, behind one of these."""
        key, spot = behind
        where = {"since": since, "key_": key, "spot_": written(spot), "most": most}
        return [(key, read(spot), at) for key, spot, at in self._execute(self._statements.all_marks, where)]

    # messages

    def page(self, view: View, wanted: Wanted, reactions: int) -> Found:
        """Messages of a view, counted from one end on."""
        asked = Asked(view, self._ids(view.place), wanted.kinds)
        low, high = _bounds(wanted)
        most, newest = wanted.most, wanted.newest
        rows = self._rows(asked, low, high, most + 1, newest=newest)
        count = min(most, len(rows))
        if wanted.whole and 0 < most < len(rows) and rows[most].at == rows[most - 1].at:
            last = place_of(rows[most])
            if newest:
                rows += self._rows(asked, low, last, most, newest=True)
            else:
                rows += self._rows(asked, behind(last), high, most, newest=False)
            count = _whole(rows, most, 2 * most)
        more = len(rows) > count
        del rows[count:]
        if newest:
            rows.reverse()
        if more and newest:
            low = place_of(rows[0]) if rows else high
        elif more:
            high = behind(place_of(rows[-1])) if rows else low
        return self._found(asked, rows, more, low, high, reactions)

    def around(self, view: View, position: Position, wanted: Wanted, reactions: int) -> Found:
        """Messages before a position, and from it on."""
        asked = Asked(view, self._ids(view.place), wanted.kinds)
        low, high = _bounds(wanted)
        most = wanted.most
        fetched = 2 * most + 1 if wanted.whole else most + 1
        before = self._rows(asked, low, min(position, high), fetched, newest=True)
        after = self._rows(asked, max(position, low), high, fetched, newest=False)
        count = min(len(before), most // 2)
        rest = min(len(after), most - count)
        count = min(len(before), most - rest)
        if wanted.whole:
            count = _whole(before, count, 2 * most - rest)
            rest = _whole(after, rest, 2 * most - count)
        rows = [*before[:count][::-1], *after[:rest]]
        more = False
        if len(before) > count:
            low, more = place_of(rows[0]) if rows else high, True
        if len(after) > rest:
            high, more = behind(place_of(rows[-1])) if rows else low, True
        return self._found(asked, rows, more, low, high, reactions)

    def latest(
        self, views: Sequence[View], kinds: Collection[int], after: int, before: int, most: int, newest: bool
    ) -> Sequence[tuple[Place, Position]]:
        """Of each view its last visible message, if its time is strictly between."""
        found: list[tuple[int, str, str, Place, Position]] = []
        self._expect(view.place for view in views)
        for place, at, msgid in self._lasts([Asked(view, self._ids(view.place), kinds) for view in views]):
            if after < at < before:
                found.append((at, place.name, place.other, place, Position(at, msgid)))
        found.sort(key=lambda each: each[:3])
        if len(found) > most:
            found = found[len(found) - most :] if newest else found[:most]
        return [each[3:] for each in found]

    def find(self, place: Place, msgid: str) -> Row | None:
        """The message of that id."""
        targets = self._ids(place)
        at = self._at(targets, msgid)
        for target in targets if at is not None else ():
            where = {"target_": target, "at_": at, "msgid_": msgid}
            for fields in self._execute(self._text(self._statements.exact), where):
                row = Row(place, *fields)
                return None if self._hides(row) else row
        return None

    def _hides(self, row: Row) -> bool:
        return self._gone is not None and self._gone.hides(row)

    def position(self, place: Place, msgid: str) -> Position | None:
        """Where a message of that id stands, or stood."""
        at = self._at(self._ids(place), msgid)
        if at is None:
            at = hint(msgid)
        return None if at is None else Position(at, msgid)

    def redactions(self, place: Place, since: int, most: int) -> Sequence[Redacted]:
        """The newest redactions since then, in ascending order."""
        return self._redactions(self._statements.redactions, place, self._ids(place), since, LAST, most)

    def search(
        self, views: Sequence[View], words: Words, index: Index, fold: Callable[[str], str], most: int
    ) -> Sequence[Row]:
        """Messages in which all of the words are, in ascending order; of `most` places, the latest ones."""
        if len(views) > most:
            last = self.latest(views, FINDABLE, -1, LAST, most, newest=True)
            places = {place for place, _ in last}
            views = [view for view in views if view.place in places]
        person = None
        if words.person is not None:
            person = self._number("person", {"key_": words.person})
            if person is None:
                return []
        asked = query(shown(words.text), trigrams=index.search == "trigrams")
        there: dict[int, Asked] = {}
        self._expect(view.place for view in views)
        for view in views:
            there |= dict.fromkeys(self._ids(view.place), Asked(view, [], ()))
        if not there or not words.most:
            return []
        rows: Iterable[Row]
        if asked.match or (person is not None and index.search != "off" and not index.since):
            rows = self._matching(there, asked.match, person, words)
        else:
            rows = self._all_of(views, words)
            if asked.inside:
                rows = islice(rows, LOOKED_AT)

        def is_wanted(row: Row) -> bool:
            text = row.text.lower() if asked.inside else ""
            return (
                (words.person is None or row.person == words.person)
                and (
                    words.nick is None
                    or person is not None
                    or fold(row.source.partition("!")[0]) == words.nick
                )
                and words.since <= row.at <= words.until
                and all(piece in text for piece in asked.inside)
            )

        return sorted(islice(filter(is_wanted, rows), words.most), key=lambda row: (row.at, row.msgid))

    def _matching(
        self, there: Mapping[int, Asked], matching: str, person: int | None, words: Words
    ) -> Iterator[Row]:
        """What the index finds, and is seen by the view of its target."""
        erasing = list(self._execute(self._statements.erasing)) if self._is_erasing else []
        told: set[tuple[Place, Position]] | None = (
            set() if len(there) > len({id(asked) for asked in there.values()}) else None
        )
        for target, author, *fields in self._hits(there, matching, person, words):
            asked = there[target]
            row = Row(asked.view.place, *fields)
            erased = any(
                of in (None, target) and by in (None, author) and row.at <= until for of, by, until in erasing
            )
            if erased or self._hides(row) or not is_seen(asked.view, asked.spans, row):
                continue
            if told is not None:
                # While rows are brought from one place to another, both may have it.
                if (row.place, place_of(row)) in told:
                    continue
                told.add((row.place, place_of(row)))
            yield row

    def _hits(
        self, targets: Collection[int], matching: str, person: int | None, words: Words
    ) -> Iterable[Sequence[Any]]:
        """What the index finds: number of the target and of the author, and the fields of a row."""
        where = {
            "match": match(matching, targets, person),
            "first": max(0, words.since - PADDING) << BITS,
            "last": min((words.until + PADDING) << BITS, HIGHEST),
        }
        return self._execute(self._statements.found[words.newest], where)

    def _all_of(self, views: Sequence[View], words: Words) -> Iterator[Row]:
        """All messages of the views, the newest or the oldest first."""
        low, high = Position(words.since, BEFORE_ALL), Position(words.until, AFTER_ALL)
        parts = (
            self._walk(Asked(view, self._ids(view.place), FINDABLE), low, high, newest=words.newest)
            for view in views
        )
        return merge(*parts, key=lambda row: (row.at, row.msgid), reverse=words.newest)

    def gaps(self, place: Place) -> Sequence[Gap]:
        """What may be missing of a place."""
        return self._gaps(place, self._ids(place), 0, LAST)

    def apart(self, places: Sequence[Place]) -> Mapping[Place, Times]:
        """When other channels were heard here as these, and are these now."""
        return {place: tuple(self._apart(self._ids(place))) for place in places}

    def _apart(self, targets: Sequence[int]) -> Iterator[tuple[int, int]]:
        for target in targets:
            where = {"target_": target, "low": 0, "high": LAST}
            for since, until, sid in self._execute(self._statements.gaps, where):
                if sid == APART:
                    yield since, until

    def erasures(self, since: str) -> Sequence[Erased]:
        """What was erased, as of stamps greater than that."""
        found = self._execute(self._statements.erasures, {"stamp_": since})
        return [
            Erased(key, until, stamp, Place(kind, read(name), read(other), ts) if kind else None)
            for key, kind, name, other, ts, until, stamp in found
        ]

    def tell(self, place: Place, since: int, until: int) -> int:
        """The sum, modulo 2^64, of the digests of what others may know of between these times."""
        there: set[tuple[str, int, str]] = set()
        for target in self._ids(place):
            where = {"target_": target, "low": since, "high": until}
            for at, msgid in self._execute(self._text(self._statements.said), where):
                there.add(("said", at, msgid))
            for at, msgid in self._execute(self._statements.deleted, where):
                there.add(("deleted", at, msgid))
        return sum(digest(*each) for each in there) & MASK

    # inside

    def _gaps(self, place: Place, targets: Sequence[int], low: int, high: int) -> list[Gap]:
        found: list[Gap] = []
        for target in targets:
            where = {"target_": target, "low": low, "high": high}
            rows = (Gap(place, *row) for row in self._execute(self._statements.gaps, where))
            found += (gap for gap in rows if gap.sid != APART)
        return found

    def _walk(self, asked: Asked, low: Position, high: Position, *, newest: bool) -> Iterator[Row]:
        """All messages between two positions, page by page."""
        while rows := self._rows(asked, low, high, WALKED, newest=newest):
            yield from rows
            if newest:
                high = place_of(rows[-1])
            else:
                low = behind(place_of(rows[-1]))

    def _number(self, statement: str, where: dict[str, Any]) -> int | None:
        row = self._execute(getattr(self._statements, statement), where).fetchone()
        return None if row is None else int(row[0])

    def _expect(self, places: Iterable[Place]) -> None:
        """Many places are going to be asked for."""

    def _lasts(self, several: Sequence[Asked]) -> Iterator[tuple[Place, int, str]]:
        """Of each the last message, if there is one: its time, and its id."""
        for asked in several:
            for row in self._rows(asked, BEGINNING, END, 1, newest=True):
                yield asked.view.place, row.at, row.msgid

    def _ids(self, place: Place) -> list[int]:
        """The number of a place, and of those whose rows are being brought to it."""
        number = self._number("target_id", named(place))
        if number is None:
            return []
        return [number, *(part for (part,) in self._execute(self._statements.parts, {"into": number}))]

    def _text(self, statement: Both) -> str:
        return statement.without_erased if self._is_erasing else statement.plain

    def _at(self, targets: Sequence[int], msgid: str) -> int | None:
        """When a message was said that is kept, or whose time was noted when it was deleted."""
        told = hint(msgid)
        for target in targets:
            where = {"target_": target, "msgid_": msgid}
            odd = self._execute(self._statements.odd, where).fetchone()
            if odd is not None:
                return int(odd[0])
            if told is not None:
                around = {**where, "low": told - SKEW, "high": told + SKEW}
                row = self._execute(self._statements.stands, around).fetchone()
                if row is not None:
                    return int(row[1])
        return None

    def _rows(self, asked: Asked, low: Position, high: Position, most: int, *, newest: bool) -> list[Row]:
        """At most so many messages from one position on up to another, not included."""
        rows = self._read(asked, low, high, most, newest=newest)
        if self._gone is None:
            return rows
        found = [row for row in rows if not self._hides(row)]
        while len(rows) == most > len(found):
            if newest:
                high = place_of(rows[-1])
            else:
                low = behind(place_of(rows[-1]))
            rows = self._read(asked, low, high, most, newest=newest)
            found += [row for row in rows if not self._hides(row)]
        return found[:most]

    def _read(self, asked: Asked, low: Position, high: Position, most: int, *, newest: bool) -> list[Row]:
        """The same with what is to be gone."""
        statement = self._text(self._statements.newest if newest else self._statements.oldest)
        found: list[Row] = []
        for span, first, end in asked.between(low, high, newest=newest):
            where = {
                **asked.bound,
                "hidden": span.hidden,
                "low": first.at,
                "low_id": first.msgid,
                "high": end.at,
                "high_id": end.msgid,
                "most": most - len(found),
            }
            parts = [self._execute(statement, {**where, "target_": target}) for target in asked.targets]
            found += islice(self._joined(asked.view.place, parts, newest=newest), most - len(found))
            if len(found) == most:
                break
        return found

    def _joined(self, place: Place, parts: Sequence[Rows], *, newest: bool) -> Iterator[Row]:
        if len(parts) == 1:
            for row in parts[0]:
                yield Row(place, *row)
            return
        last = None
        for row in merge(*parts, key=lambda row: row[:2], reverse=newest):
            if row[:2] != last:
                last = row[:2]
                yield Row(place, *row)

    def _found(
        self, asked: Asked, rows: list[Row], more: bool, low: Position, high: Position, reactions: int
    ) -> Found:
        """A page with what belongs to it; it covers what stands from `low` on up to `high`."""
        place = asked.view.place
        redacted: list[Redacted] = []
        signed, most = self._statements.signed_redactions, max(len(rows), REDACTIONS)
        for each in self._redactions(signed, place, asked.targets, low.at, high.at, most):
            told = hint(each.redacted)
            if (
                low <= place_of(each) < high
                and each.source
                and is_seen(asked.view, asked.spans, each)
                and (told is None or _is_open(asked, told))
            ):
                redacted.append(each)
        reacted = self._reactions(asked, rows, reactions) if reactions else []
        gaps = self._gaps(place, asked.targets, low.at, high.at)
        return Found(tuple(rows), more, tuple(redacted), tuple(reacted), tuple(gaps))

    def _redactions(
        self, statement: str, place: Place, targets: Sequence[int], low: int, high: int, most: int
    ) -> list[Redacted]:
        found: list[Redacted] = []
        for target in targets:
            where = {"target_": target, "low": low, "high": high, "most": most}
            found += (Redacted(place, *row) for row in self._execute(statement, where))
        if self._gone is not None:
            found = [self._gone.unsigned(each) for each in found]
            known = {each.redacted for each in found}
            found += [
                each
                for each in self._gone.redactions(place)
                if low <= each.at <= high and each.redacted not in known
            ]
        found.sort(key=place_of)
        return found[-most:] if most else []

    def _reactions(self, asked: Asked, rows: Sequence[Row], most: int) -> list[Row]:
        """The newest reactions to each of the messages, which are none of them."""
        known = {row.msgid for row in rows}
        found: dict[str, Row] = {}
        for row in rows:
            for target in asked.targets:
                where = {**asked.bound, "kinds": _TAGMSG, "hidden": 0, "target_": target, "msgid_": row.msgid}
                there = (
                    Row(asked.view.place, *each)
                    for each in self._execute(self._text(self._statements.reactions), where)
                )
                seen = (
                    each
                    for each in there
                    if each.msgid not in known
                    and not self._hides(each)
                    and is_seen(asked.view, asked.spans, each)
                )
                found.update((each.msgid, each) for each in islice(seen, most))
        return sorted(found.values(), key=place_of)


_TAGMSG: Final = 1 << TAGMSG
ALL_KINDS: Final = frozenset(range(PRIVMSG, RENAME + 1))
ALL_RANKS: Final = (1 << 31) - 1
MASK: Final = (1 << 64) - 1
HIGHEST: Final = (1 << 63) - 1
"""Number that a message can have."""
LOOKED_AT: Final = 50_000
"""Messages that are looked through, at most, for what no index helps to find."""
FINDABLE: Final = frozenset({PRIVMSG, NOTICE})
"""Kinds of messages that have words."""
PADDING: Final = 60_000
"""Milliseconds by which the number of a message may be away from its time."""
WALKED: Final = 100
"""Messages of a target that are read at a time."""
REDACTIONS: Final = 100
"""So many redactions are told with a page at most, or as many as it has messages."""


def digest(what: str, at: int, msgid: str) -> int:
    """The blake2b of 8 bytes of ``what NUL at NUL msgid``, the first byte being the highest."""
    return int.from_bytes(blake2b(f"{what}\0{at}\0{msgid}".encode(), digest_size=8).digest(), "big")


def _bounds(wanted: Wanted) -> tuple[Position, Position]:
    """From where on, and up to where, not included."""
    low = BEGINNING if wanted.after is None else behind(wanted.after)
    return low, END if wanted.before is None else wanted.before


def _whole(rows: Sequence[Row], count: int, most: int) -> int:
    """How many of the rows it is to the end of the millisecond of those first ones."""
    while 0 < count < min(len(rows), most) and rows[count].at == rows[count - 1].at:
        count += 1
    return count


def _is_open(asked: Asked, at: int) -> bool:
    """Whether that time is in one of the spans."""
    return any(span.since <= at <= span.until for span in asked.spans)


def _target(row: tuple[Any, ...]) -> Target:
    kind, name, other, ts, shown, *rest = row
    return Target(Place(kind, read(name), read(other), ts), read(shown), *rest)
