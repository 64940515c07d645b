"""Pages of rows that are in memory, cut as a store cuts its own."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.storage.messages.rows import AFTER_ALL, BEFORE_ALL, LAST, Found, Position, Row, Wanted


def page(rows: Sequence[Row], wanted: Wanted) -> Found:
    """Those of `rows`, which are in ascending order, that are asked for."""
    after, before = wanted.after or Position(-1, BEFORE_ALL), wanted.before or Position(LAST, AFTER_ALL)
    inside = [row for row in rows if row.kind in wanted.kinds and after < position(row) < before]
    if wanted.newest:
        inside.reverse()
    count = _whole(inside, min(wanted.most, len(inside)), wanted)
    taken, more = inside[:count], count < len(inside)
    return Found(tuple(reversed(taken) if wanted.newest else taken), more)


def around(rows: Sequence[Row], where: Position, wanted: Wanted) -> Found:
    """Half of them before a position, the rest from it on; what one side lacks the other gets."""
    shown = [row for row in rows if row.kind in wanted.kinds]
    earlier = [row for row in shown if position(row) < where][::-1]
    later = [row for row in shown if position(row) >= where]
    back = min(len(earlier), max(wanted.most // 2, wanted.most - len(later)))
    ahead = min(len(later), wanted.most - back)
    back, ahead = _whole(earlier, back, wanted), _whole(later, ahead, wanted)
    taken = (*reversed(earlier[:back]), *later[:ahead])
    return Found(taken, back < len(earlier) or ahead < len(later))


def _whole(rows: Sequence[Row], count: int, wanted: Wanted) -> int:
    """How many of `rows` there are up to the end of the millisecond of the last one, if that is wanted."""
    if wanted.whole and count:
        at = rows[count - 1].at
        while count < min(len(rows), wanted.most * 2) and rows[count].at == at:
            count += 1
    return count


def position(row: Row) -> Position:
    """Where a row stands."""
    return Position(row.at, row.msgid)
