"""The file in which groups wait for a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from profiles import runs
from test_message_stories import groups

from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.packing import packed, unpacked
from chatnet.storage.messages.rows import LAST, PRIVMSG, Came, Entry, Erased, Place, Redacted, Row
from chatnet.storage.messages.spool import Spool

CLUB = Place("c", "#club", "", 1)


@settings(max_examples=runs(100, 2000), deadline=None)
@given(groups)
def test_a_group_is_read_as_it_was_written(story: list[tuple[list[Entry], int]]) -> None:
    for group, _ in story:
        again = unpacked(packed(group))
        assert again == group
        assert list(map(type, again)) == list(map(type, group))


def test_odd_bytes_and_half_characters_stay_as_they_are() -> None:
    group: list[Entry] = [
        (CLUB, 1.234, "m", 1, 0, None, b"n\xffck!u@h", "th\udce9 \U0001f600"),
        Erased("ann", 5, "s"),
        Erased("ann", 5, "s", CLUB),
    ]
    assert unpacked(packed(group)) == group


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[["Such"]]', '[["Came",["c"]]]', '[["Gap",1,2,3,4]]'])
def test_what_is_no_group(text: str) -> None:
    if text == "{}":
        assert unpacked(text) == []
    else:
        with pytest.raises(ValueError):
            unpacked(text)


def came(number: int) -> list[Entry]:
    return [Came(CLUB, "ann", number)]


def opened(folder: Path, most: int = 1_000_000) -> Spool:
    return Spool(folder / SPOOL, lambda: most, full=False)


def test_groups_wait_in_their_order_also_for_another_process(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    assert spool.is_empty and not list(tmp_path.iterdir())
    assert spool.put([came(1), came(2)]) == 2
    spool.close()
    spool = opened(tmp_path)
    assert not spool.is_empty
    assert spool.put([came(3)]) == 1
    last, entries = spool.first(2)
    assert entries == [*came(1), *came(2)]
    spool.drop(last)
    last, entries = spool.first(2)
    assert entries == came(3)
    assert spool.put([came(4)]) == 1
    spool.drop(last)
    last, entries = spool.first(2)
    assert entries == came(4)
    spool.drop(last)
    assert spool.is_empty and not list(tmp_path.iterdir())
    assert spool.first(2)[1] == []


def test_what_waits_is_known_after_a_restart(tmp_path: Path) -> None:
    """Of when, and what was deleted and erased; also from a file of a version that noted nothing."""
    spool = opened(tmp_path)
    assert not list(tmp_path.iterdir())
    rows: list[Entry] = [
        Row(CLUB, at, str(at), PRIVMSG, 0, "bob", "bob!b@h", "words") for at in range(50, 90)
    ]
    deleted: list[Entry] = [Redacted(CLUB, "1", 95, "r", None, "s", ""), Erased("ann", 7, "1")]
    assert spool.put([rows, deleted]) == 2
    spool.close()
    for column in ("summary", ""):
        unread = opened(tmp_path).waiting()
        assert unread.of(CLUB) == (50, 90) and unread.of(CLUB._replace(name="#pub")) is None
        assert unread.gone is not None
        row = Row(CLUB, 7, "2", PRIVMSG, 0, "ann", "s", "")
        gone = [unread.gone.hides(each) for each in (row._replace(msgid="1", at=8), row, row._replace(at=8))]
        assert gone == [True, True, False]
        with closing(sqlite3.connect(tmp_path / SPOOL)) as connection, connection:
            if column:
                assert connection.execute("SELECT count(summary) FROM spooled").fetchone() == (1,)
                connection.execute("ALTER TABLE spooled DROP COLUMN summary")
    spool = opened(tmp_path)
    assert spool.put([came(1)]) == 1 and spool.first(1000)[1] == [*rows, *deleted, *came(1)]
    spool.close()
    (tmp_path / SPOOL).write_bytes(b"no database, and long enough to be told apart" * 50)
    assert opened(tmp_path).waiting().of(CLUB) == (0, LAST)


def test_there_is_room_for_so_much(tmp_path: Path) -> None:
    size = len(packed(came(1)))
    spool = opened(tmp_path, 2 * size)
    assert spool.put([came(1), came(2), came(3)]) == 2
    spool.close()
    spool = opened(tmp_path, 2 * size)
    assert spool.put([came(3)]) == 0
    spool.drop(spool.first(1)[0])
    assert spool.put([came(3)]) == 1
    assert opened(tmp_path / "other", 0).put([came(1)]) == 0


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / SPOOL).write_bytes(b"no database, and long enough to be told apart" * 50)
    spool = opened(tmp_path)
    with pytest.raises(StoreError):
        spool.first(1)
    assert spool.is_empty
    assert spool.put([came(1)]) == 1
    assert spool.first(1)[1] == came(1)
    assert len(list(tmp_path.glob(f"{SPOOL}.damaged-*"))) == 1
