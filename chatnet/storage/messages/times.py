"""Which times of a place somebody sees, as spans of it.

A span is read by one question to the index, whatever lies beside it; so somebody who was there for a day a
year ago is answered as quickly as who never left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chatnet.storage.messages.rows import CLOSED, LAST, RANKS, Redacted, Row, Times, View


class Span(NamedTuple):
    """From when to when, both included, and the flags of what is hidden then."""

    since: int
    until: int
    hidden: int


def joined(times: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same times in order, none of which touches another."""
    open_: tuple[int, int] | None = None
    for since, until in sorted(times):
        if since > until:
            continue
        if open_ is None:
            open_ = since, until
        elif since <= open_[1] + 1:
            open_ = open_[0], max(open_[1], until)
        else:
            yield open_
            open_ = since, until
    if open_ is not None:
        yield open_


def without(times: Iterable[tuple[int, int]], apart: Iterable[tuple[int, int]]) -> Times:
    """What is left of some times without others, in order."""
    left = list(joined(times))
    for first, last in apart:
        left = [
            part
            for since, until in left
            for part in ((since, min(until, first - 1)), (max(since, last + 1), until))
            if part[0] <= part[1]
        ]
    return tuple(left)


def spans(view: View) -> list[Span]:
    """What there is to see of a view, in order."""
    times: Times = ((0, LAST),) if view.within is None else view.within
    seen = joined((max(since, view.since), until) for since, until in times)
    if view.closed is None:
        return [Span(since, until, view.hidden) for since, until in seen]
    inside = list(joined(view.closed))
    found: list[Span] = []
    for since, until in seen:
        for first, last in inside:
            if last < since:
                continue
            if first > until:
                break
            if first > since:
                found.append(Span(since, first - 1, CLOSED | view.hidden))
            found.append(Span(max(first, since), min(last, until), view.hidden))
            since = last + 1
        if since <= until:
            found.append(Span(since, until, CLOSED | view.hidden))
    return found


def is_seen(view: View, parts: Iterable[Span], row: Row | Redacted) -> bool:
    """Whether a message, or that one was deleted, is one of these parts of the view."""
    ranks = row.flags >> RANKS
    if ranks and not ranks & view.ranks and (view.person is None or row.person != view.person):
        return False
    return any(part.since <= row.at <= part.until and not row.flags & part.hidden for part in parts)
