"""Accounts that get other keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import message_model as model
import pytest
from message_stores import KINDS, opener

from chatnet.storage.answers import at_once
from chatnet.storage.messages.rekeying import Rekeyed, Rekeying
from chatnet.storage.messages.rows import (
    PRIVMSG,
    Began,
    Came,
    Erased,
    Marked,
    Place,
    Redacted,
    Row,
    View,
    Wanted,
    Went,
    Words,
)
from chatnet.storage.messages.store import SQLiteMessages

T = 1_700_000_000_000
CLUB = Place("c", "#club", "", 7)
IDS = {"name:ann": "a2", "name:bob": "a1", "name:cyd": "a3"}
ALL = Wanted(frozenset({PRIVMSG}), 100)


def said(place: Place, ms: int, person: str | None, text: str = "word") -> Row:
    return Row(place, T + ms, model.msgid(T + ms), PRIVMSG, 0, person, "x!x@x", text)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteMessages]:
    store = opener(request, tmp_path, request.param)(search="words", now=lambda: T / 1000)
    yield store
    at_once(store.close())


def rekey(store: SQLiteMessages) -> Rekeyed:
    done = at_once(store.rekey(Rekeying("name:", IDS.get)))
    while store.tidy() == 0:
        pass
    return done


def authors(store: SQLiteMessages, place: Place) -> Sequence[tuple[int, str | None]]:
    return [(row.at - T, row.person) for row in at_once(store.page(View(place), ALL)).rows]


def test_names_become_ids(store: SQLiteMessages) -> None:
    talk, guest = Place("d", "name:ann", "name:bob"), Place("g", "name:cyd", "who")
    half = Place("d", "name:ann", "name:eve")
    at_once(
        store.put(
            [
                Began(talk, "Ann Bobby", T),
                Came(CLUB, "name:ann", T),
                said(CLUB, 1, "name:ann"),
                said(CLUB, 2, "name:eve"),
                said(talk, 3, "name:bob"),
                said(guest, 4, None),
                said(half, 5, "name:eve"),
                Went(CLUB, "name:ann", T + 9),
                Redacted(CLUB, "gone", T + 6, "x", "name:ann", "ann!a@a", ""),
                Marked("name:ann", "@name:bob", T + 3),
                Marked("name:bob", "@name:eve", T + 3),
            ]
        )
    )
    assert rekey(store) == Rekeyed(3, ("name:eve",))
    assert authors(store, CLUB) == [(1, "a2"), (2, "name:eve")]
    new = Place("d", "a1", "a2")
    assert authors(store, new) == [(3, "a1")]
    target = at_once(store.target(new))
    assert target is not None and target.shown == "Bobby Ann"
    assert authors(store, Place("g", "a3", "who")) == [(4, None)]
    assert authors(store, Place("d", "a2", "name:eve")) == [(5, "name:eve")]
    assert [at_once(store.target(place)) for place in (talk, guest, half)] == [None] * 3
    assert at_once(store.stays(CLUB, "a2")) == ((T, T + 9),)
    assert at_once(store.marks("a2")) == [("@a1", T + 3)]
    assert at_once(store.marks("a1")) == [("@name:eve", T + 3)]
    assert [gone.person for gone in at_once(store.redactions(CLUB, 0, 9))] == ["a2"]
    assert at_once(store.put([said(CLUB, 10, "a2")])) is None
    assert authors(store, CLUB)[-1] == (10, "a2")
    assert rekey(store) == Rekeyed(0, ("name:eve",))


def test_what_is_under_the_id_already_is_joined(store: SQLiteMessages, tmp_path: Path) -> None:
    before, now = Place("d", "name:ann", "name:bob"), Place("d", "a1", "a2")
    at_once(
        store.put(
            [
                Came(CLUB, "name:ann", T),
                Went(CLUB, "name:ann", T + 2),
                said(CLUB, 1, "name:ann", "tea"),
                said(before, 2, "name:ann", "tea"),
                Came(CLUB, "a2", T + 3),
                said(CLUB, 3, "a2", "tea"),
                said(now, 4, "a1", "tea"),
                Marked("name:ann", "#club", T + 9),
                Marked("a2", "#club", T + 3),
                Marked("name:ann", "@name:bob", T + 1),
            ]
        )
    )
    assert rekey(store) == Rekeyed(2, ())
    assert authors(store, CLUB) == [(1, "a2"), (3, "a2")]
    assert authors(store, now) == [(2, "a2"), (4, "a1")]
    assert at_once(store.marks("a2")) == [("#club", T + 9), ("@a1", T + 1)]
    assert [since - T for since, _ in at_once(store.stays(CLUB, "a2"))] == [0, 3]
    views = [View(CLUB), View(now)]
    found = at_once(store.search(views, Words("tea", person="a2")))
    assert [row.at - T for row in found] == [1, 2, 3]
    assert at_once(store.search(views, Words("tea", person="name:ann"))) == []
    if not (path := tmp_path / "history.sqlite").exists():
        return
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key FROM person ORDER BY key").fetchall() == [("a1",), ("a2",)]
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")


def test_what_is_erased_stays_so(store: SQLiteMessages) -> None:
    at_once(store.put([said(CLUB, 1, "name:ann"), Erased("name:ann", T + 5, "s2")]))
    at_once(store.put([Erased("a2", T + 3, "s1")]))
    rekey(store)
    assert at_once(store.erasures("")) == [Erased("a2", T + 5, "s2")]
    assert at_once(store.take_in([said(CLUB, 1, "a2"), said(CLUB, 5, "a2")], [])) == []
    assert authors(store, CLUB) == []
