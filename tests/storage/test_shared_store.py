"""Several servers with one database: what one writes all have, also where it is away or fails in between."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from daemon_process import wait_for
from postgresql_server import PASSWORD, Postgres
from profiles import runs
from storage_calls import Calls
from storage_kinds import ANN, BOB, CAT, MEANING, Told, grouped, named, stamp
from storage_process import Writer

from chatnet.records.claims import NAMES
from chatnet.storage.answers import at_once as wait
from chatnet.storage.digests import bucket, row
from chatnet.storage.interfaces import FIRST, NameTaken, Position, Store, StoreError
from chatnet.storage.migrating import MIGRATIONS
from chatnet.storage.record import Record
from chatnet.storage.store import SQLiteStore, open_store
from chatnet.storage.tables import SCHEMA
from chatnet.storage.transaction import Extract

pytestmark = pytest.mark.client

AWAY = "The database of accounts cannot be reached"


class Clock:
    """Seconds, as a test has them pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Servers:
    """Stores of servers that have one database."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres = postgres
        self.folder = folder
        self.clock = Clock()
        self.database = postgres.database()
        self.stores: list[SQLiteStore] = []

    def path(self, sid: str) -> Path:
        return self.folder / f"{sid}.sqlite"

    def open(self, sid: str, *, database: str = "", call: Calls | None = None, serving: bool = True) -> Any:
        from chatnet.storage.shared import open_shared

        url = self.postgres.url(database or self.database, "chat", PASSWORD)
        store = open_shared(
            self.path(sid),
            url,
            MEANING,
            sid=sid,
            casemapping="rfc1459",
            serving=serving,
            call=call,
            monotonic=self.clock,
            now=lambda: 5.0,
        )
        if call is None:
            self.stores.append(store)
        return store

    def close(self, store: SQLiteStore) -> None:
        self.stores.remove(store)
        wait(store.close())

    def ask(self, *statements: str) -> list[Any]:
        return self.postgres.execute(self.database, *statements)


@pytest.fixture
def servers(postgres: Postgres, tmp_path: Path) -> Iterator[Servers]:
    found = Servers(postgres, tmp_path)
    yield found
    for store in found.stores:
        wait(store.close())


@pytest.fixture
def stopped(postgres: Postgres) -> Iterator[Callable[[], None]]:
    """Stops the database; it runs again after the test."""
    yield lambda: postgres.stop()
    postgres.stop()
    postgres.start()


def has(store: Store) -> set[Record]:
    return set(store.load())


def agree(*stores: Store) -> None:
    """All of these have the same, under the same numbers, and the same follows from it."""
    first, *others = stores
    for each in others:
        assert has(each) == has(first)
        assert wait(each.page(0, 10_000)) == wait(first.page(0, 10_000))
        for kind in "acn":
            assert list(wait(each.digests(kind))) == list(wait(first.digests(kind)))


# what one writes all have


def test_what_one_writes_the_others_have_at_their_next_look(servers: Servers) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    assert a.id == b.id and a.shared and b.shared
    told, heard = Told(a), Told(b)
    wait(a.write([named(ANN, "ann", 5)], free=[("ann", NAMES)]))
    assert told.take() == [named(ANN, "ann", 5)]
    assert heard.take() == []
    b.watch()
    assert heard.take() == [named(ANN, "ann", 5)]
    assert wait(b.entity(ANN)) == [named(ANN, "ann", 5)]
    agree(a, b)


def test_who_is_told_that_there_is_news_looks_at_once(servers: Servers) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    heard = Told(b)
    wait(a.write([named(ANN, "ann", 5)]))
    b.look(0)
    assert heard.take() == []
    b.look(1)
    assert heard.take() == [named(ANN, "ann", 5)]


def test_a_name_is_given_out_once(servers: Servers) -> None:
    """Though the second does not know of the first yet; it does afterwards."""
    a, b = servers.open("0AA"), servers.open("0BB")
    heard = Told(b)
    wait(a.write([named(ANN, "ann", 9)], free=[("ann", NAMES)]))
    with pytest.raises(NameTaken):
        wait(b.write([named(BOB, "ann", 5)], free=[("ann", NAMES)]))
    assert heard.take() == [named(ANN, "ann", 9)]
    agree(a, b)


def test_of_two_who_ask_for_a_name_at_one_moment_one_has_it(servers: Servers) -> None:
    """Each in a thread of its own, in many rounds: whoever is in line first."""
    a, b = servers.open("0AA"), servers.open("0BB")
    results: list[tuple[int, str, bool]] = []

    def register(store: SQLiteStore, entity: str, barrier: threading.Barrier) -> None:
        for number in range(30):
            record = named(entity[:19] + f"{chr(97 + number // 26)}{chr(97 + number % 26)}", f"n{number}", 5)
            barrier.wait(60)
            try:
                wait(store.write([record], free=[(f"n{number}", NAMES)]))
            except NameTaken:
                results.append((number, entity, False))
            else:
                results.append((number, entity, True))

    barrier = threading.Barrier(2)
    threads = [
        threading.Thread(target=register, args=(store, entity, barrier))
        for store, entity in ((a, ANN), (b, BOB))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 60
    for number in range(30):
        assert sorted(won for each, _, won in results if each == number) == [False, True]
    for store in (a, b):
        store.watch()
    agree(a, b)
    assert len(has(a)) == 30


def test_all_that_happens_to_records_comes_into_all_copies(servers: Servers) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(ANN, "ann", 5), grouped(ANN, "anna", 5), Record(ANN, "vhost", stamp(5), None)]))
    wait(b.write([named(BOB, "bob", 9), Record(BOB, "nick:b", stamp(5), None)]))
    wait(a.correct([named(BOB, "bob", 6)]))
    wait(b.write([named(CAT, "cat", 5), Record(ANN, "status", stamp(7), "erased")]))
    wait(a.forget(stamp(6)))
    for store in (a, b):
        store.watch()
    assert has(a) == {
        named(BOB, "bob", 6),
        named(CAT, "cat", 5),
        Record(ANN, "status", stamp(7), "erased"),
    }
    assert wait(b.owner("ann", NAMES)) == wait(a.owner("anna", NAMES)) == []
    agree(a, b)
    # Nor is what was forgotten taken again, by anybody.
    assert wait(b.merge([Record(BOB, "nick:b", stamp(5), None)], "s", "0CC", None)) == []


def test_more_than_a_page_is_read_in_pages(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatnet.storage.engine.PAGE", 7)
    a, b = servers.open("0AA"), servers.open("0BB")
    heard = Told(b)
    for number in range(5):
        wait(a.write([Record(ANN, f"set:{number}-{each}", stamp(5), "x") for each in range(9)]))
    b.watch()
    assert len(heard.take()) == 45
    agree(a, b, servers.open("0CC"))


def test_how_far_others_are_read_all_know(servers: Servers) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.merge([named(ANN, "ann", 5)], "s", "1CC", Position("r", 7, 9)))
    assert wait(b.position("s")) == Position("r", 7, 9)
    assert wait(b.last("1CC")) == ("s", Position("r", 7, 9))
    # And whoever reads one of them can go on with another.
    page = wait(a.page(0, 9))
    b.watch()
    assert wait(b.begin(Position(page.run, page.seq, page.head))) == page.seq == 1


def test_mail_and_what_operators_did_are_of_one_server(servers: Servers) -> None:
    a = servers.open("0AA")
    wait(a.audit("ann", "ERASE", "bob", "", 5.0))
    with closing(sqlite3.connect(servers.path("0AA"))) as connection:
        assert connection.execute("SELECT verb FROM audit").fetchall() == [("ERASE",)]
    assert servers.ask("SELECT * FROM audit") == []


def test_a_program_beside_the_server_writes_into_the_database(servers: Servers) -> None:
    a = servers.open("0AA")
    told = Told(a)
    beside = servers.open("0AA", serving=False)
    wait(beside.write([named(ANN, "ann", 5)], free=[("ann", NAMES)]))
    servers.close(beside)
    a.watch()
    assert told.take() == [named(ANN, "ann", 5)]
    wait(a.write([named(BOB, "bob", 5)]))
    assert told.take() == [named(BOB, "bob", 5)]
    agree(a, servers.open("0BB"))


# transactions that fail


def test_what_is_in_each_others_way_is_done_again(servers: Servers) -> None:
    a = servers.open("0AA")
    servers.ask(
        "CREATE SEQUENCE tries",
        "GRANT ALL ON SEQUENCE tries TO chat",
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') <= 3 THEN RAISE EXCEPTION 'planted' USING ERRCODE = '40001'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    told = Told(a)
    wait(a.write([named(ANN, "ann", 5)]))
    assert told.take() == [named(ANN, "ann", 5)]
    servers.ask("ALTER SEQUENCE tries RESTART")
    servers.ask(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'planted' USING ERRCODE = '40001'; END $$"
    )
    with pytest.raises(StoreError) as refused:
        wait(a.write([named(BOB, "bob", 5)]))
    assert (str(refused.value), refused.value.reason) == (
        "The database of accounts cannot be used",
        "planted",
    )
    assert has(a) == {named(ANN, "ann", 5)}


def test_a_job_that_fails_takes_back_its_part_alone(servers: Servers) -> None:
    calls = Calls()
    a = servers.open("0AA", call=calls)
    told = Told(a)
    first = a.write([named(ANN, "ann", 5)], free=[("ann", NAMES)])
    second = a.write([named(BOB, "ann", 5), Record(BOB, "seen", stamp(5), "1")], free=[("ann", NAMES)])
    odd = a.write([Record(CAT, "set:odd", stamp(5), "\udcff")])
    third = a.write([named(CAT, "cat", 5)], free=[("cat", NAMES)])
    a.start()
    calls.wait(first)
    with pytest.raises(NameTaken):
        calls.wait(second)
    with pytest.raises(UnicodeEncodeError):
        calls.wait(odd)
    calls.wait(third)
    assert told.take() == [named(ANN, "ann", 5), named(CAT, "cat", 5)]
    page = calls.wait(a.page(0, 9))
    assert (page.seq, page.head) == (2, 2)
    calls.wait(a.close())


def test_a_job_that_fails_first_does_not_let_go_of_the_line(servers: Servers) -> None:
    """Its savepoint takes the lock with it: others write then, and the next job stands in line again."""
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(ANN, "ann", 5)]))
    engine = a._engine
    work = engine.begin()
    with pytest.raises(NameTaken):
        engine.attempt(work, lambda work: work.change().write([named(BOB, "ann", 5)], [("ann", NAMES)]))
    wait(b.write([named(BOB, "bob", 5)], free=[("bob", NAMES)]))
    with pytest.raises(NameTaken):
        engine.attempt(work, lambda work: work.change().write([named(CAT, "bob", 5)], [("bob", NAMES)]))
    engine.attempt(work, lambda work: work.change().write([named(CAT, "cat", 5)], []))
    engine.commit(work)()
    b.watch()
    agree(a, b)
    assert wait(a.page(0, 9)).seq == 3


def test_what_does_not_follow_is_not_copied(servers: Servers) -> None:
    """As when what was in front of it could not be written: all of it is asked for again."""
    a, b = servers.open("0AA"), servers.open("0BB")
    for entity in (ANN, BOB):
        wait(a.write([named(entity, entity, 5)]))
    b._copy(Extract(1, [(2, named(BOB, BOB, 5))], 2, stamp(5), "", False))
    agree(a, b)


def test_a_connection_that_is_lost_in_the_middle_is_not_noticed(servers: Servers) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatnet'"
    assert len(servers.ask(kill)) == 1
    wait(a.write([named(BOB, "bob", 5)]))
    servers.ask(
        "CREATE SEQUENCE tries",
        "GRANT ALL ON SEQUENCE tries TO chat",
        "CREATE FUNCTION fail() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    told = Told(a)
    wait(a.write([named(CAT, "cat", 5)]))
    assert told.take() == [named(CAT, "cat", 5)]
    assert wait(a.page(0, 9)).seq == 3


@pytest.mark.parametrize("committed", [True, False])
def test_a_connection_that_is_lost_at_the_end_is_asked_what_came_of_it(
    servers: Servers, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to COMMIT is lost: whether it was committed or not, it is in the end, once."""
    from chatnet.storage.postgresql import Session

    a, b = servers.open("0AA"), servers.open("0BB")
    execute, lost = Session.execute, [True]

    def losing(session: Session, statement: str, *parameters: object) -> object:
        if statement == "COMMIT" and lost:
            lost.clear()
            if committed:
                execute(session, statement)
            [[pid]] = execute(session, "SELECT pg_backend_pid()")
            servers.ask(f"SELECT pg_terminate_backend({pid})")
        return execute(session, statement, *parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "execute", losing)
    told = Told(a)
    wait(a.write([named(ANN, "ann", 5)], free=[("ann", NAMES)]))
    assert not lost and told.take() == [named(ANN, "ann", 5)]
    b.watch()
    assert wait(b.page(0, 9)).seq == 1
    agree(a, b)


def test_in_doubt_it_is_waited_for_until_the_time_is_over(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may have been committed is not told to have failed while that can still be found out."""
    from chatnet.storage import postgresql
    from chatnet.storage.postgresql import Session

    calls = Calls()
    a = servers.open("0AA", call=calls)
    execute, tries = Session.execute, iter(range(100))
    refusing = [False]

    def losing(session: Session, statement: str, *parameters: object) -> object:
        result = execute(session, statement, *parameters)  # type: ignore[arg-type]
        if statement == "COMMIT" and not refusing[0]:
            refusing[0] = True
            session.close()
            raise postgresql.Error("the answer was lost")
        return result

    begin = Session.__init__

    def refused(session: Session, *arguments: object) -> None:
        if refusing[0] and next(tries) < 5:
            raise postgresql.Error("nobody is there")
        begin(session, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "execute", losing)
    monkeypatch.setattr(Session, "__init__", refused)
    answer = a.write([named(ANN, "ann", 5)])
    a.start()
    calls.wait(answer)
    assert next(tries) > 5
    assert calls.wait(a.entity(ANN)) == [named(ANN, "ann", 5)]
    calls.wait(a.close())


def test_a_database_that_hangs_is_given_up(servers: Servers) -> None:
    """What serves us there is stopped; the next connection has another one."""
    calls = Calls()
    a = servers.open("0AA", call=calls)
    a.start()
    calls.wait(a.write([named(ANN, "ann", 5)]))
    [[pid]] = servers.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'chatnet'")
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = a.write([named(BOB, "bob", 5)])
        wait_for(lambda: a._engine._session is not None and a._engine._session.since is not None, "it")
        servers.clock.now += 9
        a.watch()  # it is waited for
        assert not answer.called
        servers.clock.now += 2
        a.watch()
        calls.wait(answer)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert calls.wait(a.entity(BOB)) == [named(BOB, "bob", 5)]
    calls.wait(a.close())


# the database is away


def test_away_is_read_and_not_written(
    servers: Servers, postgres: Postgres, stopped: Callable[[], None]
) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    troubles: list[StoreError | None] = []
    a.troubled = troubles.append
    stopped()
    for _ in range(2):
        with pytest.raises(StoreError) as refused:
            wait(a.write([named(BOB, "bob", 5)]))
        assert str(refused.value) == AWAY and refused.value.reason
        assert PASSWORD not in refused.value.reason
    assert wait(a.entity(ANN)) == [named(ANN, "ann", 5)]
    assert wait(a.owner("ann", NAMES)) != []
    assert wait(a.page(0, 9)).records == [named(ANN, "ann", 5)]
    assert wait(a.bucket("a", 0, FIRST, 9)).behind is None
    wait(a.audit("ann", "SUSPEND", "bob", "", 5.0))
    a.watch()
    [error] = troubles
    assert str(error) == AWAY
    postgres.start()
    with pytest.raises(StoreError):
        wait(a.write([named(BOB, "bob", 5)]))  # the time to try again is not there yet
    servers.clock.now += 5
    a.watch()
    assert troubles[1:] == [None]
    wait(a.write([named(BOB, "bob", 5)]))
    assert has(a) == {named(ANN, "ann", 5), named(BOB, "bob", 5)}


def test_a_server_starts_without_it_by_its_copy(
    servers: Servers, postgres: Postgres, stopped: Callable[[], None]
) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    identity, run = a.id, wait(a.page(0, 9)).run
    servers.close(a)
    b = servers.open("0BB")
    wait(b.write([named(BOB, "bob", 5)]))
    servers.close(b)
    stopped()
    with pytest.raises(StoreError) as refused:
        servers.open("0CC")
    assert str(refused.value).startswith(f"{AWAY}, and {servers.path('0CC')} is no copy of it: ")
    a = servers.open("0AA")
    assert (a.id, wait(a.page(0, 9)).run, a.newest) == (identity, run, stamp(5))
    assert has(a) == {named(ANN, "ann", 5)}
    with pytest.raises(StoreError):
        wait(a.write([named(CAT, "cat", 5)]))
    told = Told(a)
    postgres.start()
    servers.clock.now += 5
    a.watch()
    assert told.take() == [named(BOB, "bob", 5)]
    wait(a.write([named(CAT, "cat", 5)]))
    assert told.take() == [named(CAT, "cat", 5)]


def test_after_a_loss_of_power_there_it_goes_on(
    servers: Servers, postgres: Postgres, stopped: Callable[[], None]
) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    wait(a.write([named(BOB, "bob", 5)]))
    agree(a, servers.open("0BB"))


@pytest.mark.parametrize("whose", ["server", "database"])
def test_whoever_is_killed_nothing_is_lost_that_was_answered(
    servers: Servers, postgres: Postgres, stopped: Callable[[], None], whose: str
) -> None:
    """In the middle of transactions, of which each is there as a whole or not at all."""
    url, random = postgres.url(servers.database, "chat", PASSWORD), Random(3)
    answered: set[tuple[str, str]] = set()
    for round_ in range(runs(3, 30)):
        writer = Writer(servers.path("0AA"), url)
        answered |= writer.read(random.randrange(1, 60))
        if whose == "database":
            postgres.stop(signal.SIGQUIT)
        writer.process.send_signal(signal.SIGKILL)
        answered |= writer.read(10**9)
        writer.end()
        if whose == "database":
            postgres.start()
        beside = servers.open(f"0B{round_ % 10}")
        records = {record[:2]: record for record in beside.load()}
        assert answered <= records.keys()
        digests = [0] * 256
        for record in records.values():
            digests[bucket(record.entity)] ^= row(record)
            if record.field == "name":
                assert (record.entity, "seen") in records  # they were written together
                assert len(wait(beside.owner(record.entity, NAMES))) == 1
        assert list(wait(beside.digests("a"))) == digests
        [[theirs]] = servers.ask("SELECT count(*) FROM record")
        assert theirs == len(records)
        own = servers.open("0AA")
        agree(own, beside)
        for store in (own, beside):
            servers.close(store)


def test_a_copy_whose_disk_is_full_is_made_good_later(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed in the database is answered so, and true; the file has it when it can."""
    from chatnet.storage.transaction import Transaction

    a = servers.open("0AA")
    told, copied = Told(a), Transaction.copy

    def full(*arguments: object) -> None:
        raise StoreError("This server cannot write to its disk", "database or disk is full")

    troubles: list[StoreError | None] = []
    a.troubled = troubles.append
    monkeypatch.setattr(Transaction, "copy", full)
    wait(a.write([named(ANN, "ann", 5)]))
    assert told.take() == [named(ANN, "ann", 5)]
    assert [str(each) for each in troubles] == ["This server cannot write to its disk"]
    assert has(a) == set()
    monkeypatch.setattr(Transaction, "copy", copied)
    wait(a.write([named(BOB, "bob", 5)]))
    assert has(a) == {named(ANN, "ann", 5), named(BOB, "bob", 5)}
    agree(a, servers.open("0BB"))


# whose it is


def test_what_a_server_had_is_put_into_the_database(servers: Servers) -> None:
    old = open_store(servers.path("0AA"), MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    wait(old.write([named(ANN, "ann", 5), Record(ANN, "vhost", stamp(5), None)]))
    wait(old.write([named(BOB, "bob", 4)]))
    before = has(old)
    wait(old.close())
    b = servers.open("0BB")
    wait(b.write([named(CAT, "bob", 5)]))
    a = servers.open("0AA")
    b.watch()
    assert has(a) == {*before, named(CAT, "bob", 5)}
    assert [claim.entity for claim in wait(b.owner("bob", NAMES))] == [BOB, CAT]
    agree(a, b)
    with closing(sqlite3.connect(servers.path("0AA").with_name("before-database.sqlite"))) as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchall() == [(3,)]


def test_without_the_database_it_is_a_store_of_its_own(servers: Servers) -> None:
    """Two that leave it must not be taken for one, which would not feed each other."""
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(ANN, "ann", 5)]))
    b.watch()
    page = wait(a.page(0, 9))
    for store in (a, b):
        servers.close(store)
    with pytest.raises(StoreError, match="are a copy of a database"):
        open_store(servers.path("0AA"), MEANING, sid="0AA", casemapping="rfc1459", serving=False)
    alone = [
        open_store(servers.path(sid), MEANING, sid=sid, casemapping="rfc1459", serving=True)
        for sid in ("0AA", "0BB")
    ]
    assert len({store.id for store in (a, *alone)}) == 3
    for store in alone:
        assert not store.shared and has(store) == {named(ANN, "ann", 5)}
        assert wait(store.position(a.id)) == Position(page.run, 1, 1)
        wait(store.write([Record(ANN, "seen", stamp(6), store.id)]))
        wait(store.close())
    # And back again.
    again = servers.open("0AA")
    assert again.id == a.id
    assert has(again) == {named(ANN, "ann", 5), Record(ANN, "seen", stamp(6), alone[0].id)}


def test_a_copy_of_the_data_folder_is_a_copy_for_another_server(servers: Servers) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    servers.close(a)
    servers.path("0AA").rename(servers.path("0BB"))
    b = servers.open("0BB")
    assert b.id == a.id and has(b) == {named(ANN, "ann", 5)}
    with closing(sqlite3.connect(servers.path("0BB"))) as connection:
        assert connection.execute("SELECT value FROM store WHERE key = 'sid'").fetchall() == [("0BB",)]


def test_a_copy_that_is_not_what_it_should_be_is_made_anew(servers: Servers) -> None:
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5), named(BOB, "bob", 5)]))
    servers.close(a)
    with closing(sqlite3.connect(servers.path("0AA"))) as connection, connection:
        connection.execute("DELETE FROM record WHERE entity = ?", [ANN])
        connection.execute("UPDATE bucket SET digest = 0")
    agree(servers.open("0AA"), servers.open("0BB"))


def test_a_database_that_was_restored_has_back_what_it_lost(servers: Servers, postgres: Postgres) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(ANN, "ann", 5)]))
    b.watch()
    for store in (a, b):
        servers.close(store)
    backup = postgres.database()
    postgres.execute("postgres", f"DROP DATABASE {backup}")
    postgres.execute("postgres", f"CREATE DATABASE {backup} TEMPLATE {servers.database} OWNER chat")
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(BOB, "bob", 5)]))
    b.watch()
    page = wait(a.page(0, 9))
    for store in (a, b):
        servers.close(store)
    # Of A it is noticed by the numbers. B reads the new ones then.
    servers.database = backup
    a = servers.open("0AA")
    b = servers.open("0BB")
    assert has(a) == {named(ANN, "ann", 5), named(BOB, "bob", 5)}
    agree(a, b)
    # Whoever read it before has to read all of it again.
    assert wait(b.begin(Position(page.run, page.seq, page.head))) == 0


def test_where_that_cannot_be_noticed_somebody_says_so(servers: Servers, postgres: Postgres) -> None:
    from chatnet.storage.founding import renumber_at

    a = servers.open("0AA")
    position = wait(a.page(0, 9))
    renumber_at(
        postgres.url(servers.database, "chat", PASSWORD), MEANING, "rfc1459", 5.0, monotonic=lambda: 0.0
    )
    # A server that runs meanwhile writes nothing any more.
    with pytest.raises(StoreError, match=r"has to be started again$"):
        wait(a.write([named(ANN, "ann", 5)]))
    servers.close(a)
    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    assert wait(a.page(0, 9)).run != position.run


def test_names_are_folded_as_in_the_database(servers: Servers) -> None:
    from chatnet.storage.shared import open_shared

    a = servers.open("0AA")
    wait(a.write([named(ANN, "ann", 5)]))
    servers.close(a)
    url = servers.postgres.url(servers.database, "chat", PASSWORD)
    for sid in ("0AA", "0BB"):
        with pytest.raises(StoreError, match=r"folded by rfc1459: server\.casemapping has to be that\.$"):
            open_shared(servers.path(sid), url, MEANING, sid=sid, casemapping="ascii", serving=True)


def test_programs_beside_make_nothing(servers: Servers) -> None:
    with pytest.raises(StoreError, match=r"^The database of accounts is empty: start the server once\.$"):
        servers.open("0AA", serving=False)
    servers.close(servers.open("0AA"))
    with pytest.raises(StoreError, match=r"are no copy of the database: start the server once\.$"):
        servers.open("0BB", serving=False)


def test_two_servers_make_it_at_one_moment(servers: Servers) -> None:
    found: list[SQLiteStore] = []

    def start(sid: str) -> None:
        found.append(servers.open(sid))

    threads = [threading.Thread(target=start, args=(sid,)) for sid in ("0AA", "0BB", "0CC")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len({store.id for store in found}) == 1


def test_the_schema_is_that_of_files(servers: Servers, tmp_path: Path) -> None:
    """All text is in the order of its code points, whatever the database's own order is."""
    servers.close(servers.open("0AA"))
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    there = set(servers.ask(columns))
    with closing(sqlite3.connect(servers.path("0AA"))) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        here = {
            (table, row[1])
            for table in tables
            if not table.startswith("sqlite_")
            for row in connection.execute(f"PRAGMA table_info({table})")
        }
    assert there == here
    text = f"{columns} AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
    assert servers.ask(text) == []


# older and newer versions, and what is said


def test_the_first_of_a_newer_version_changes_the_tables(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = servers.open("0AA"), servers.open("0BB")
    wait(a.write([named(ANN, "ann", 5)]))
    for store in (a, b):
        servers.close(store)
    folder = tmp_path / "steps, 100%"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    schema = f"{int(SCHEMA) + 1:04}"
    (folder / f"{schema}_step.py").write_text(
        f'from alembic import op\n\nrevision = "{schema}"\ndown_revision = "{SCHEMA}"\n\n\n'
        'def upgrade():\n    op.execute("ALTER TABLE audit ADD COLUMN colour TEXT")\n'
    )
    for module in ("opening", "founding"):
        monkeypatch.setattr(f"chatnet.storage.{module}.MIGRATIONS", folder)
        monkeypatch.setattr(f"chatnet.storage.{module}.SCHEMA", schema)
    with pytest.raises(StoreError, match=r"of an older chatnet: start the server once\.$"):
        servers.open("0AA", serving=False)
    a, b = servers.open("0AA"), servers.open("0BB")
    assert servers.ask("SELECT version_num FROM accounts_version") == [(schema,)]
    assert servers.ask("SELECT colour FROM audit") == []
    wait(b.write([named(BOB, "bob", 5)]))
    a.watch()
    agree(a, b)
    servers.close(a)
    monkeypatch.undo()
    servers.path("0AA").unlink()
    with pytest.raises(StoreError) as refused:
        servers.open("0AA")
    assert str(refused.value) == (
        f"The database of accounts is of a newer chatnet: schema {schema}, and not {SCHEMA}."
    )


def test_no_secret_stands_in_what_is_said(servers: Servers) -> None:
    from chatnet.storage.shared import open_shared

    url = servers.postgres.url(servers.database, "chat", "plantedword")
    with pytest.raises(StoreError) as refused:
        open_shared(servers.path("0AA"), url, MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    assert "password authentication failed" in str(refused.value) and "\n" not in str(refused.value)
    assert "plantedword" not in str(refused.value)
    a = servers.open("0AA")
    servers.ask("ALTER TABLE record ADD CONSTRAINT odd CHECK (value NOT LIKE '%plantedvalue%')")
    with pytest.raises(StoreError) as refused:
        wait(a.write([Record(ANN, "mark", stamp(5), "plantedvalue")]))
    assert refused.value.reason == "CheckViolation (23514)"
    assert "planted" not in repr(a._engine) + repr(a._engine._session)
