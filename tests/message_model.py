"""What a store of messages should answer, worked out from a plain list."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.storage.messages.rows import (
    CLOSED,
    LAST,
    OURS,
    RANKS,
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
    Position,
    Redacted,
    Row,
    Silent,
    Stayed,
    Target,
    View,
    Wanted,
    Went,
)

Page = tuple[list[Row], bool]
"""The messages, and whether there are more."""


def msgid(ms: int, number: int = 0) -> str:
    """An id that tells its time."""
    return f"1{ms:013}{number:06}0AAAAAAAA"


def position(row: Row) -> Position:
    """Where a message stands."""
    return Position(row.at, row.msgid)


def ours(flags: int) -> int:
    """The flags of what is told to no other server, if it was said behind closed doors."""
    return flags | OURS if flags & CLOSED else flags


def inside(at: int, times: Sequence[tuple[int, int]] | None) -> bool:
    """Whether a time is one of these; None: all are."""
    return times is None or any(since <= at <= until for since, until in times)


def is_visible(view: View, row: Row) -> bool:
    """What the docstring of View says."""
    ranks = row.flags >> RANKS
    return (
        row.place == view.place
        and row.at >= view.since
        and not row.flags & view.hidden
        and inside(row.at, view.within)
        and (not row.flags & CLOSED or inside(row.at, view.closed))
        and (not ranks or bool(ranks & view.ranks) or (view.person is not None and row.person == view.person))
    )


def seen(rows: Sequence[Row], view: View, wanted: Wanted) -> list[Row]:
    """All that could be on a page, in ascending order."""
    found = [row for row in rows if row.kind in wanted.kinds and is_visible(view, row)]
    found.sort(key=position)
    return [
        row
        for row in found
        if (wanted.after is None or position(row) > wanted.after)
        and (wanted.before is None or position(row) < wanted.before)
    ]


def page(rows: Sequence[Row], view: View, wanted: Wanted) -> Page:
    """What a page has."""
    found = seen(rows, view, wanted)
    if wanted.newest:
        found.reverse()
    count = min(wanted.most, len(found))
    while wanted.whole and 0 < count < min(len(found), 2 * wanted.most):
        if found[count].at != found[count - 1].at:
            break
        count += 1
    taken = found[:count]
    return taken[::-1] if wanted.newest else taken, len(found) > count


def around(rows: Sequence[Row], view: View, at: Position, wanted: Wanted) -> Page:
    """What a page around a position has; never prolonged."""
    found = seen(rows, view, wanted)
    before = [row for row in found if position(row) < at]
    after = [row for row in found if position(row) >= at]
    first = max(wanted.most // 2, wanted.most - len(after))
    taken = before[max(0, len(before) - first) :]
    taken = taken + after[: wanted.most - len(taken)]
    return taken, len(taken) < len(found)


def latest(
    rows: Sequence[Row], views: Sequence[View], wanted: Wanted, after: int, before: int
) -> list[tuple[Place, Position]]:
    """The last message of each view, if it lies between these times."""
    last = [(view.place, position(found[-1])) for view in views if (found := seen(rows, view, wanted))]
    last = [each for each in last if after < each[1].at < before]
    last.sort(key=lambda each: (each[1].at, each[0].name, each[0].other))
    if len(last) <= wanted.most:
        return last
    return last[len(last) - wanted.most :] if wanted.newest else last[: wanted.most]


class Model:
    """A store of messages as dictionaries."""

    def __init__(self) -> None:
        self.targets: dict[Place, Target] = {}
        self.rows: dict[Place, dict[Position, Row]] = {}
        self.redactions: dict[Place, dict[str, Redacted]] = {}
        self.stays: dict[tuple[Place, str], list[tuple[int, int]]] = {}
        self.marks: dict[tuple[str, str], int] = {}
        self.gaps: dict[Place, set[Gap]] = {}
        self.erased: list[Erased] = []

    def put(self, entry: Entry) -> None:
        """Do what an entry says."""
        if isinstance(entry, Marked):
            key = entry.person, entry.spot
            self.marks[key] = max(entry.at, self.marks.get(key, 0))
        elif isinstance(entry, Erased):
            self.erased.append(entry)
            self._purge()
        elif isinstance(entry, Moved):
            self._move(entry)
        elif isinstance(entry, Row):
            if not self._is_erased(entry):
                self._target(entry.place, entry.at)
                self.rows.setdefault(entry.place, {}).setdefault(position(entry), entry)
                self._purge()
        elif isinstance(entry, Filled):
            for gap in list(self.gaps.get(entry.place, ())):
                if gap.sid == entry.sid and gap.since <= entry.until and gap.until >= entry.since:
                    self.gaps[entry.place].discard(gap)
                    for first, last in ((gap.since, entry.since - 1), (entry.until + 1, gap.until)):
                        if first <= last:
                            self.gap(Gap(entry.place, first, last, gap.sid))
        else:
            self._of_place(entry)

    def gap(self, gap: Gap) -> None:
        """A gap; of two that begin together the longer one."""
        gaps = self.gaps.setdefault(gap.place, set())
        for other in list(gaps):
            if (other.since, other.sid) == (gap.since, gap.sid):
                gaps.discard(other)
                gap = max(gap, other)
        gaps.add(gap)

    def _of_place(self, entry: Entry) -> None:
        place = entry[0]
        assert isinstance(place, Place)
        if isinstance(entry, Began):
            known = self._target(place, entry.at)
            self.targets[place] = known._replace(shown=entry.shown, ended=None, heard=None)
        elif isinstance(entry, (Silent, Ended)):
            known = self._target(place, entry.at)
            heard = entry.at if known.heard is None else known.heard
            ended = entry.at if known.ended is None and isinstance(entry, Ended) else known.ended
            self.targets[place] = known._replace(heard=heard, ended=ended)
            for (of, _), stays in self.stays.items():
                if of == place:
                    self._close(stays, entry.at)
        elif isinstance(entry, Kept):
            known = self._target(place, NOW)
            self.targets[place] = known._replace(span=entry.span, since=entry.since)
        elif isinstance(entry, Came):
            self._target(place, entry.at)
            stays = self.stays.setdefault((place, entry.person), [])
            if all(until != LAST for _, until in stays):
                stays.append((entry.at, LAST))
        elif isinstance(entry, Stayed):
            self._target(place, entry.since)
            stays = self.stays.setdefault((place, entry.person), [])
            ends = [until for since, until in stays if since == entry.since]
            stays[:] = [each for each in stays if each[0] != entry.since]
            stays.append((entry.since, max([entry.until, *ends])))
        elif isinstance(entry, Went):
            self._target(place, entry.at)
            self._close(self.stays.setdefault((place, entry.person), []), entry.at)
        elif isinstance(entry, Redacted):
            self._target(place, entry.at)
            self._redact(entry)
            self._purge()
        elif isinstance(entry, Gap):
            self._target(place, entry.since)
            self.gap(entry)
        else:
            raise AssertionError(entry)

    def _close(self, stays: list[tuple[int, int]], at: int) -> None:
        stays[:] = [(since, max(since, at) if until == LAST else until) for since, until in stays]

    def _target(self, place: Place, at: int) -> Target:
        shown = place.other if place.kind == "g" else place.name
        return self.targets.setdefault(place, Target(place, shown, at, None, None, None, None))

    def _redact(self, entry: Redacted) -> None:
        known = self.redactions.setdefault(entry.place, {})
        other = known.get(entry.redacted, entry)
        known[entry.redacted] = min(entry, other, key=lambda each: (each.at, each.msgid))

    def _move(self, entry: Moved) -> None:
        old, new = self.targets.pop(entry.place, None), self.targets.pop(entry.to, None)
        both = [each for each in (old, new) if each is not None]
        for kept in both[-1:]:
            self.targets[entry.to] = Target(
                entry.to,
                entry.shown,
                min(each.began for each in both),
                later([each.ended for each in both]),
                later([each.heard for each in both]),
                kept.span,
                kept.since,
            )
        if entry.place == entry.to:
            return
        for row in self.rows.pop(entry.place, {}).values():
            if row.flags & CLOSED and not entry.stays:
                continue
            flags = ours(row.flags) if entry.ours else row.flags
            moved = row._replace(place=entry.to, flags=flags)
            self.rows.setdefault(entry.to, {}).setdefault(position(row), moved)
        for redacted in self.redactions.pop(entry.place, {}).values():
            flags = ours(redacted.flags) if entry.ours else redacted.flags
            self._redact(redacted._replace(place=entry.to, flags=flags))
        for gap in self.gaps.pop(entry.place, set()):
            self.gap(gap._replace(place=entry.to))
        if not entry.stays:
            self.stays = {key: stays for key, stays in self.stays.items() if key[0] != entry.place}
        for of, person in list(self.stays):
            if of == entry.place:
                self.stays.setdefault((entry.to, person), []).extend(self.stays.pop((of, person)))
        if entry.place.name != entry.to.name:
            for (person, spot), at in list(self.marks.items()):
                if spot == entry.place.name:
                    del self.marks[person, spot]
                    key = person, entry.to.name
                    self.marks[key] = max(at, self.marks.get(key, 0))
        self._purge()

    def _is_erased(self, row: Row) -> bool:
        return any(is_erased(each, row) for each in self.erased)

    def _purge(self) -> None:
        """Have nothing that was deleted or erased."""
        for place, rows in self.rows.items():
            for where, row in list(rows.items()):
                if row.msgid in self.redactions.get(place, {}) or any(
                    is_erased(each, row) for each in self.erased
                ):
                    del rows[where]


def later(times: list[int | None]) -> int | None:
    """The last of these times; None if one of them is none."""
    return max((time for time in times if time is not None), default=None) if None not in times else None


NOW = 1_700_000_000_000
"""When stores of tests write, in milliseconds."""


def is_erased(erased: Erased, row: Row) -> bool:
    """Whether a message is gone by that."""
    place = row.place
    talk = place.kind != "c" and erased.person in (place.name, place.other if place.kind == "d" else "")
    return (row.person == erased.person or talk) and row.at <= erased.until and erased.place in (None, place)
