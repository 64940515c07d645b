"""All that is kept of an account, or of a channel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import message_model as model
import pytest

from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import gathering
from chatnet.storage.messages.file import MessageFile
from chatnet.storage.messages.gathering import Gathering
from chatnet.storage.messages.rows import CLOSED, PRIVMSG, RANKS, Began, Moved, Place, Redacted, Row
from chatnet.storage.messages.store import SQLiteMessages, open_messages

T = 1_700_000_000_000
CLUB = Place("c", "#club", "", 7)
AGAIN = Place("c", "#club", "", 9)
OTHER = Place("c", "#other", "", 7)
TALK = Place("d", "ann", "bob")
BACK = Place("d", "aaa", "ann")
GUEST = Place("g", "ann", "guest")
FOREIGN = Place("d", "bob", "eve")


def row(place: Place, ms: int, person: str | None, flags: int = 0) -> Row:
    source = f"{person or 'guest'}!u@h"
    return Row(place, T + ms, model.msgid(T + ms), PRIVMSG, flags, person, source, f"text {ms}")


ROWS = [
    row(CLUB, 1, "ann"),
    row(CLUB, 2, "bob"),
    row(TALK, 3, "bob"),
    row(TALK, 4, "ann"),
    row(GUEST, 5, None),
    row(BACK, 6, "aaa"),
    row(FOREIGN, 7, "eve"),
    row(OTHER, 8, "ann", CLOSED | 1 << RANKS),
    row(AGAIN, 9, None),
    row(AGAIN, 10, "ann"),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteMessages]:
    monkeypatch.setattr(gathering, "PART", 2)
    store = open_messages(tmp_path / "history.sqlite")
    at_once(store.put([Began(CLUB, "#Club", T), Began(TALK, "Ann bob", T), *ROWS]))
    yield store
    at_once(store.close())


def numbers(found: Iterator[tuple[str, Row]]) -> list[int]:
    return [row.at - T for _, row in found]


def test_an_account_has_what_it_said_and_its_talks(store: SQLiteMessages) -> None:
    found = list(store.gathering.of_person("ann"))
    assert [row for _, row in found] == [ROWS[0], *ROWS[2:6], ROWS[7], ROWS[9]]
    assert [shown for shown, _ in found[:2]] == ["#Club", "Ann bob"]
    assert numbers(store.gathering.of_person("bob")) == [2, 3, 4, 7]
    assert numbers(store.gathering.of_person("guest")) == []
    assert numbers(store.gathering.of_person("")) == []


def test_of_a_channel_all_that_had_its_name(store: SQLiteMessages) -> None:
    assert [row for _, row in store.gathering.of_channel("#club")] == [*ROWS[:2], *ROWS[8:]]
    assert numbers(store.gathering.of_channel("#other")) == [8]
    assert numbers(store.gathering.of_channel("ann")) == []


def test_since_a_time(store: SQLiteMessages) -> None:
    assert numbers(store.gathering.of_person("ann", T + 5)) == [5, 6, 8, 10]
    assert numbers(store.gathering.of_channel("#club", T + 2)) == [2, 9, 10]
    assert numbers(store.gathering.of_channel("#club", T + 11)) == []


def test_what_was_deleted_is_not_in_it(store: SQLiteMessages) -> None:
    at_once(store.put([Redacted(CLUB, ROWS[0].msgid, T + 20, "x", None, "bob!u@h", "")]))
    assert numbers(store.gathering.of_person("ann")) == [3, 4, 5, 6, 8, 10]


def test_what_is_being_brought_to_another_place(store: SQLiteMessages) -> None:
    at_once(store.put([Moved(CLUB, AGAIN, "#CLUB")]))
    found = list(store.gathering.of_channel("#club"))
    assert sorted(row.at - T for _, row in found) == [1, 2, 9, 10]
    assert {(shown, row.place) for shown, row in found} == {("#CLUB", AGAIN)}
    assert numbers(store.gathering.of_person("ann")) == [1, 3, 4, 5, 6, 8, 10]


def test_messages_that_share_a_millisecond(store: SQLiteMessages) -> None:
    more = [row(OTHER, 20, "eve")._replace(msgid=model.msgid(T + 20, number)) for number in range(5)]
    at_once(store.put(more))
    assert [row for _, row in store.gathering.of_channel("#other", T + 20)] == more
    assert [row for _, row in store.gathering.of_person("eve", T + 8)] == more


def test_what_is_written_meanwhile_waits_for_nobody(store: SQLiteMessages) -> None:
    found = store.gathering.of_channel("#club")
    next(found)
    at_once(store.put([row(AGAIN, 30, "ann")]))
    assert numbers(found) == [2, 9, 10, 30]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = MessageFile(tmp_path / "nothing.sqlite", "off", full=False)
    with pytest.raises(StoreError):
        list(Gathering(file.connect_to_read).of_person("ann"))
