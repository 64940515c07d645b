"""What a store of messages should answer, worked out from a plain list."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.storage.messages.rows import CLOSED, RANKS, Place, Position, Row, View, Wanted

Page = tuple[list[Row], bool]
"""The messages, and whether there are more."""


def msgid(ms: int, number: int = 0) -> str:
    """An id that tells its time."""
    return f"1{ms:013}{number:06}0AAAAAAAA"


def position(row: Row) -> Position:
    """Where a message stands."""
    return Position(row.at, row.msgid)


def inside(at: int, times: Sequence[tuple[int, int]] | None) -> bool:
    """Whether a time is one of these; None: all are."""
    return times is None or any(since <= at <= until for since, until in times)


def is_visible(view: View, row: Row) -> bool:
    """What the docstring of View says."""
    ranks = row.flags >> RANKS
    return (
        row.place == view.place
        and row.at >= view.since
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
