"""The thread that writes messages: full disks, damaged files, queues that grow too large, the end."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import message_model as model
import pytest
from conversation import ManualClock
from storage_calls import Calls

from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.messages.interfaces import Trouble
from chatnet.storage.messages.rows import (
    APART,
    LAST,
    PRIVMSG,
    Began,
    Came,
    Entry,
    Erased,
    Found,
    Gap,
    Kept,
    Marked,
    Place,
    Redacted,
    Row,
    Said,
    View,
    Wanted,
    Words,
)
from chatnet.storage.messages.store import open_messages
from chatnet.storage.messages.writer import TOGETHER

T = 1_700_000_000_000
CLUB = Place("c", "#club", "", 1)
PUB = Place("c", "#pub", "", 1)
EVERYTHING = Wanted(frozenset({PRIVMSG}), 1_000_000)
SOON = (0.01,)


def said(number: int, text: str = "hello", place: Place = CLUB, person: str = "ann") -> Said:
    return (place, (T + number) / 1000, model.msgid(T + number), PRIVMSG, 0, person, b"ann!a@h", text)


class Server:
    """A process that serves, and has its messages in a file."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.path = path
        self.calls = Calls()
        self.clock = ManualClock()
        settings = {"pauses": SOON, "monotonic": self.clock.monotonic, "now": self.clock.time, **settings}
        self.store = open_messages(path, call=self.calls, **settings)
        self.told: list[Trouble | None] = []
        self.store.troubled = self.told.append

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Do calls until that is so."""
        while not condition():
            self.calls.one()

    def texts(self, place: Place = CLUB) -> list[str]:
        return [row.text for row in self.page(place).rows]

    def page(self, place: Place = CLUB) -> Found:
        return self.calls.wait(self.store.page(View(place), EVERYTHING))

    def close(self) -> None:
        self.calls.wait(self.store.close())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def test_what_was_put_is_in_every_answer(path: Path) -> None:
    server = Server(path)
    answers = [server.store.put([said(number, str(number))]) for number in range(50)]
    asked = server.store.page(View(CLUB), EVERYTHING)
    server.store.start()
    assert [row.text for row in server.calls.wait(asked).rows] == [str(number) for number in range(50)]
    for answer in answers:
        server.calls.wait(answer)
    assert server.store.waiting == 0
    server.close()
    assert server.told == []


def test_what_waits_at_the_end_is_written(path: Path) -> None:
    server = Server(path)
    answer = server.store.put([said(1)])
    server.close()
    server.calls.wait(answer)
    with pytest.raises(StoreError, match=r"^The store is closed$"):
        server.calls.wait(server.store.put([said(2)]))
    with pytest.raises(StoreError, match=r"^The store is closed$"):
        server.calls.wait(server.store.take_in([], []))
    with pytest.raises(StoreError, match=r"^The store is closed$"):
        server.calls.wait(server.store.standing())
    assert [row.text for row in at_once(open_messages(path).page(View(CLUB), EVERYTHING)).rows] == ["hello"]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes for long."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_what_fails_is_tried_again_and_reading_goes_on(path: Path) -> None:
    server = Server(path)
    server.store.start()
    server.calls.wait(server.store.put([said(1, "before")]))
    with locked(path):
        late = server.store.put([said(2, "late")])
        server.wait_for(lambda: server.told)
        assert server.told == [Trouble(CANNOT_WRITE)]
        assert server.texts() == ["before"]
        more = server.store.put([said(3, "later")])
        refused = server.store.take_in([], [])
        assert server.store.waiting >= 1024
    for answer in (late, more):
        server.calls.wait(answer)
    server.calls.wait(refused)
    assert server.told == [Trouble(CANNOT_WRITE), None]
    assert server.texts() == ["before", "late", "later"]
    server.close()


def test_what_waits_is_known_to_be_in_no_answer(path: Path) -> None:
    server = Server(path)
    server.store.start()
    server.calls.wait(server.store.put([said(1, "before"), said(2, "deleted")]))
    with locked(path):
        gone = model.msgid(T + 2)
        late = server.store.put([said(5, "late"), Redacted(CLUB, gone, T + 6, "r", None, "s", "")])
        server.wait_for(lambda: server.told)
        assert server.texts() == ["before"]
        assert server.store.unread(CLUB) == (T + 5, T + 6)
        later = server.store.put([said(9, "later")])
        assert (server.store.unread(CLUB), server.store.unread(PUB)) == ((T + 5, T + 10), None)
    for answer in (late, later):
        server.calls.wait(answer)
    assert server.store.unread(CLUB) is None
    assert server.texts() == ["before", "late", "later"]
    server.close()


def test_what_is_to_be_gone_and_waits_is_in_no_answer(path: Path) -> None:
    """What was erased, and what was deleted, however it is asked for; a page is as full as it would be."""
    server = Server(path)
    server.store.start()
    ask, store = server.calls.wait, server.store
    talk = Place("d", "ann", "bob")
    spoken = [said(number, f"tea {number}", person="ann" if number % 2 else "bob") for number in range(20)]
    ask(store.put([*spoken, said(30, "tea for two", place=talk, person="bob")]))
    texts = [f"tea {number}" for number in range(0, 20, 2)]
    with locked(path):
        deleted = Redacted(CLUB, model.msgid(T + 18), T + 40, model.msgid(T + 40), "bob", "bob!b@h", "")
        late = store.put([Erased("ann", T + 100, "1"), deleted])
        server.wait_for(lambda: server.told)
        view = View(CLUB, closed=None)
        page = ask(store.page(view, Wanted(frozenset({PRIVMSG}), 4)))
        assert [row.text for row in page.rows] == texts[5:9] and page.more
        assert [each.redacted for each in page.redacted] == [deleted.redacted]
        first = ask(store.page(view, Wanted(frozenset({PRIVMSG}), 4, newest=False)))
        assert [row.text for row in first.rows] == texts[:4]
        assert server.texts() == texts[:-1]
        found = ask(store.search([view, View(talk)], Words("tea")))
        assert [row.text for row in found] == texts[:-1]
        last = ask(store.latest([view, View(talk)], {PRIVMSG}, 0, LAST, 9, newest=True))
        assert last == [(CLUB, (T + 16, model.msgid(T + 16)))]
        assert ask(store.find(CLUB, deleted.redacted)) is None
        assert ask(store.find(CLUB, model.msgid(T + 1))) is None
        assert ask(store.find(CLUB, model.msgid(T + 2))) is not None
        assert [each.redacted for each in ask(store.redactions(CLUB, 0, 9))] == [deleted.redacted]
        assert [row.text for _, row in store.gathering.of_channel(CLUB.name)] == texts[:-1]
        assert not list(store.gathering.of_person("ann"))
    ask(late)
    assert server.texts() == texts[:-1]
    server.close()


def test_jobs_that_are_no_groups_wait_for_so_long_only(path: Path) -> None:
    server = Server(path)
    server.store.start()
    with locked(path):
        late = server.store.put([said(2, "late")])
        server.wait_for(lambda: server.told)
        refused = server.store.take_in([], [])
        server.clock.advance(5)
        server.store.watch()
        with pytest.raises(StoreError, match=f"^{CANNOT_WRITE}$"):
            server.calls.wait(refused)
    server.calls.wait(late)
    server.close()


def test_of_too_much_that_waits_the_oldest_messages_are_dropped(path: Path) -> None:
    server = Server(path, queue_bytes=lambda: 10 * 1024)
    server.store.start()
    with locked(path):
        groups: list[list[Entry]] = [
            [said(0)],
            [Began(CLUB, "#Club", T), Came(CLUB, "ann", T), Kept(PUB, 5, "all"), said(1), said(2), said(3)],
            [said(4), said(5, place=PUB), Redacted(CLUB, "x", T, "r", None, "s", "")],
            [said(6), said(7)],
            [said(8), said(9)],
        ]
        answers = [server.store.put(groups[0])]
        server.wait_for(lambda: server.told)
        answers += map(server.store.put, groups[1:])
        lost = [number for number, answer in enumerate(answers) if answer.called]
        assert lost and lost[-1] < 4
    for number, answer in enumerate(answers):
        if number in lost:
            with pytest.raises(StoreError):
                server.calls.wait(answer)
        else:
            server.calls.wait(answer)
    troubles = [trouble for trouble in server.told if trouble]
    assert troubles[0] == Trouble(CANNOT_WRITE) and server.told[-1] is None
    dropped: list[Any] = [entry for number in lost for entry in groups[number] if type(entry) is tuple]
    assert sum(trouble.lost for trouble in troubles) == len(dropped)
    times = [int(at * 1000) for place, at, *_ in dropped if place == CLUB]
    gaps = server.calls.wait(server.store.gaps(CLUB))
    assert gaps == [Gap(CLUB, min(times), max(times), "*")]
    assert server.page().gaps == tuple(gaps)
    assert "hello" in server.texts()
    assert server.calls.wait(server.store.stays([CLUB], "ann"))[CLUB] == ((T, LAST),)
    target = server.calls.wait(server.store.target(PUB))
    assert target is not None and target.span == 5
    assert [each.redacted for each in server.calls.wait(server.store.redactions(CLUB, 0, 9))] == ["x"]
    server.close()


def test_who_puts_more_than_can_be_written_hears_of_it(path: Path) -> None:
    """Else what waits grows without end where a thread gets less of a processor than the reactor's does."""
    server = Server(path)
    pressed: list[bool] = []
    server.store.pressed = pressed.append
    few = TOGETHER // 4
    first = [server.store.put([said(group * few + number) for number in range(few)]) for group in range(3)]
    assert pressed == []
    more = [server.store.put([said(group * few + number) for number in range(few)]) for group in (3, 4)]
    assert pressed == [True]
    server.store.start()
    for answer in (*first, *more):
        server.calls.wait(answer)
    assert pressed == [True, False]
    assert len(server.texts()) == 5 * few
    server.close()


def test_a_disk_that_fails_stops_nobody(path: Path) -> None:
    server = Server(path)
    pressed: list[bool] = []
    server.store.pressed = pressed.append
    with locked(path):
        answers = [server.store.put([said(number) for number in range(TOGETHER)])]
        assert pressed == [True]
        server.store.start()
        server.wait_for(lambda: server.told)
        assert pressed == [True, False]
        answers.append(server.store.put([said(TOGETHER + number) for number in range(TOGETHER)]))
        assert pressed == [True, False]
    for answer in answers:
        server.calls.wait(answer)
    assert pressed == [True, False]
    server.close()


def test_a_wrong_entry_is_dropped_alone(path: Path) -> None:
    server = Server(path)
    server.store.start()
    wrong = (*said(2)[:5], ["no key"], b"x", "wrong")
    beside = server.store.put([said(0, "beside")])
    answer = server.store.put([said(1, "one"), wrong, said(3, "three")])  # type: ignore[list-item]
    server.calls.wait(beside)
    with pytest.raises(TypeError):
        server.calls.wait(answer)
    assert server.texts() == ["beside", "one", "three"]
    assert server.told == []
    server.close()


def test_at_the_end_a_disk_that_takes_nothing_is_not_waited_for(path: Path) -> None:
    server = Server(path, drain_timeout=lambda: 0.0)
    server.store.start()
    with locked(path):
        answer = server.store.put([said(1)])
        server.wait_for(lambda: server.told)
        server.close()
    with pytest.raises(StoreError, match=f"^{CANNOT_WRITE}$"):
        server.calls.wait(answer)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder with a megabyte of room."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[Path]:
    """A folder in which no file grows beyond a megabyte."""
    folder.mkdir()
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, most))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))


Small = Callable[[Path], AbstractContextManager[Path]]


def groups_of(texts: list[str]) -> set[int]:
    """The groups of messages that are there, each as a whole, behind the first message."""
    count = Counter(int(text.partition(" ")[0]) for text in texts[1:])
    assert set(count.values()) <= {50}
    return set(count)


@pytest.mark.parametrize("small", [small_disk, small_files])
def test_a_full_disk(small: Small, tmp_path: Path) -> None:
    """What was there is read, what comes waits, and the newest of it is kept once there is room."""
    with small(tmp_path / "small") as folder:
        server = Server(folder / "history.sqlite", queue_bytes=lambda: 256 * 1024, drain_timeout=lambda: 0.0)
        server.store.start()
        server.calls.wait(server.store.put([said(0, "first")]))
        stored: list[int] = []
        for group in range(64):
            entries = [said(1 + group * 50 + number, f"{group} {'x' * 400}") for number in range(50)]
            answer = server.store.put(entries)
            answer.addCallbacks(lambda _, group=group: stored.append(group), lambda failure: None)
            while not (answer.called or server.told):
                server.calls.one()
        assert server.told[0] == Trouble(CANNOT_WRITE)
        assert server.texts()[0] == "first"
        assert server.store.waiting <= 512 * 1024
        # The thread goes on trying, also between the look at the file and the end of this question: what was
        # answered before it is there, in whole groups.
        answered = set(stored)
        assert answered and answered <= groups_of(server.texts())
        if small is small_files:
            soft, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            server.wait_for(lambda: server.told[-1] is None)
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, most))
            lost = sum(trouble.lost for trouble in server.told if trouble)
            assert lost and len(server.texts()) == 1 + 64 * 50 - lost
            assert server.page().gaps
        server.close()
        answered = set(stored)
        left = [row.text for row in at_once(open_messages(server.path).page(View(CLUB), EVERYTHING)).rows]
        assert left[0] == "first" and answered <= groups_of(left)


def garble(path: Path, begin: int = 0) -> None:
    """Write over a file that is closed."""
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xff" * (path.stat().st_size - begin))


def test_a_damaged_file_is_set_aside_at_the_start(path: Path) -> None:
    at_once(open_messages(path).close())
    garble(path)
    with pytest.raises(StoreError, match=r"^The messages in .* cannot be used: file is not a database\.$"):
        open_messages(path, serving=False)
    server = Server(path)
    server.store.start()
    [trouble] = server.told
    assert trouble is not None
    assert trouble.text == (
        "The messages were damaged: the file is kept as history.sqlite.damaged-1700000000, "
        "and a new one was begun"
    )
    server.calls.wait(server.store.put([said(1)]))
    assert server.texts() == ["hello"]
    server.close()
    assert path.with_name("history.sqlite.damaged-1700000000").stat().st_mode & 0o777 == 0o600


def spoilt(path: Path, table: str) -> None:
    """Have the tree of a table be no tree."""
    with closing(sqlite3.connect(path)) as connection:
        statement = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(statement, (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_a_file_that_becomes_damaged_is_set_aside(path: Path) -> None:
    """What is little is taken along; of the messages there are gaps."""
    store = open_messages(path)
    gone = model.msgid(T + 5)
    at_once(
        store.put(
            [
                Began(CLUB, "#Club", T),
                Kept(CLUB, 7, "join"),
                Came(CLUB, "ann", T),
                Marked("ann", "#club", T),
                Redacted(CLUB, gone, T + 6, "r", "ann", "ann!a@h", "why"),
                Gap(CLUB, T - 9, T - 5, APART),
                said(1, "lost"),
            ]
        )
    )
    before = at_once(store.target(CLUB))
    at_once(store.close())
    spoilt(path, "message_place")
    server = Server(path)
    server.store.start()
    with pytest.raises(StoreError):
        server.texts()
    server.calls.wait(server.store.put([said(2, "kept"), said(5, "deleted before"), said(3, place=PUB)]))
    assert server.texts() == ["kept"]
    assert len(server.told) == 2 and server.told[1] is None
    now = int(server.clock.time() * 1000)
    assert server.page().gaps == (Gap(CLUB, 0, now, "*"),)
    assert server.calls.wait(server.store.target(CLUB)) == before
    assert server.calls.wait(server.store.stays([CLUB], "ann"))[CLUB] == ((T, LAST),)
    assert server.calls.wait(server.store.marks("ann")) == [("#club", T)]
    assert server.calls.wait(server.store.apart([CLUB]))[CLUB] == ((T - 9, T - 5),)
    [redacted] = server.calls.wait(server.store.redactions(CLUB, 0, 9))
    assert (redacted.redacted, redacted.person) == (gone, "ann")
    assert server.texts(PUB) == ["hello"]
    server.close()
    [kept] = path.parent.glob("history.sqlite.damaged-*")
    assert kept.name in str(server.told[0])


def test_one_table_that_cannot_be_read_takes_no_other_along(path: Path) -> None:
    store = open_messages(path)
    at_once(store.put([Began(CLUB, "#Club", T), Came(CLUB, "ann", T), said(1, "lost")]))
    at_once(store.close())
    spoilt(path, "message_place")
    spoilt(path, "person")
    server = Server(path)
    server.store.start()
    server.calls.wait(server.store.put([said(2, "kept")]))
    assert server.texts() == ["kept"]
    [standing] = server.calls.wait(server.store.standing())
    assert standing.shown == "#Club"
    server.close()


def test_questions_are_answered_one_after_the_other_but_not_endlessly_many(path: Path) -> None:
    server = Server(path, waiting=lambda: 3, readers=1)
    asked = [server.store.standing() for _ in range(5)]
    with pytest.raises(StoreError, match=r"^Too many questions about what was said wait already$"):
        server.calls.wait(asked[4])
    server.clock.advance(5)
    server.store.watch()
    for late in asked[:4]:
        with pytest.raises(StoreError, match=r"^This server cannot read from its disk$"):
            server.calls.wait(late)
    server.store.start()
    assert server.calls.wait(server.store.standing()) == []
    server.close()


def test_a_question_that_takes_too_long_is_given_up(path: Path) -> None:
    server = Server(path, query_timeout=lambda: -1.0)
    server.store.start()
    server.calls.wait(server.store.put([said(number, "x") for number in range(20_000)]))
    with pytest.raises(StoreError, match=r"^That takes too long$"):
        server.texts()
    assert server.calls.wait(server.store.target(CLUB)) is not None
    server.close()


def test_a_row_of_the_past_waits_for_the_same_disk(path: Path) -> None:
    server = Server(path)
    server.store.start()
    row = Row(CLUB, T, model.msgid(T), PRIVMSG, 0, None, "n!u@h", "past")
    assert server.calls.wait(server.store.take_in([row], [])) == [row]
    assert server.calls.wait(server.store.take_in([row], [])) == []
    assert server.page().rows == (row,)
    server.close()


def test_threads_take_turns_more_often_while_questions_are_answered(path: Path) -> None:
    server = Server(path, readers=2)
    server.store.start()
    server.calls.wait(server.store.put([]))
    usual = sys.getswitchinterval()
    asked = [server.store.standing() for _ in range(3)]
    assert sys.getswitchinterval() < usual
    for answer in asked:
        server.calls.wait(answer)
    assert sys.getswitchinterval() == usual
    server.close()
