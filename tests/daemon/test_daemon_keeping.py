"""The real daemon: what a registered channel is like is so after a restart, and after a kill."""

from __future__ import annotations

import signal

import pytest
from daemon_process import Client, Daemon
from test_daemon_chanserv import CONFIGURATION, PASSWORD, asked

pytestmark = pytest.mark.daemon

KEPT_AT_ONCE = f"{CONFIGURATION}\n[channels]\nsave_after = 0\n"


def comes(daemon: Daemon, nick: str, topic: str, modes: str) -> Client:
    """Somebody comes in, and finds topic, modes and bans so."""
    client = daemon.client(nick)
    client.send("JOIN #c")
    client.until(f" 332 {nick} #c :{topic}$")
    client.until(f" 333 {nick} #c ann!")
    client.send("MODE #c", "MODE #c b")
    client.until(f" 324 {nick} #c {modes}$")
    client.until(rf" 367 {nick} #c \*!\*@bad ann!")
    client.until(f" 368 {nick} #c ")
    return client


def founder(daemon: Daemon) -> Client:
    """ann has registered #c, and dressed it."""
    ann = daemon.client("ann")
    ann.send(f"NS REGISTER {PASSWORD}")
    ann.until("The account ann is yours")
    ann.send("JOIN #c")
    asked(ann, "REGISTER #c", "#c belongs to ann now")
    asked(ann, r"SET #c MLOCK +m-s", r"The modes \+m-s of #c are locked now")
    ann.send("MODE #c +b *!*@bad", "MODE #c +b *!*@gone", "MODE #c -b *!*@gone")
    ann.send("TOPIC #c :of the club", "PING done")
    ann.until("PONG .*done")
    return ann


def test_it_is_so_after_an_orderly_end_whenever_that_is(daemon: Daemon) -> None:
    daemon.configure(f"{CONFIGURATION}\n[channels]\nsave_after = 60\n")
    daemon.start()
    founder(daemon)
    daemon.stop()
    daemon.start()
    bob = comes(daemon, "bob", "of the club", r"\+mnt")
    bob.send("MODE #c -m")
    bob.until(" (742|482) bob #c ")


def test_it_is_so_after_a_kill(daemon: Daemon) -> None:
    daemon.configure(KEPT_AT_ONCE)
    daemon.start()
    ann = founder(daemon)
    # What is answered stands behind the change in the writer's queue.
    asked(ann, "SET #c URL https://example.org", "url of #c is ")
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    comes(daemon, "bob", "of the club", r"\+mnt")
