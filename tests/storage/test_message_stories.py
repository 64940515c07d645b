"""A store of messages against a model of dictionaries: anything that can happen, in any groups.

What can wait is done part by part in between, and nobody sees a difference.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import message_model as model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.storage.answers import at_once
from chatnet.storage.messages.keep import Keep
from chatnet.storage.messages.reading import ALL_KINDS, ALL_RANKS
from chatnet.storage.messages.rows import (
    LAST,
    PRIVMSG,
    TAGMSG,
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
    Times,
    View,
    Wanted,
    Went,
    Words,
)
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.messages.times import joined

T = model.NOW
PEOPLE = ("ann", "bob", "cat")
PLACES = (
    Place("c", "#club", "", 1),
    Place("c", "#club", "", 2),
    Place("c", "#pub", "", 1),
    Place("d", "ann", "bob"),
    Place("d", "bob", "bob"),
    Place("g", "ann", "bob"),
)
EVER = 1 << 42
FOR_EVER = Keep(EVER, EVER, EVER, EVER, EVER, EVER, erasures=EVER)

places = st.sampled_from(PLACES)
channels = st.sampled_from(PLACES[:3])
people = st.sampled_from(PEOPLE)
moments = st.integers(0, 6).map(lambda ms: T + ms)
ids = st.integers(0, 5)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(
        lambda place, at, number, kind, person: Row(
            place, at, model.msgid(at, number), kind, 0, person, "n!u@h", f"word{number} said"
        ),
        places,
        moments,
        ids,
        st.sampled_from([PRIVMSG, PRIVMSG, TAGMSG]),
        st.none() | people,
    ),
    st.builds(
        lambda place, at, number, when: Redacted(
            place, model.msgid(at, number), when, f"r{number}", None, "x", "why"
        ),
        places,
        moments,
        ids,
        moments,
    ),
    st.builds(Began, places, st.sampled_from(["#Club", "#CLUB"]), moments),
    st.builds(Silent, places, moments),
    st.builds(Ended, channels, moments),
    st.builds(Moved, channels, channels, st.just("#Moved"), st.booleans(), st.booleans()),
    st.builds(Kept, channels, st.none() | st.integers(0, 9), st.sampled_from([None, "all"])),
    st.builds(Stayed, channels, people, moments, moments).map(
        lambda stay: stay._replace(since=min(stay.since, stay.until), until=max(stay.since, stay.until))
    ),
    st.builds(Came, channels, people, moments),
    st.builds(Went, channels, people, moments),
    st.builds(Marked, people, st.sampled_from(["#club", "#pub", "@ann"]), moments, st.just(0)),
    st.builds(
        lambda person, until, place: Erased(person, until, str(until), place),
        people,
        moments,
        st.none() | places,
    ),
    st.builds(
        lambda place, one, two, sid: Gap(place, min(one, two), max(one, two), sid),
        places,
        moments,
        moments,
        st.sampled_from(["*", "0AA"]),
    ),
    st.builds(
        lambda place, one, two, sid: Filled(place, min(one, two), max(one, two), sid),
        places,
        moments,
        moments,
        st.sampled_from(["*", "0AA"]),
    ),
)
groups = st.lists(st.tuples(st.lists(entries, max_size=8), st.integers(0, 3)), max_size=6)


def agree(store: SQLiteMessages, known: model.Model) -> None:
    """Whether all that can be asked is answered alike."""
    everything = Wanted(ALL_KINDS, 1000)
    for place in PLACES:
        rows = sorted(known.rows.get(place, {}).values(), key=model.position)
        view = View(place, closed=None, ranks=ALL_RANKS)
        assert list(at_once(store.page(view, everything)).rows) == rows, place
        assert list(at_once(store.page(view, Wanted(ALL_KINDS, 2))).rows) == rows[-2:]
        for row in rows:
            assert at_once(store.find(place, row.msgid)) == row
        words = sorted((row for row in rows if row.kind == PRIVMSG), key=model.position)
        assert at_once(store.search([view], Words("said", most=1000))) == words
        redacted = {each.redacted for each in known.redactions.get(place, {}).values()}
        told = at_once(store.redactions(place, 0, 1000))
        assert {each.redacted for each in told} <= redacted
        assert at_once(store.target(place)) == known.targets.get(place)
        gaps = {Gap(*each) for each in known.gaps.get(place, ())}
        assert set(at_once(store.gaps(place))) == gaps
        for person in PEOPLE:
            stays: Times = tuple(joined(known.stays.get((place, person), ())))
            assert tuple(joined(at_once(store.stays([place], person))[place])) == stays
    standing = {
        place for place, target in known.targets.items() if place.kind == "c" and target.ended is None
    }
    assert {each.place for each in at_once(store.standing())} == standing
    for person in PEOPLE:
        marks = sorted((spot, at) for (of, spot), at in known.marks.items() if of == person)
        assert sorted(at_once(store.marks(person))) == marks
        talks = {
            place
            for place in known.targets
            if place.kind != "c" and person in (place.name, place.other if place.kind == "d" else "")
        }
        assert {each.place for each in at_once(store.targets(person))} == talks


def whole(path: Path) -> None:
    """Whether the file is sound, and its index has what the messages have."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")


@settings(max_examples=runs(15, 3000), deadline=None, suppress_health_check=list(HealthCheck))
@given(groups, st.booleans())
def test_a_store_answers_as_a_model_does(story: list[tuple[list[Entry], int]], restarts: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        options = {"now": lambda: T / 1000, "keep": lambda: FOR_EVER}
        store = open_messages(path, **options)  # type: ignore[arg-type]
        known = model.Model()
        for group, slices in story:
            at_once(store.put(group))
            for entry in group:
                known.put(entry)
            agree(store, known)
            for _ in range(slices):
                store.tidy()
            if restarts:
                at_once(store.close())
                store = open_messages(path, **options)  # type: ignore[arg-type]
        while not store.tidy():
            pass
        agree(store, known)
        at_once(store.close())
        whole(path)


@settings(max_examples=runs(12, 2000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(entries, max_size=20), st.randoms(use_true_random=False))
def test_two_stores_that_heard_the_same_tell_the_same(story: list[Entry], random: object) -> None:
    """In whatever order messages, redactions and erasures came."""
    kept = [entry for entry in story if isinstance(entry, (Row, Redacted, Erased))]
    other = list(kept)
    random.shuffle(other)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        stores = [open_messages(Path(folder) / f"{number}.sqlite") for number in range(2)]
        for store, heard in zip(stores, (kept, other), strict=True):
            at_once(store.put(heard))
        for place in PLACES:
            one, two = (at_once(store.tell(place, 0, LAST)) for store in stores)
            assert one == two
            rows = at_once(stores[0].page(View(place, closed=None), Wanted(ALL_KINDS, 99))).rows
            news = Row(place, T + 50, model.msgid(T + 50), PRIVMSG, 0, None, "n", "news")
            at_once(stores[0].put([news]))
            assert at_once(stores[0].tell(place, 0, LAST)) != two
            assert at_once(stores[0].tell(place, 0, T + 49)) == two
            assert Position(T + 50, news.msgid) not in [Position(row.at, row.msgid) for row in rows]
        for store in stores:
            at_once(store.close())
