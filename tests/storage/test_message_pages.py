"""Pages of a store of messages against a plain list: ties, redactions, closed times, stays, ranks, kinds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import message_model as model
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_stores import KINDS as STORES
from message_stores import opener
from profiles import runs

from chatnet.storage.answers import at_once
from chatnet.storage.messages.reading import Looking
from chatnet.storage.messages.rows import (
    AFTER_ALL,
    APART,
    BEFORE_ALL,
    CLOSED,
    JOIN,
    LAST,
    NOTICE,
    OURS,
    PRIVMSG,
    RANKS,
    TAGMSG,
    Came,
    Entry,
    Gap,
    Place,
    Position,
    Redacted,
    Row,
    Stayed,
    Times,
    View,
    Wanted,
)
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.messages.times import without

T = 1_700_000_000_000
KINDS = (PRIVMSG, NOTICE, TAGMSG, JOIN)
PEOPLE = ("ann", "bob", None)
NUMBERS = itertools.count(1)


class Story(NamedTuple):
    """What is in a channel, as (ms, number, kind, flags, person), and which of it, by index, was deleted."""

    said: list[tuple[int, int, int, int, str | None]]
    deleted: list[int]
    odd: bool


moments = st.integers(0, 12)
times: st.SearchStrategy[Times] = st.lists(st.tuples(moments, moments), max_size=3).map(
    lambda found: tuple(sorted((T + min(each), T + max(each)) for each in found))
)
flags = st.sampled_from((0, 0, 0, CLOSED, 2, 1 << RANKS, (2 << RANKS) | CLOSED))
said = st.tuples(moments, st.integers(0, 99), st.sampled_from(KINDS), flags, st.sampled_from(PEOPLE))
stories = st.builds(
    Story,
    st.lists(said, max_size=30, unique_by=lambda each: each[:2]),
    st.lists(st.integers(0, 29), max_size=5),
    st.booleans(),
)
PLACE = Place("c", "#club", "", 0)
views = st.builds(
    View,
    st.just(PLACE),
    moments.map(lambda ms: T + ms - 6),
    st.none() | times,
    st.none() | times,
    st.integers(0, 3),
    st.sampled_from(PEOPLE),
    st.sampled_from([0, OURS]),
)
positions = st.builds(
    Position, moments.map(lambda ms: T + ms), st.integers(0, 99).map(str) | st.sampled_from(("", AFTER_ALL))
)
kinds = st.frozensets(st.sampled_from(KINDS), min_size=1)
wanted = st.builds(
    Wanted,
    kinds,
    st.integers(0, 9),
    st.booleans(),
    st.none() | positions,
    st.none() | positions,
    st.booleans(),
)
quick = settings(
    max_examples=runs(40, 5000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SQLiteMessages]:
    store = opener(request, tmp_path_factory.mktemp("messages"), request.param)()
    yield store
    at_once(store.close())


def told(store: SQLiteMessages, story: Story) -> tuple[Place, list[Row]]:
    """A new channel with all of that; gives it, and what is left."""
    place = PLACE._replace(ts=next(NUMBERS))
    rows: list[Row] = []
    for ms, number, kind, flag, person in story.said:
        msgid = f"odd{number:02}" + str(ms) if story.odd else model.msgid(T + ms, number)
        rows.append(Row(place, T + ms, msgid, kind, flag, person, "n!u@h", f"text {number}"))
    entries: list[Entry] = [*rows]
    gone = {rows[index].msgid for index in story.deleted if index < len(rows)}
    for index, msgid in enumerate(sorted(gone)):
        entries.insert(index * 3, Redacted(place, msgid, T + 50, f"r{index}", "ann", "ann!a@h", "why"))
    at_once(store.put(entries))
    return place, [row for row in rows if row.msgid not in gone]


def of(view: View, place: Place) -> View:
    return view._replace(place=place)


@quick
@given(stories, views, wanted)
def test_a_page_is_what_a_list_says(store: SQLiteMessages, story: Story, view: View, wanted: Wanted) -> None:
    place, rows = told(store, story)
    view = of(view, place)
    found = at_once(store.page(view, wanted))
    assert (list(found.rows), found.more) == model.page(rows, view, wanted)


@quick
@given(stories, views, positions, wanted)
def test_a_page_around_is_what_a_list_says(
    store: SQLiteMessages, story: Story, view: View, at: Position, wanted: Wanted
) -> None:
    place, rows = told(store, story)
    view, wanted = of(view, place), wanted._replace(whole=False)
    found = at_once(store.around(view, at, wanted))
    assert (list(found.rows), found.more) == model.around(rows, view, at, wanted)


@quick
@given(stories, views, kinds, st.integers(1, 7), st.booleans())
def test_walking_by_id_tells_each_message_once(
    store: SQLiteMessages, story: Story, view: View, kinds: frozenset[int], most: int, newest: bool
) -> None:
    place, rows = told(store, story)
    view = of(view, place)
    walked: list[Row] = []
    asked = Wanted(kinds, most, newest)
    while (found := at_once(store.page(view, asked))).rows:
        assert len(found.rows) <= most
        walked = [*found.rows, *walked] if newest else [*walked, *found.rows]
        end = at_once(store.position(place, found.rows[0 if newest else -1].msgid))
        asked = asked._replace(before=end) if newest else asked._replace(after=end)
        assert found.more == bool(at_once(store.page(view, asked)).rows)
    assert walked == model.seen(rows, view, asked._replace(before=None, after=None))


@quick
@given(stories, views, kinds, st.integers(1, 7), st.booleans())
def test_walking_by_time_tells_each_message_once(
    store: SQLiteMessages, story: Story, view: View, kinds: frozenset[int], most: int, newest: bool
) -> None:
    """As long as no more than a page and one share a millisecond."""
    place, rows = told(store, story)
    view = of(view, place)
    counts = [sum(row.at == T + ms for row in rows) for ms in range(13)]
    most = max(most, *counts)
    walked: list[Row] = []
    asked = Wanted(kinds, most, newest, whole=True)
    while (found := at_once(store.page(view, asked))).rows:
        assert len(found.rows) <= 2 * most
        if newest:
            walked = [*found.rows, *walked]
            asked = asked._replace(before=Position(found.rows[0].at, BEFORE_ALL))
        else:
            walked = [*walked, *found.rows]
            asked = asked._replace(after=Position(found.rows[-1].at, AFTER_ALL))
    assert walked == model.seen(rows, view, asked._replace(before=None, after=None))


@quick
@given(st.lists(st.tuples(stories, views), max_size=3), wanted, moments, moments)
def test_the_latest_of_each_view(
    store: SQLiteMessages,
    told_of: Sequence[tuple[Story, View]],
    wanted: Wanted,
    after: int,
    before: int,
) -> None:
    wanted = wanted._replace(after=None, before=None)
    rows: list[Row] = []
    asked: list[View] = []
    for story, view in told_of:
        place, more = told(store, story)
        rows += more
        asked.append(of(view, place))
    found = at_once(store.latest(asked, wanted.kinds, T + after, T + before, wanted.most, wanted.newest))
    assert list(found) == model.latest(rows, asked, wanted, T + after, T + before)


@quick
@given(stories)
def test_each_id_is_found_where_it_stands(store: SQLiteMessages, story: Story) -> None:
    place, rows = told(store, story)
    left = {row.msgid: row for row in rows}
    for ms, number, *_ in story.said:
        msgid = f"odd{number:02}" + str(ms) if story.odd else model.msgid(T + ms, number)
        assert at_once(store.find(place, msgid)) == left.get(msgid)
        assert at_once(store.find(place._replace(ts=0), msgid)) is None
        if msgid in left or not story.odd:
            assert at_once(store.position(place, msgid)) == Position(T + ms, msgid)
    assert at_once(store.position(place, "no-such-id")) is None


@quick
@given(stories, st.randoms(use_true_random=False))
def test_what_others_tell_is_taken_once(store: SQLiteMessages, story: Story, random: object) -> None:
    """In any order, and however often; what was deleted stays away, whichever came first."""
    place, rows = told(store, story)
    there = place._replace(ts=next(NUMBERS))
    of_there = [row._replace(place=there) for row in rows]
    gone = [each._replace(place=there) for each in at_once(store.redactions(place, 0, 100))]
    dead = [
        Row(there, T + ms, each.redacted, PRIVMSG, 0, None, "n!u@h", "planted")
        for ms, each in enumerate(gone)
    ]
    shuffled = [*of_there, *dead]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    half = len(shuffled) // 2
    news = [*at_once(store.take_in(shuffled[:half], gone)), *at_once(store.take_in(shuffled[half:], []))]
    assert news == [row for row in shuffled if row in of_there]
    assert at_once(store.take_in(shuffled, gone)) == []
    everything = Wanted(frozenset(KINDS), 100)
    assert at_once(store.page(View(there, closed=None, ranks=3, person="ann"), everything)).rows == tuple(
        row._replace(place=there)
        for row in at_once(store.page(View(place, closed=None, ranks=3, person="ann"), everything)).rows
    )
    assert at_once(store.redactions(there, 0, 100)) == gone


def test_reopened_it_answers_the_same(tmp_path: Path) -> None:
    store = open_messages(tmp_path / "history.sqlite", now=lambda: 1234.5)
    assert store.heard == 0
    row = Row(PLACE, T, model.msgid(T), PRIVMSG, 0, "ann", "ann!a@h", "hello")
    at_once(store.put([row]))
    at_once(store.close())
    store = open_messages(tmp_path / "history.sqlite")
    assert store.heard == 1_234_500
    wanted = Wanted(frozenset({PRIVMSG}), 5)
    assert at_once(store.page(View(PLACE), wanted)).rows == (row,)
    assert at_once(store.page(View(PLACE, since=T + 1), wanted)).rows == ()
    again = row._replace(at=T + 5, msgid=model.msgid(T + 5))
    at_once(store.put([row, again]))
    assert at_once(store.page(View(PLACE, within=((T, LAST),)), wanted)).rows == (row, again)
    at_once(store.close())


@settings(max_examples=runs(100, 2000))
@given(*[st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted), max_size=3) for _ in "ab"])
def test_times_without_others(times: list[list[int]], others: list[list[int]]) -> None:
    def moments(found: Sequence[Sequence[int]]) -> set[int]:
        return {at for since, until in found for at in range(since, until + 1)}

    there, apart = ([(since, until) for since, until in each] for each in (times, others))
    left = without(there, apart)
    assert moments(left) == moments(there) - moments(apart)
    assert list(left) == sorted(left) and all(since <= until for since, until in left)


def steps(store: SQLiteMessages, count: int) -> dict[str, int]:
    """How many steps SQLite's machine takes for each question about a channel in which so much was said."""
    place = Place("c", f"#{count}", "", 1)
    rows = [
        Row(place, T + n, f"{count}-{n}", PRIVMSG if to is None else TAGMSG, 0, None, "ann!a@b", "hi", to)
        for n in range(count)
        for to in [f"{count}-{n - 4}" if n % 10 == 9 else None]
    ]
    at_once(store.put(rows))
    view, most, middle = (
        View(place, 0, closed=None),
        Wanted(frozenset(KINDS), 100),
        Position(T + count // 2, ""),
    )
    connection = store._file.connect_to_read()
    looking, taken, found = Looking(connection, store._file.statements), itertools.count(), dict[str, int]()
    connection.set_progress_handler(lambda: next(taken) and 0, 1)
    questions: dict[str, Callable[[], object]] = {
        "latest": lambda: looking.page(view, most, 20),
        "before": lambda: looking.page(view, most._replace(before=middle), 20),
        "after": lambda: looking.page(view, most._replace(newest=False, after=middle), 20),
        "around": lambda: looking.around(view, middle, most, 20),
        "position": lambda: looking.position(place, f"{count}-{count // 2}"),
    }
    for name, ask in questions.items():
        before = next(taken)
        ask()
        found[name] = next(taken) - before
    connection.close()
    return found


def test_a_page_costs_as_much_however_much_was_said(tmp_path: Path) -> None:
    """Each of its questions goes by the index that is made for it."""
    store = open_messages(tmp_path / "messages.sqlite")
    few, many = steps(store, 150), steps(store, 3000)
    at_once(store.close())
    for name, cost in few.items():
        assert many[name] <= 2 * cost, (few, many)


def test_what_was_behind_the_doors_of_another_channel_is_taken_in_by_nobody(store: SQLiteMessages) -> None:
    """Of a time in which another channel of that name was here; nor is who was in the other one then."""
    at_once(store.put([Gap(PLACE, T + 10, T + 20, APART), Came(PLACE, "bob", T + 15)]))
    rows = [
        Row(PLACE, T + at, model.msgid(T + at), PRIVMSG, flags, "ann", "ann!a@h", str(at))
        for at, flags in ((9, CLOSED), (10, CLOSED), (11, 0), (20, CLOSED), (21, CLOSED))
    ]
    gone = [
        Redacted(PLACE, f"x{at}", T + at, f"r{at}", "ann", "ann!a@h", "", flags)
        for at, flags in ((9, CLOSED), (12, CLOSED), (13, 0))
    ]
    at_once(store.take_in(rows, gone))
    everything = View(PLACE, closed=None)
    assert [row.text for row in at_once(store.page(everything, Wanted(frozenset({PRIVMSG}), 9))).rows] == [
        "9",
        "11",
        "21",
    ]
    assert [each.source for each in at_once(store.redactions(PLACE, 0, 9))] == ["ann!a@h", "", "ann!a@h"]
    at_once(store.put([Stayed(PLACE, "ann", T, T + 30), Stayed(PLACE, "ann", T + 12, T + 14)]))
    assert at_once(store.stays([PLACE], "ann"))[PLACE] == ((T, T + 9), (T + 21, T + 30))
    assert at_once(store.stays([PLACE], "bob"))[PLACE] == ((T + 15, LAST),)
    assert at_once(store.apart([PLACE]))[PLACE] == ((T + 10, T + 20),)
    assert at_once(store.gaps(PLACE)) == []
