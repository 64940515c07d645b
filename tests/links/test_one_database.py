"""Servers that have one database: people register at one and log in at the others, whatever happens to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from club import PASSWORD as SECRET
from clubs import Clubs, FullClub, new_store
from postgresql_server import PASSWORD, Postgres

from chatnet.model.registry import Account
from chatnet.records.meaning import RecordMeaning
from chatnet.services.refused import Refused
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import WATCH
from chatnet.storage.store import SQLiteStore
from chatnet.wire.casemap import folder

pytestmark = pytest.mark.client


class Databases:
    """Databases, each with the stores of some servers."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres = postgres
        self._folder = folder
        self._numbers = itertools.count()
        self.stores: list[SQLiteStore] = []
        self.now: Callable[[], float] = lambda: 0.0

    def store(self, database: str, sid: str) -> SQLiteStore:
        from chatnet.storage.shared import open_shared

        url = self.postgres.url(database, "chat", PASSWORD)
        path = self._folder / f"{next(self._numbers)}.sqlite"
        meaning = RecordMeaning(folder("rfc1459"))
        store = open_shared(
            path,
            url,
            meaning,
            sid=sid,
            casemapping="rfc1459",
            serving=True,
            monotonic=lambda: self.now(),
        )
        self.stores.append(store)
        return store


@pytest.fixture
def databases(postgres: Postgres, tmp_path: Path) -> Iterator[Databases]:
    found = Databases(postgres, tmp_path)
    yield found
    for store in found.stores:
        at_once(store.close())
    postgres.stop()
    postgres.start()


class Joined(Clubs):
    """Clubs of which some have a database; `of` says which by their names."""

    def __init__(self, databases: Databases, of: Mapping[str, str], *names: str, **sections: Any) -> None:
        self._databases = databases
        self._of = of
        super().__init__(*names, **sections)
        databases.now = self.clock.monotonic
        self.clock.later(WATCH, self._watch)

    def _watch(self) -> None:
        for store in self._databases.stores:
            store.watch()
        self.clock.later(WATCH, self._watch)

    def make(self, **given: Any) -> FullClub:
        name, sid = given["server"]["name"].partition(".")[0], given["server"]["sid"]
        database = self._of.get(name)
        return FullClub(
            new_store(sid) if database is None else self._databases.store(database, sid),  # type: ignore[arg-type]
            **given,
        )

    def known_as(self, name: str, who: str) -> Account | None:
        return self[name].node.network.registry.named(who)

    def log_in(self, name: str, who: str, password: str = SECRET) -> Account:
        accounts = self[name].accounts
        return self[name].done(accounts.check(who, password, address="192.0.2.9", owner="192.0.2.9"))


def records_told(mesh: Clubs) -> list[str]:
    return [
        line
        for wire in mesh.wires
        for pipe in wire.pipes.values()
        for line in pipe.said
        if " CNREC " in line or " CNBKT " in line or " CNPAGE " in line
    ]


def test_who_registers_at_one_logs_in_at_the_other(databases: Databases) -> None:
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name, "b": name}, "a", "b")
    mesh.link("a", "b")
    mesh.settle()
    account = mesh["a"].account("ann")
    mesh.settle()
    assert mesh.log_in("b", "ann").id == account.id
    mesh["b"].done(mesh["b"].accounts.set_password(account, "another horse"))
    mesh.settle()
    assert mesh.log_in("a", "ann", "another horse").id == account.id
    with pytest.raises(Refused):
        mesh.log_in("a", "ann")
    mesh.agree()
    # By the database alone: they tell each other that there is news, once each, and nothing more.
    assert records_told(mesh) == []
    news = [line for line in mesh.said("a", "b") if " CNNEWS " in line]
    assert len(news) == len(set(news)) >= 2
    mesh.check()


def test_without_a_link_it_takes_a_look(databases: Databases) -> None:
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name, "b": name}, "a", "b")
    account = mesh["a"].account("ann")
    assert mesh.known_as("b", "ann") is None
    mesh.advance(WATCH)
    assert mesh.log_in("b", "ann").id == account.id
    mesh.check()


def test_of_two_registrations_of_one_name_at_one_moment_one_is_made(databases: Databases) -> None:
    """Neither server has heard of the other's, and the nick is on both sides of a lost link."""
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name, "b": name}, "a", "b")
    clients = {each: mesh[each].client("ann") for each in "ab"}
    for client in clients.values():
        client >> f"REGISTER * * :{SECRET}"
    a, b = ([line for line in client.lines() if " REGISTER " in line] for client in clients.values())
    assert a[0].startswith(":a.test REGISTER SUCCESS ann ") and len(a) == 1
    assert b[0].startswith(":b.test FAIL REGISTER ACCOUNT_EXISTS ann ") and len(b) == 1
    mesh.advance(WATCH)
    mesh.agree()
    assert len(mesh["b"].node.network.registry.accounts) == 1
    mesh.check()


def test_away_people_log_in_and_nothing_is_changed(databases: Databases) -> None:
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name, "b": name}, "a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann = mesh["a"].account("ann")
    mesh.settle()
    databases.postgres.stop()
    mesh.advance(10)
    for each in "ab":
        assert mesh.log_in(each, "ann").id == ann.id
        client = mesh[each].client(f"bob{each}")
        client >> f"REGISTER * * :{SECRET}"
        assert f":{each}.test FAIL REGISTER TEMPORARILY_UNAVAILABLE" in "\n".join(client.lines())
        trouble = [line for line in mesh[each].log.lines if "Accounts cannot be changed" in line]
        assert len(trouble) == 1 and trouble[0].startswith(
            "Accounts cannot be changed: The database of accounts cannot be reached ("
        )
        assert PASSWORD not in trouble[0]
    mesh.advance(61)
    trouble = [line for line in mesh["a"].log.lines if "Accounts cannot be changed" in line]
    assert len(trouble) == 2
    databases.postgres.start()
    mesh.advance(6)
    assert mesh["a"].log.lines[-1] == "Accounts can be changed again"
    bob = mesh["b"].account("bob")
    mesh.settle()
    assert mesh.log_in("a", "bob").id == bob.id
    assert records_told(mesh) == []
    mesh.check()


def test_a_network_of_which_some_have_a_database(databases: Databases) -> None:
    """Two on one database, and one with a file; in a chain, and when the database is away in between."""
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name, "b": name}, "a", "b", "c")
    before = mesh["c"].account("cat")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    mesh.agree()
    assert mesh.log_in("a", "cat").id == before.id
    ann = mesh["a"].account("ann")
    mesh.settle()
    assert mesh.log_in("c", "ann").id == ann.id
    mesh.settle()
    mesh.agree()
    databases.postgres.stop()
    mesh.advance(3)
    mesh["c"].account("dan")
    mesh.settle()
    assert mesh.known_as("b", "dan") is None
    databases.postgres.start()
    mesh.advance(30)
    mesh.agree()
    dan = mesh.log_in("a", "dan")
    # The one with the file is linked to the other one: that goes on where its neighbour stopped.
    mesh.cut("b", "c")
    mesh["a"].done(mesh["a"].accounts.change(dan, {"vhost": "1 dan.example.org"}))
    mesh.advance(WATCH)
    for wire in mesh.wires:
        for pipe in wire.pipes.values():
            pipe.said.clear()
    mesh.link("a", "c")
    mesh.settle()
    mesh.advance(2)
    mesh.agree()
    haves = [line.split()[2:6] for line in mesh.said("c", "a") if " CNHAVE " in line]
    assert haves[0][0] == "*" and haves[1][0] == mesh["a"].store.id and int(haves[1][2]) > 0
    begun = [line.split()[3:6] for line in mesh.said("a", "c") if " CNPAGE " in line]
    assert begun[0] == ["-", "0", "0"] and ["-", "0", haves[1][2]] in begun
    mesh.check()


def test_two_databases_are_fed_as_two_servers_are(databases: Databases) -> None:
    one, other = (databases.postgres.database() for _ in range(2))
    mesh = Joined(databases, {"a": one, "b": one, "c": other, "d": other}, "a", "b", "c", "d")
    first = mesh["a"].account("ann")
    mesh.clock.advance(1)
    second = mesh["d"].account("Ann")
    for pair in ("ab", "bc", "cd"):
        mesh.link(*pair)
    mesh.settle()
    mesh.agree()
    assert mesh.known_as("d", "ann") is mesh["d"].node.network.registry.accounts[first.id]
    assert mesh["a"].node.network.registry.accounts[second.id].shown == f"Ann~{second.id[1:5]}"
    mesh.advance(1200)
    mesh.agree()
    assert all(mesh[each].parts.links.feeds.comparing.mended == 0 for each in "abcd")
    mesh.check()


def test_news_of_others_mean_nothing(databases: Databases) -> None:
    name = databases.postgres.database()
    mesh = Joined(databases, {"a": name}, "a", "b")
    mesh.link("a", "b")
    mesh.settle()
    assert [line for line in mesh.said("a", "b") if " CNNEWS " in line] == [
        f":0AA CNNEWS {mesh['a'].store.id} 0"
    ]
    mesh["b"].account("ann")
    mesh.settle()
    mesh.agree()
    assert not mesh.feed("b", "a").shared and not mesh.feed("a", "b").shared
    mesh.check()
