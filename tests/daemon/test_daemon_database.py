"""Real servers that have one database of PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import count

import pytest
from daemon_network import Network, registered
from daemon_process import Daemon, wait_for
from postgresql_server import PASSWORD, Postgres
from test_daemon_history import member, page

pytestmark = [pytest.mark.daemon, pytest.mark.client]

FULL = {"accounts": '"full"'}
WORD = "correct-horse-1"
NUMBERS = count()
WORDS = [f"word{number}" for number in range(5)]


@pytest.fixture
def database(postgres: Postgres, network: Network) -> Iterator[Network]:
    """Two servers, a and b, that are linked and have one database; it runs again after the test."""
    url = postgres.url(postgres.database(), "chat", PASSWORD)
    for name in "ab":
        network.add(name)
        network.daemons[name].environment["CHATNET__STORAGE__URL"] = url
    network.configure("a", network.to("b", **FULL))
    network.configure("b", network.to("a", True, **FULL))
    yield network
    postgres.stop()
    postgres.start()


def said(daemon: Daemon, nick: str, *lines: str, end: str) -> str:
    """What somebody reads who says that, up to a line."""
    with daemon.connect().register(nick) as client:
        for line in lines:
            client.send(line)
        return client.until(end)[-1]


def tried(daemon: Daemon, nick: str) -> str:
    """What somebody reads who registers a nick."""
    return said(daemon, nick, f"NS REGISTER {WORD}", end=f"NOTICE {nick} :")


def logged_in(daemon: Daemon, account: str, word: str = WORD) -> bool:
    nick = f"who{next(NUMBERS)}"  # the last one may not have left on all servers yet
    return " 900 " in said(daemon, nick, f"NS IDENTIFY {account} {word}", end=f" 900 |NOTICE {nick} :")


def test_accounts_are_in_the_database(database: Network, postgres: Postgres) -> None:
    with database.daemons["a"] as a, database.daemons["b"] as b:
        database.linked("a")
        database.linked("b")
        with a.connect().register("ann") as ann:
            registered(ann, WORD)
        wait_for(lambda: logged_in(b, "ann"), "ann at b")
        # It is away: people log in, and nothing is changed.
        postgres.stop()
        assert logged_in(a, "ann") and logged_in(b, "ann")
        assert "Accounts cannot be used now" in tried(b, "bob")
        wait_for(lambda: "The database of accounts cannot be reached" in a.output(), "the log of a")
        # One is started meanwhile.
        b.signal(signal.SIGTERM)
        b.wait()
        b.start()
        assert logged_in(b, "ann")
        database.linked("a", 2)
        postgres.start()
        wait_for(lambda: "The account bob is yours" in tried(b, "bob"), "the database")
        wait_for(lambda: logged_in(a, "bob"), "bob at a")
        wait_for(lambda: "Accounts can be changed again" in a.output(), "the log of a")
    for daemon in (a, b):
        for secret in (WORD, PASSWORD, "SCRAM-SHA-256$"):
            assert secret not in daemon.output()


def test_what_was_said_is_in_the_database_once(database: Network, postgres: Postgres) -> None:
    with database.daemons["a"] as a, database.daemons["b"] as b:
        database.linked("a")
        database.linked("b")
        with a.connect() as ann, b.connect() as bob:
            member(ann, "ann", new=True), member(bob, "bob", new=True)
            for client in (ann, bob):
                client.send("JOIN #c")
                client.until(" 366 ")
            bob.send("PRIVMSG ann :are you there?")
            ann.until("are you there")
            for number in range(5):
                ann.send(f"PRIVMSG #c :word{number}")
            bob.until("word4")
            wait_for(lambda: len(page(ann, "#c")) == len(WORDS), "what was said")
            assert [text for _, _, text in page(ann, "#c")] == WORDS
            assert page(ann, "#c") == page(bob, "#c")
            # It is away for a while, and nothing is lost.
            postgres.stop()
            ann.send("PRIVMSG #c :meanwhile")
            bob.until("meanwhile")
            wait_for(lambda: "Messages are not stored" in a.output(), "the log of a")
            postgres.start()
            wait_for(lambda: "Messages are stored again" in a.output(), "the log of a")
        for daemon in (a, b):
            daemon.signal(signal.SIGTERM)
            daemon.wait()
    name = a.environment["CHATNET__STORAGE__URL"].split("/")[3].partition("?")[0]
    texts = postgres.execute(name, "SELECT text FROM message WHERE kind = 1 ORDER BY at, msgid")
    assert [text for (text,) in texts] == ["are you there?", *WORDS, "meanwhile"]
    assert not (a.folder / "chatnet-data" / "history.sqlite").exists()
