"""The real daemon keeps people who are always on: over a restart, whether it ended well or was killed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from daemon_network import registered
from daemon_process import Client, Daemon, wait_for
from test_daemon_history import CONFIGURATION, PASSWORD

pytestmark = pytest.mark.daemon


def stays(daemon: Daemon) -> None:
    """ann has an account, stays, is in #c, which is closed, and goes."""
    with daemon.connect() as ann:
        ann.register("ann")
        registered(ann, PASSWORD)
        ann.send("PRIVMSG NickServ :SET ALWAYS-ON ON", "JOIN #c", "MODE #c +ik sesame", "TOPIC #c :tea")
        ann.until(" TOPIC #c :tea$")
        ann.send("QUIT")
        assert ann.line() is not None


def seen(client: Client) -> list[str]:
    """What WHOIS tells of ann: the channels that are no secret, and that nobody is connected."""
    client.send("WHOIS ann")
    told = [line for line in client.until(" 318 ") if " 319 " in line or " 301 " in line]
    return [line.partition(" bob ann ")[2] for line in told]


def is_written(daemon: Daemon, channel: str) -> bool:
    """Whether somebody who is in a channel is in the file."""
    path = Path(daemon.folder) / "chatnet-data" / "persons.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        return any(channel in text for (text,) in connection.execute("SELECT state FROM person"))


@pytest.mark.parametrize("sudden", [False, True])
def test_who_stays_is_there_after_a_restart(daemon: Daemon, sudden: bool) -> None:
    daemon.configure(CONFIGURATION)
    with daemon:
        stays(daemon)
        wait_for(lambda: is_written(daemon, "#c"), "ann to be written")
        daemon.restart(sudden=sudden)
        with daemon.connect() as bob:
            bob.register("bob")
            assert seen(bob) == [":@#c", ":Nobody is connected"]
            bob.send("JOIN #c sesame")
            bob.until(" 473 bob #c ")
        with daemon.connect() as ann:
            ann.send(f"PASS ann@phone:{PASSWORD}", "NICK whatever", "USER x 0 * :x")
            ann.until(" 001 ann ")
            ann.until("^:ann!.* JOIN #c$")
            ann.until(" 332 ann #c :tea$")


def test_a_damaged_file_keeps_nobody_from_chatting(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    with daemon:
        stays(daemon)
        daemon.stop()
        for path in (Path(daemon.folder) / "chatnet-data").glob("persons.sqlite*"):
            path.write_bytes(b"\xff" * 8192)
        daemon.start()
        with daemon.connect() as ann:
            ann.send(f"PASS ann:{PASSWORD}")
            ann.register("ann")
            ann.send("JOIN #d")
            ann.until(" 366 ")
            wait_for(lambda: is_written(daemon, "#d"), "ann to be written")
