"""Real daemons, three in a row, and one person on all: who is kept out, and what ends their sessions."""

from __future__ import annotations

import socket

import pytest
from argon2 import PasswordHasher
from daemon_network import Network, answered, registered
from daemon_process import DEADLINE, HOST, Client, Daemon, wait_for

pytestmark = pytest.mark.daemon

WORD = "correct-horse-1"
HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
MORE = f"""
[accounts]
iterations = 4096
nick_protection = "off"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[[oper_class]]
name = "admin"
privileges = ["bans", "see-all", "audit", "accounts"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
"""


def linked(network: Network) -> list[Daemon]:
    """a - b - c, which keep the same accounts."""
    for name in "abc":
        network.add(name)
    for name, others in (("a", "b"), ("b", "ac"), ("c", "b")):
        blocks = [network.to(other, name < other, accounts='"full"') for other in others]
        network.configure(name, *blocks, more=MORE)
    daemons = [network.daemons[name].start() for name in "abc"]
    for name, count in (("a", 1), ("b", 2), ("c", 1)):
        network.linked(name, count)
    return daemons


def device(client: Client, nick: str = "ann") -> Client:
    """One more device of ann's that asks for a nick."""
    client.send(f"PASS ann:{WORD}", f"NICK {nick}", "USER ann 0 * :Ann")
    return client


def elsewhere(daemon: Daemon) -> Client:
    """A connection from another address of this machine."""
    return Client(socket.create_connection((HOST, daemon.port), DEADLINE, source_address=("127.0.0.2", 0)))


def heard(speaker: Client, *others: Client) -> None:
    speaker.send("PRIVMSG #c :still here")
    for other in others:
        other.until(r"^:ann!\S+ PRIVMSG #c :still here$")


def test_what_keeps_sessions_out_and_what_ends_them(network: Network) -> None:
    a, b, c = linked(network)
    with a.connect_tls() as desk, a.connect_tls() as guard, b.client("bob") as bob, b.client("root") as root:
        registered(desk.register("ann"), WORD)
        desk.send("JOIN #c", "JOIN #s", "MODE #s +S")
        desk.until(r" MODE #s \+S$")
        guard.register("guard").send("JOIN #s")  # it is there while ann is not
        guard.until(" 366 guard #s ")
        bob.send("JOIN #c")
        bob.until(" 366 bob #c ")
        root.send("OPER root sesame")
        root.until(" 381 ")
        wait_for(lambda: _knows(c), "the account at c")
        # Without TLS nobody is attached who is in a channel for TLS, nor comes into one then.
        with device(elsewhere(c)) as phone:
            phone.until("You are in #s, which is for those who connect by TLS")
            phone.until(" 433 ")
        desk.send("PART #s")
        desk.until(" PART #s")
        with device(elsewhere(c)) as phone:
            phone.until(" 001 ann ")
            desk.until(r" MODE ann :-Z$")
            desk.send("JOIN #s")
            desk.until(" 480 ann #s ")
            heard(phone, desk, bob)
            # A ban of the address of one device.
            root.send("UBAN ADD 127.0.0.2 1d bots")
            assert "Banned: bots" in phone.rest()[-1]
            heard(desk, bob)
        # One device ends another one.
        with device(c.connect_tls()) as phone, device(b.connect()) as tablet:
            phone.until(" 001 ann ")
            tablet.until(" 001 ann ")
            there = " on c.test from "
            listed = answered(desk, "NS CLIENTS LIST", r"sessions? of ann\.", there)[-1]
            told = next(line for line in listed if there in line)
            desk.send(f"NS CLIENTS LOGOUT {told.partition(' :')[2].partition('.')[0]}")
            assert "Logged out by ann" in phone.rest()[-1]
            heard(tablet, desk, bob)
            # The account is suspended: all end, and others read of it once.
            root.send("NS SUSPEND ann spam")
            for client, server in ((desk, "a"), (tablet, "b")):
                assert f"(Killed ({server}.test (The account ann is suspended: spam)))" in client.rest()[-1]
            bob.until("^:ann!.* QUIT ")
            assert not any(" QUIT " in line for line in bob.sync())
    for daemon in (a, b, c):
        assert "Traceback" not in daemon.output() and "is odd" not in daemon.output()


def _knows(daemon: Daemon) -> bool:
    with daemon.connect().register("who") as client:
        client.send(f"NS IDENTIFY ann {WORD}")
        return "logged in" in client.until(" 900 |NOTICE who :")[-1]
