"""The store in a file, as the server has it: with its threads, and beside other processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conversation import ManualClock
from storage_calls import Calls
from storage_kinds import ANN, BOB, CAT, MEANING, Told, named, stamp

from chatnet.records.claims import NAMES
from chatnet.records.grammar import new_entity
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import NOWHERE, NameTaken, Position, StoreError
from chatnet.storage.record import Record
from chatnet.storage.sqlite import connect
from chatnet.storage.store import TOGETHER, SQLiteStore, open_store


class Server:
    """A process that serves, and has its store in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls = Calls()
        self.clock = ManualClock()
        self.store = self.open()
        self.told = Told(self.store)

    def open(self) -> SQLiteStore:
        return open_store(
            self.path,
            MEANING,
            sid="0AA",
            casemapping="rfc1459",
            serving=True,
            call=self.calls,
            monotonic=self.clock.monotonic,
            now=self.clock.time,
        )

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return list(connection.execute(statement))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "accounts.sqlite")
    yield server
    server.calls.wait(server.store.close())


@pytest.fixture
def tool(server: Server) -> SQLiteStore:
    """What a program has that is run beside the server."""
    return open_store(server.path, MEANING, sid="0AA", casemapping="rfc1459", serving=False)


def test_a_crowd_is_written_together(server: Server) -> None:
    answers = [server.store.write([named(new_entity("a"), f"n{n}", 5)]) for n in range(TOGETHER + 50)]
    server.store.start()
    for answer in answers:
        server.calls.wait(answer)
    assert [len(page) for page in server.told.pages] == [TOGETHER, 50]


def test_of_a_crowd_one_gets_a_name(server: Server) -> None:
    people = [new_entity("a") for _ in range(20)]
    answers = [server.store.write([named(each, "ann", 5)], [("ann", NAMES)]) for each in people]
    other = server.store.write([named(BOB, "bob", 5)], [("bob", NAMES)])
    server.store.start()
    server.calls.wait(answers[0])
    for answer in answers[1:]:
        with pytest.raises(NameTaken):
            server.calls.wait(answer)
    server.calls.wait(other)
    assert server.told.take() == [named(people[0], "ann", 5), named(BOB, "bob", 5)]
    assert server.calls.wait(server.store.page(0, 9)).head == 2


def test_what_is_written_can_be_read(server: Server) -> None:
    store, wait = server.store, server.calls.wait
    store.start()
    for number in range(1, 20):
        record = Record(ANN, "seen", stamp(number), str(number))
        wait(store.write([record]))
        assert wait(store.entity(ANN)) == [record]
    wait(store.merge([], "s", "0BB", Position("r", 1, 2)))
    assert wait(store.position("s")) == Position("r", 1, 2)
    assert server.ask("SELECT sid, at FROM peer") == [("0BB", 1_700_000_000)]
    assert wait(store.begin(NOWHERE)) == 0


def test_audits_are_kept(server: Server) -> None:
    server.store.start()
    server.calls.wait(server.store.audit("bob", "SUSPEND", "ann", "+3d spam", 7.5))
    assert server.ask('SELECT at, "by", verb, about, detail FROM audit') == [
        (7, "bob", "SUSPEND", "ann", "+3d spam")
    ]
    assert server.told.pages == []


def test_what_a_tool_writes_the_server_hears(server: Server, tool: SQLiteStore) -> None:
    store, told, wait = server.store, server.told, server.calls.wait
    assert list(store.load()) == []
    store.start()
    at_once(tool.write([named(ANN, "ann", 5)], [("ann", NAMES)]))
    store.watch()
    server.calls.one()
    assert told.take() == [named(ANN, "ann", 5)]
    store.watch()
    server.calls.one()
    assert told.take() == []
    at_once(tool.write([named(BOB, "bob", 5)]))
    wait(store.write([named(CAT, "cat", 5)]))  # which has a look as well, and tells all in order
    assert told.take() == [named(BOB, "bob", 5), named(CAT, "cat", 5)]


def test_what_was_written_before_the_load_is_no_news(server: Server, tool: SQLiteStore) -> None:
    at_once(tool.write([named(ANN, "ann", 5)]))
    assert list(server.store.load()) == [named(ANN, "ann", 5)]
    at_once(tool.write([named(BOB, "bob", 5)]))
    server.store.start()
    server.calls.wait(server.store.audit("bob", "LIST", "*", "", 5.0))
    assert server.told.take() == [named(BOB, "bob", 5)]


def test_what_a_tool_wrote_is_heard_though_the_job_behind_it_fails(server: Server, tool: SQLiteStore) -> None:
    server.store.start()
    at_once(tool.write([named(ANN, "ann", 5)]))
    with pytest.raises(NameTaken):
        server.calls.wait(server.store.write([named(BOB, "ann", 6)], [("ann", NAMES)]))
    assert server.told.take() == [named(ANN, "ann", 5)]


def test_a_tool_begins_no_run(server: Server, tool: SQLiteStore) -> None:
    """Or the server's numbers, which go on, would look like those of a copy that was restored."""
    wait = server.calls.wait
    server.store.start()
    wait(server.store.write([named(ANN, "ann", 5)]))
    page = wait(server.store.page(0, 9))
    position = Position(page.run, page.seq, page.head)
    assert at_once(tool.begin(position)) == wait(server.store.begin(position)) == 1
    assert len(server.ask("SELECT * FROM run")) == 1


def test_while_somebody_else_writes_for_long_reading_goes_on(server: Server) -> None:
    store, wait = server.store, server.calls.wait
    store.start()
    wait(store.write([named(ANN, "ann", 5)]))
    with closing(connect(server.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        late = store.write([named(BOB, "bob", 5)])
        assert wait(store.entity(ANN)) == [named(ANN, "ann", 5)]
        server.clock.advance(5)
        with pytest.raises(StoreError, match=r"^This server cannot write to its disk$"):
            wait(late)
        other.execute("ROLLBACK")
    assert wait(store.entity(BOB)) == []
    wait(store.write([named(CAT, "cat", 5)]))
    assert server.told.take() == [named(ANN, "ann", 5), named(CAT, "cat", 5)]


def test_a_file_that_is_gone(server: Server) -> None:
    server.path.unlink()
    server.store.start()
    with pytest.raises(StoreError, match=r"^This server cannot write to its disk$") as refused:
        server.calls.wait(server.store.write([named(ANN, "ann", 5)]))
    assert refused.value.reason == "unable to open database file"
    with pytest.raises(StoreError, match=r"^This server cannot read from its disk$"):
        server.calls.wait(server.store.entity(ANN))
    server.path.touch()
    server.open()
    server.calls.wait(server.store.write([named(ANN, "ann", 5)]))


def test_odd_bytes_fail_alone(server: Server) -> None:
    """The grammar lets none through; if one came, it would not take others along."""
    store = server.store
    bad = store.write([Record(ANN, "set:x", stamp(5), "\udcff")])
    good = store.write([named(BOB, "bob", 5)])
    store.start()
    server.calls.wait(good)
    with pytest.raises(UnicodeEncodeError):
        server.calls.wait(bad)
    assert server.told.take() == [named(BOB, "bob", 5)]
