"""What can wait: too old things, erased ones, an index that is new, two places that became one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import message_model as model
import pytest
from storage_calls import Calls

from chatnet.storage.answers import at_once
from chatnet.storage.copies import copy
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import opening
from chatnet.storage.messages.keep import DAY, Keep
from chatnet.storage.messages.reading import ALL_KINDS
from chatnet.storage.messages.rows import (
    LAST,
    PRIVMSG,
    Began,
    Came,
    Ended,
    Erased,
    Gap,
    Kept,
    Marked,
    Moved,
    Place,
    Redacted,
    Row,
    View,
    Wanted,
    Went,
    Words,
)
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.messages.tables import SCHEMA

T = model.NOW
CLUB = Place("c", "#club", "", 1)
PUB = Place("c", "#pub", "", 1)
TALK = Place("d", "ann", "bob")
OTHER = Place("d", "bob", "cat")
GUEST = Place("g", "ann", "guest")
KEEP = Keep(channels=90 * DAY, direct=100 * DAY, channels_most=200 * DAY)


class Clock:
    """Days, for the store."""

    def __init__(self) -> None:
        self.ms = T

    def now(self) -> float:
        return self.ms / 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Callable[..., SQLiteMessages]:
    """Opens the same file, by a server that begins."""

    def made(**settings: Any) -> SQLiteMessages:
        path = tmp_path / "history.sqlite"
        settings = {"keep": lambda: KEEP, "monotonic": clock.now, "now": clock.now, **settings}
        return open_messages(path, **settings)

    return made


def row(at: int, text: str = "hello", place: Place = CLUB, **other: Any) -> Row:
    plain = Row(place, T + at, model.msgid(T + at), PRIVMSG, 0, "ann", "ann!a@h", text)
    return plain._replace(**other)


def tidy(store: SQLiteMessages) -> None:
    while not store.tidy():
        pass


def texts(store: SQLiteMessages, place: Place = CLUB, **view: Any) -> list[str]:
    view = {"closed": None, **view}
    return [row.text for row in at_once(store.page(View(place, **view), Wanted(ALL_KINDS, 10_000))).rows]


def found(store: SQLiteMessages, text: str, *places: Place) -> list[str]:
    views = [View(place, closed=None) for place in places or (CLUB,)]
    return [row.text for row in at_once(store.search(views, Words(text, most=10_000)))]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("history.sqlite*")))


def test_who_is_erased_is_gone_at_once_and_from_the_disk_by_and_by(
    opened: Callable[..., SQLiteMessages], tmp_path: Path
) -> None:
    store = opened()
    secrets = [row(number, f"planted{number}word") for number in range(3000)]
    private = [
        row(1, "plantedtalk by bob", TALK, person="bob"),
        row(2, "plantedguest", GUEST, person=None),
        row(1, "between others", OTHER, person="bob"),
    ]
    others = [row(5000 + number, f"other {number}", person="bob") for number in range(20)]
    gone = Redacted(CLUB, model.msgid(T - 5), T + 3, "r", "ann", "plantedann!a@h", "plantedreason")
    at_once(store.put([*secrets, *private, *others, gone]))
    assert len(texts(store)) == 3020 and len(found(store, "planted*")) == 3000
    at_once(store.put([Erased("ann", T + 4999, "stamp1")]))
    for _ in range(2):
        assert texts(store) == [each.text for each in others]
        assert found(store, "planted*", CLUB, TALK, GUEST) == []
        assert found(store, "", TALK, CLUB) == [each.text for each in others]
        assert texts(store, TALK) == texts(store, GUEST) == []
        assert texts(store, OTHER) == ["between others"]
        assert at_once(store.find(CLUB, secrets[0].msgid)) is None
        assert {(each.person, each.source) for each in at_once(store.redactions(CLUB, 0, 9))} == {(None, "")}
        assert at_once(store.put([secrets[3], gone._replace(redacted=others[0].msgid)])) is None
        others = others[1:] if others[0].text == "other 0" else others
        assert at_once(store.take_in([secrets[4], private[0], private[1]], [])) == []
        at_once(store.close())
        store = opened()
        tidy(store)
    assert at_once(store.erasures("")) == [Erased("ann", T + 4999, "stamp1")]
    assert at_once(store.erasures("stamp1")) == []
    at_once(store.put([row(9999, "later")]))
    assert texts(store)[-1] == "later"
    assert b"planted" not in bytes_of(tmp_path)
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
    at_once(store.close())


def test_an_erasure_holds_for_what_is_told_with_it(opened: Callable[..., SQLiteMessages]) -> None:
    """In one group, as the first one that a store is told."""
    store = opened()
    at_once(store.put([Erased("ann", T + 5, "s"), row(1), row(2, place=GUEST, person=None), row(9)]))
    assert len(texts(store)) == 1 and texts(store, GUEST) == []
    at_once(store.close())


def test_an_erasure_of_one_place_is_for_that_one(opened: Callable[..., SQLiteMessages]) -> None:
    store = opened()
    at_once(store.put([row(1), row(2, person="bob"), row(1, place=PUB), row(1, place=TALK)]))
    at_once(store.put([Erased("ann", T + 5, "s", CLUB), Erased("bob", T + 5, "s", TALK)]))
    for _ in range(2):
        assert texts(store) == texts(store, PUB) == ["hello"]
        assert texts(store, TALK) == []
        assert at_once(store.take_in([row(1), row(3)], [])) == []
        assert at_once(store.take_in([row(1, place=PUB)], [])) == []
        tidy(store)
    assert at_once(store.erasures("")) == [Erased("ann", T + 5, "s", CLUB), Erased("bob", T + 5, "s", TALK)]
    at_once(store.close())


def test_of_two_erasures_the_later_holds(opened: Callable[..., SQLiteMessages]) -> None:
    store = opened()
    for until, stamp in ((5, "b"), (9, "a"), (7, "c")):
        at_once(store.put([Erased("ann", T + until, stamp)]))
    assert at_once(store.erasures("")) == [Erased("ann", T + 9, "c")]
    at_once(store.close())


def test_what_is_too_old_goes(opened: Callable[..., SQLiteMessages], clock: Clock) -> None:
    store = opened()
    at_once(
        store.put(
            [
                Began(CLUB, "#Club", T),
                *(row(number, f"old {number}") for number in range(450)),
                row(9 * DAY, "young"),
                row(1, "odd", msgid="odd"),
                Redacted(CLUB, model.msgid(T + 1000), T + 5, "r", None, "x", ""),
                Came(CLUB, "ann", T),
                Went(CLUB, "ann", T + 5),
                Came(CLUB, "bob", T),
                Gap(CLUB, T, T + 5, "*"),
                row(1, "talk", TALK),
                row(99 * DAY, "a day less", OTHER),
                Marked("ann", "#club", T),
            ]
        )
    )
    clock.ms = T + 90 * DAY
    tidy(store)
    assert len(texts(store)) == 452
    clock.ms = T + 91 * DAY
    tidy(store)
    assert texts(store) == ["young"] and found(store, "old") == []
    assert at_once(store.redactions(CLUB, 0, 9)) == []
    assert at_once(store.stays([CLUB], "ann"))[CLUB] == ()
    assert at_once(store.stays([CLUB], "bob"))[CLUB] == ((T, LAST),)
    assert at_once(store.gaps(CLUB)) == []
    assert at_once(store.position(CLUB, "odd")) is None
    assert texts(store, TALK) == ["talk"] and at_once(store.marks("ann"))
    clock.ms = T + 101 * DAY
    tidy(store)
    assert at_once(store.target(TALK)) is None
    assert texts(store, OTHER) == ["a day less"]
    assert at_once(store.target(CLUB)) is not None
    clock.ms = T + 366 * DAY
    tidy(store)
    assert at_once(store.marks("ann")) == []
    at_once(store.put([row(clock.ms - T, "again", TALK)]))
    assert texts(store, TALK) == ["again"]
    at_once(store.close())


def test_tombstones_stay_so_long_at_least(opened: Callable[..., SQLiteMessages], clock: Clock) -> None:
    store = opened()
    gone = row(1)
    at_once(store.put([Kept(CLUB, DAY, None), Redacted(CLUB, gone.msgid, T, "r", None, "x", "")]))
    clock.ms = T + 89 * DAY
    tidy(store)
    assert at_once(store.take_in([gone], [])) == []
    clock.ms = T + 91 * DAY
    tidy(store)
    assert at_once(store.redactions(CLUB, 0, 9)) == []
    at_once(store.close())


def test_a_channel_that_keeps_for_itself(opened: Callable[..., SQLiteMessages], clock: Clock) -> None:
    """What was said of that is swept a day later only: it may be taken back."""
    store = opened()
    at_once(store.put([row(1, "one"), row(1, "two", PUB)]))
    clock.ms = T + 30 * DAY
    at_once(store.put([Kept(CLUB, 0, None), Kept(PUB, 900 * DAY, "join")]))
    clock.ms += DAY - 1
    tidy(store)
    assert texts(store) == ["one"]
    at_once(store.put([Kept(CLUB, 0, None)]))  # told again, it begins not anew
    clock.ms += 2
    tidy(store)
    clock.ms += 4_000_000
    tidy(store)
    assert texts(store) == [] and texts(store, PUB) == ["two"]
    clock.ms = T + 201 * DAY
    tidy(store)
    assert texts(store, PUB) == []
    at_once(store.close())


def test_a_channel_that_ended_goes(opened: Callable[..., SQLiteMessages], clock: Clock) -> None:
    store = opened()
    at_once(store.put([Began(CLUB, "#Club", T), row(1), Came(CLUB, "ann", T), Ended(CLUB, T + 5)]))
    clock.ms = T + DAY
    tidy(store)
    assert texts(store) == ["hello"]
    clock.ms = T + 2 * DAY
    tidy(store)
    assert texts(store) == [] and at_once(store.target(CLUB)) is None
    assert at_once(store.stays([CLUB], "ann"))[CLUB] == ()
    at_once(store.put([row(clock.ms - T)]))
    assert texts(store) == ["hello"]
    at_once(store.close())


def test_of_too_many_marks_the_oldest_go(opened: Callable[..., SQLiteMessages], clock: Clock) -> None:
    store = opened(keep=lambda: KEEP._replace(marks_most=3, erasures=50 * DAY))
    at_once(store.put([Marked("ann", f"#{number}", T + number) for number in range(6)]))
    at_once(store.put([Marked("bob", "#0", T), Erased("cat", T, "s")]))
    clock.ms = T + DAY
    tidy(store)
    assert at_once(store.marks("ann")) == [("#3", T + 3), ("#4", T + 4), ("#5", T + 5)]
    assert at_once(store.marks("bob")) == [("#0", T)]
    assert at_once(store.erasures("")) != []
    clock.ms = T + 51 * DAY
    tidy(store)
    assert at_once(store.erasures("")) == []
    at_once(store.close())


@pytest.mark.parametrize(("first", "then"), [("off", "words"), ("trigrams", "words"), ("words", "trigrams")])
def test_messages_of_before_come_into_a_new_index(
    opened: Callable[..., SQLiteMessages], first: str, then: str, tmp_path: Path
) -> None:
    store = opened(search=first)
    rows = [row(number, f"tea {number}") for number in range(2500)]
    at_once(store.put(rows))
    at_once(store.close())
    store = opened(search=then)
    at_once(store.put([row(5000, "tea of now"), Redacted(CLUB, rows[7].msgid, T, "r", None, "x", "")]))
    at_once(store.take_in([row(-5, "tea of the past")], []))
    assert found(store, "tea") == ["tea of now"]
    store.tidy()
    assert len(found(store, "tea")) == 1001
    at_once(store.put([Redacted(CLUB, rows[-7].msgid, T, "q", None, "x", "")]))
    tidy(store)
    assert len(found(store, "tea")) == 2500
    at_once(store.close())
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (2500,)


@pytest.mark.parametrize("larger", [CLUB, PUB])
def test_two_channels_that_become_one(opened: Callable[..., SQLiteMessages], larger: Place) -> None:
    store = opened()
    smaller = PUB if larger == CLUB else CLUB
    rows = [row(number, f"word {number}", larger) for number in range(700)]
    few = [row(number, f"word {number}", smaller) for number in range(600, 1000)]
    at_once(store.put([*rows, *few, Marked("ann", "#club", T + 5), Marked("ann", "#pub", T + 3)]))
    at_once(store.put([Redacted(larger, rows[650].msgid, T, "r", None, "x", "")]))
    at_once(store.put([Moved(CLUB, PUB, "#Pub")]))
    expected = [f"word {number}" for number in range(1000) if number != 650]
    for _ in range(3):
        assert texts(store, PUB) == found(store, "word", PUB) == expected
        assert texts(store) == found(store, "word") == []
        few = at_once(store.page(View(PUB), Wanted(ALL_KINDS, 7))).rows  # type: ignore[assignment]
        assert [each.text for each in few] == expected[-7:]
        store.tidy()
    tidy(store)
    assert texts(store, PUB) == found(store, "word", PUB) == expected
    assert at_once(store.marks("ann")) == [("#pub", T + 5)]
    target = at_once(store.target(PUB))
    assert target is not None and target.shown == "#Pub"
    assert at_once(store.target(CLUB)) is None
    at_once(store.put([row(1, "anew")]))
    assert texts(store) == ["anew"]
    at_once(store.close())


def test_a_channel_that_is_renamed_twice_meanwhile(opened: Callable[..., SQLiteMessages]) -> None:
    store = opened()
    third = Place("c", "#third", "", 1)
    at_once(store.put([row(n, f"{n}", place) for n in range(3) for place in (CLUB, PUB)]))
    at_once(store.put([row(n, f"{n}", third) for n in range(9)]))
    at_once(store.put([Moved(CLUB, PUB, "#Pub"), Moved(PUB, third, "#Third")]))
    for _ in range(4):
        assert texts(store, third) == [str(number) for number in range(9)]
        store.tidy()
    tidy(store)
    assert texts(store, third) == [str(number) for number in range(9)]
    at_once(store.close())


def test_the_thread_does_it_when_nothing_else_waits(
    opened: Callable[..., SQLiteMessages], clock: Clock
) -> None:
    calls = Calls()
    store = opened(call=calls)
    store.start()
    calls.wait(store.put([row(number) for number in range(900)]))
    clock.ms = T + 91 * DAY
    rows: Sequence[Row] = [row(0)]
    while rows:
        calls.wait(store.put([Marked("ann", "#club", T)]))
        rows = calls.wait(store.page(View(CLUB), Wanted(ALL_KINDS, 5))).rows
    calls.wait(store.close())


def test_a_copy_is_a_store_that_was_heard_less_of(
    opened: Callable[..., SQLiteMessages], clock: Clock, tmp_path: Path
) -> None:
    store = opened()
    at_once(store.put([row(1)]))
    saved = tmp_path / "saved.sqlite"
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        copy(connection, saved)
    clock.ms += 1000
    at_once(store.put([row(2)]))
    at_once(store.close())
    restored = open_messages(saved)
    assert restored.heard == T
    assert texts(restored) == ["hello"]
    at_once(restored.close())


def test_a_file_of_a_newer_schema_is_refused(opened: Callable[..., SQLiteMessages], tmp_path: Path) -> None:
    at_once(opened().close())
    with closing(sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE history_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=f"are of a newer chatnet: schema 9999, and not {SCHEMA}"):
        opened()


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of steps, of a program whose schema is a later one."""
    folder = tmp_path / "steps"
    shutil.copytree(opening.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(opening, "MIGRATIONS", folder)
    monkeypatch.setattr(opening, "SCHEMA", "0002")
    return folder


STEP = """
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade():
    op.execute("CREATE TABLE added (id INTEGER PRIMARY KEY)")
    {}
"""


def test_a_file_of_an_older_schema_is_brought_up_to_date(
    opened: Callable[..., SQLiteMessages], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = opened()
    at_once(store.put([row(1)]))
    at_once(store.close())
    steps: Path = request.getfixturevalue("steps")
    with pytest.raises(StoreError, match=r"are of an older chatnet: start the server once\.$"):
        opened(serving=False)
    (steps / "0002_added.py").write_text(STEP.format("raise RuntimeError('no')"))
    with pytest.raises(RuntimeError):
        opened()
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        assert connection.execute("SELECT * FROM history_version").fetchall() == [("0001",)]
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'added'").fetchall()
    (steps / "0002_added.py").write_text(STEP.format(""))
    for _ in range(2):
        store = opened()
        assert texts(store) == ["hello"]
        at_once(store.close())
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        assert connection.execute("SELECT * FROM history_version").fetchall() == [("0002",)]
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'added'").fetchall()
    assert not list(tmp_path.glob("before-*"))


def test_everything_of_a_place_for_those_who_may_have_it(opened: Callable[..., SQLiteMessages]) -> None:
    store = opened()
    rows = [row(number, str(number), person=("ann", "bob")[number % 2], flags=1) for number in range(250)]
    at_once(store.put([*rows, row(1, "elsewhere", PUB)]))
    assert list(store.everything(CLUB)) == rows
    assert list(store.everything(CLUB, T + 240, "bob")) == rows[241::2]
    assert [target.place for target in at_once(store.channels("#club"))] == [CLUB]
    at_once(store.close())
