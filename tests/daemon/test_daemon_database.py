"""Real servers that have one database of PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import count

import pytest
from daemon_network import Network
from daemon_process import Daemon, wait_for
from postgresql_server import PASSWORD, Postgres

pytestmark = [pytest.mark.daemon, pytest.mark.client]

FULL = {"accounts": '"full"'}
WORD = "correct-horse-1"
NUMBERS = count()


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


def registered(daemon: Daemon, nick: str) -> str:
    return said(daemon, nick, f"NS REGISTER {WORD}", end=f"NOTICE {nick} :")


def logged_in(daemon: Daemon, account: str, word: str = WORD) -> bool:
    nick = f"who{next(NUMBERS)}"  # the last one may not have left on all servers yet
    return " 900 " in said(daemon, nick, f"NS IDENTIFY {account} {word}", end=f" 900 |NOTICE {nick} :")


def test_accounts_are_in_the_database(database: Network, postgres: Postgres) -> None:
    with database.daemons["a"] as a, database.daemons["b"] as b:
        database.linked("a")
        database.linked("b")
        assert "The account ann is yours" in registered(a, "ann")
        wait_for(lambda: logged_in(b, "ann"), "ann at b")
        # It is away: people log in, and nothing is changed.
        postgres.stop()
        assert logged_in(a, "ann") and logged_in(b, "ann")
        assert "Accounts cannot be used now" in registered(b, "bob")
        wait_for(lambda: "The database of accounts cannot be reached" in a.output(), "the log of a")
        # One is started meanwhile.
        b.signal(signal.SIGTERM)
        b.wait()
        b.start()
        assert logged_in(b, "ann")
        database.linked("a", 2)
        postgres.start()
        wait_for(lambda: "The account bob is yours" in registered(b, "bob"), "the database")
        wait_for(lambda: logged_in(a, "bob"), "bob at a")
        wait_for(lambda: "Accounts can be changed again" in a.output(), "the log of a")
    for daemon in (a, b):
        for secret in (WORD, PASSWORD, "SCRAM-SHA-256$"):
            assert secret not in daemon.output()
