"""Searching for words: what is found, by whom, and that no words of anybody are an error."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import message_model as model
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_stores import KINDS as STORES
from message_stores import opener
from profiles import runs

from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import opening
from chatnet.storage.messages.rows import (
    CLOSED,
    NOTICE,
    PRIVMSG,
    RANKS,
    TAGMSG,
    Began,
    Marked,
    Place,
    Redacted,
    Row,
    View,
    Words,
)
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.messages.words import PIECES, match, pieces, query

T = 1_700_000_000_000
CLUB = Place("c", "#club", "", 1)
PUB = Place("c", "#pub", "", 1)
NUMBERS = itertools.count()


def row(text: str, place: Place = CLUB, at: int | None = None, **other: Any) -> Row:
    """A message, each a second later than the last one."""
    ms = T + 1000 * next(NUMBERS) if at is None else at
    plain = Row(place, ms, model.msgid(ms, next(NUMBERS)), PRIVMSG, 0, "ann", "Ann!a@h", text)
    return plain._replace(**other)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteMessages]:
    store = opener(request, tmp_path, request.param)()
    yield store
    at_once(store.close())


def found(store: SQLiteMessages, text: str, *views: View, **other: Any) -> list[str]:
    words = Words(text)._replace(**other)
    return [row.text for row in at_once(store.search(views or (View(CLUB),), words))]


def test_words_phrases_and_beginnings(store: SQLiteMessages) -> None:
    texts = ["Tea for two", "two teas", "for a tea party", "tea", "Café Zürich"]
    at_once(store.put([row(text) for text in texts]))
    assert found(store, "tea") == ["Tea for two", "for a tea party", "tea"]
    assert found(store, "TEA two") == ["Tea for two"]
    assert found(store, "tea*") == ["Tea for two", "two teas", "for a tea party", "tea"]
    assert found(store, '"tea for"') == ["Tea for two"]
    assert found(store, 'party "for a"') == ["for a tea party"]
    assert found(store, "cafe zurich") == ["Café Zürich"]
    assert found(store, "milk") == []
    assert found(store, "-- ** tea !") == ["Tea for two", "for a tea party", "tea"]
    assert found(store, "") == texts


def test_the_newest_come_or_the_oldest(store: SQLiteMessages) -> None:
    rows = [row(f"tea {number}") for number in range(9)]
    at_once(store.put(rows))
    assert found(store, "tea", most=3) == ["tea 6", "tea 7", "tea 8"]
    assert found(store, "tea", most=3, newest=False) == ["tea 0", "tea 1", "tea 2"]
    assert found(store, "tea", since=rows[2].at, until=rows[4].at) == ["tea 2", "tea 3", "tea 4"]
    for text in ("tea", ""):
        asked = {"since": rows[2].at, "newest": False, "most": 2}
        assert found(store, text, **asked) == ["tea 2", "tea 3"]
        assert found(store, text, until=rows[4].at, most=2) == ["tea 3", "tea 4"]
        assert found(store, text, most=0) == []


def test_only_what_is_seen_is_found(store: SQLiteMessages) -> None:
    rows = [
        row("tea in the open"),
        row("tea behind closed doors", flags=CLOSED),
        row("tea for ops", flags=1 << RANKS),
        row("tea elsewhere", PUB),
        row("tea as a tag", kind=TAGMSG),
        row("tea noticed", kind=NOTICE),
    ]
    at_once(store.put(rows))
    assert found(store, "tea") == ["tea in the open", "tea noticed"]
    assert found(store, "") == ["tea in the open", "tea noticed"]
    assert found(store, "tea", View(CLUB, closed=None, ranks=1), View(PUB)) == [
        "tea in the open",
        "tea behind closed doors",
        "tea for ops",
        "tea elsewhere",
        "tea noticed",
    ]
    assert found(store, "tea", View(CLUB, person="ann")) == ["tea in the open", "tea for ops", "tea noticed"]
    assert found(store, "tea", View(CLUB, since=rows[5].at)) == ["tea noticed"]
    assert found(store, "tea", View(PUB, within=())) == []
    assert found(store, "tea", View(Place("c", "#none"))) == []


def test_who_said_it(store: SQLiteMessages) -> None:
    at_once(
        store.put([row("tea"), row("tea too", person="bob"), row("no tea", person=None, source="Cat!c@h")])
    )
    assert found(store, "tea", person="bob") == ["tea too"]
    assert found(store, "", person="bob") == ["tea too"]
    assert found(store, "tea", nick="cat") == ["no tea"]
    assert found(store, "", nick="ann") == ["tea", "tea too"]
    assert found(store, "tea", person="bob", nick="cat") == ["tea too"]
    assert found(store, "tea", person="nobody") == []


def test_of_too_many_places_the_latest_are_searched(tmp_path: Path) -> None:
    store = open_messages(tmp_path / "history.sqlite", most_targets=lambda: 2)
    places = [Place("c", f"#{number}", "", 1) for number in range(4)]
    at_once(store.put([row(f"tea {place.name}", place) for place in places]))
    at_once(store.put([row("tea again", places[0])]))
    views = [View(place) for place in places]
    assert found(store, "tea", *views) == ["tea #0", "tea #3", "tea again"]
    at_once(store.close())


def test_what_was_deleted_is_found_no_more(store: SQLiteMessages) -> None:
    gone = row("tea that was spilled")
    at_once(store.put([gone, row("tea")]))
    at_once(store.put([Redacted(CLUB, gone.msgid, T, "r", "ann", "ann!a@h", "")]))
    at_once(store.put([gone]))
    assert at_once(store.take_in([gone, row("old tea", at=T - 5)], [])) != []
    assert found(store, "tea") == ["old tea", "tea"]
    assert found(store, "spilled") == []


def test_parts_of_words(tmp_path: Path) -> None:
    store = open_messages(tmp_path / "history.sqlite", search="trigrams")
    places = [Place("c", f"#{number}", "", 1) for number in range(12)]
    for place in places:
        at_once(store.put([row(f"Steamed {place.name}", place)]))
    at_once(store.put([row("東京タワー", places[1])]))
    view = View(places[1])
    assert found(store, "team", view) == ["Steamed #1"]  # and not that of number 10, 11, 12
    assert found(store, "teamed #1", view) == ["Steamed #1"]
    assert found(store, "ea", view) == ["Steamed #1"]
    assert found(store, "tea ed", view) == ["Steamed #1"]
    assert found(store, "東京", view) == ["東京タワー"]
    assert found(store, "京タワ", view, person="ann") == ["東京タワー"]
    assert found(store, "東京x", view) == []
    at_once(store.close())


def test_without_an_index_nothing_is_searched(tmp_path: Path) -> None:
    store = open_messages(tmp_path / "history.sqlite", search="off")
    assert not store.searches
    at_once(store.put([row("tea", person="bob")]))
    with pytest.raises(StoreError, match=r"^Words cannot be searched for here$"):
        found(store, "tea")
    assert found(store, "", person="bob") == ["tea"]
    assert found(store, "", person="ann") == []
    at_once(store.close())


def test_a_library_without_fts5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite"
    store = open_messages(path)
    at_once(store.put([row("tea")]))
    at_once(store.close())
    monkeypatch.setattr(opening, "is_there", lambda connection: False)
    store = open_messages(path)
    assert not store.searches
    gone = row("coffee")
    at_once(store.put([gone]))
    assert found(store, "") == ["tea", "coffee"]
    at_once(store.close())
    monkeypatch.undo()
    store = open_messages(path)
    assert store.searches
    at_once(store.put([row("more tea")]))
    assert found(store, "tea")[-1] == "more tea"
    at_once(store.close())


def test_a_program_beside_the_server_leaves_the_index_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    at_once(open_messages(path, search="trigrams").close())
    store = open_messages(path, serving=False)
    at_once(store.put([row("steamed")]))
    assert found(store, "team") == ["steamed"]
    at_once(store.close())


def test_pieces_of_what_was_written() -> None:
    assert pieces('tea "for two" mi* * "x*" "') == [
        ("tea", False),
        ("for two", False),
        ("mi", True),
        ("x*", False),
    ]
    assert len(pieces("x " * 99)) == PIECES
    assert query("a tea", trigrams=True) == ('"tea"', ("a",))
    assert match('"tea"', [3, 17], 5) == 'text : ("tea") AND place : ("t3;" OR "t17;") AND place : "a5;"'


@pytest.fixture(scope="module", params=[("file", "words"), ("file", "trigrams"), ("database", "words")])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SQLiteMessages]:
    kind, search = request.param
    store = opener(request, tmp_path_factory.mktemp("index"), kind)(search=search)
    at_once(store.put([row('AND OR NOT NEAR tea* ^ " text : {place}')]))
    yield store
    at_once(store.close())


@settings(max_examples=runs(120, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(
            ["a", "b", " ", '"', "*", "^", ":", "(", ")", "{", "-", "+", "'", "\\", "\0", "é", "東", "\u0301"]
        )
        | st.sampled_from(["NEAR(", " AND ", " NOT ", "text : ", "\udcff"]),
        max_size=20,
    ).map("".join)
    | st.text(max_size=30)
)
def test_any_words_can_be_searched_for(index: SQLiteMessages, text: str) -> None:
    at_once(index.search([View(CLUB)], Words(text)))


WORDS = ("tea", "for", "two", "x1", "ünder")


@settings(max_examples=runs(30, 2000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=12),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.booleans(),
    st.integers(1, 5),
)
def test_what_is_found_has_all_words(
    index: SQLiteMessages, texts: list[str], asked: list[str], newest: bool, most: int
) -> None:
    place = Place("c", "#words", "", next(NUMBERS))
    at_once(index.put([row(text, place) for text in texts]))
    having = [text for text in texts if all(word in text.split() for word in asked)]
    expected = having[-most:] if newest else having[:most]
    assert found(index, " ".join(asked), View(place), most=most, newest=newest) == expected


def test_the_index_is_whole(tmp_path: Path) -> None:
    """FTS5 compares it with the texts itself."""
    path = tmp_path / "history.sqlite"
    store = open_messages(path)
    rows = [row(f"tea {number}") for number in range(20)]
    at_once(store.put(rows))
    at_once(store.put([Redacted(CLUB, each.msgid, T, f"r{each.at}", None, "x", "") for each in rows[::3]]))
    at_once(store.put(rows))
    at_once(store.take_in([row("past", at=T - 7), *rows], []))
    at_once(store.close())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
        (count,) = connection.execute("SELECT count(*) FROM message").fetchone()
        assert connection.execute(
            "SELECT count(*) FROM found WHERE found MATCH 'tea OR past'"
        ).fetchone() == (count,)


def test_odd_bytes_of_another_encoding(store: SQLiteMessages) -> None:
    """As clients say them where ``server.utf8_only`` is false."""
    latin = Place("c", "#caf\udce9", "", 1)
    other = Place("c", "#caf\udce8", "", 1)
    said = (latin, T / 1000, model.msgid(T), PRIVMSG, 0, "ann", b"ann!\xe9@h", "th\udce9 tea")
    at_once(store.put([Began(latin, "#Caf\udce9", T), said, row("else", latin), row("tea \udcff", other)]))
    at_once(store.put([Marked("ann", "#caf\udce9", T)]))
    assert found(store, "tea", View(latin)) == ["th\ufffd tea"]
    assert found(store, "th\udce9*", View(latin)) == ["th\ufffd tea"]
    assert found(store, "", View(latin)) == ["th\ufffd tea", "else"]
    assert found(store, "", View(other)) == ["tea \ufffd"]
    assert [each.shown for each in at_once(store.standing())] == ["#Caf\udce9", "#caf\udce8"]
    assert [each.place for each in at_once(store.standing())] == [latin, other]
    assert at_once(store.marks("ann")) == [("#caf\udce9", T)]
