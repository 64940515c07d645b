"""Real servers that keep the same accounts: registered on one, known on the other, whatever is killed."""

from __future__ import annotations

import signal

import pytest
from daemon_network import Network, registered
from daemon_process import Client, Daemon, wait_for

pytestmark = pytest.mark.daemon

FULL = {"accounts": '"full"'}
WORD = "correct-horse-1"


def identified(daemon: Daemon, nick: str, account: str, word: str) -> Client:
    client = daemon.connect().register(nick)
    client.send(f"NS IDENTIFY {account} {word}")
    client.until(" 900 ")
    return client


def test_an_account_is_that_of_the_network(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b", **FULL))
    network.configure("b", network.to("a", True, **FULL))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.connect().register("ann") as ann:
            registered(ann, WORD)
        # b has it in a moment.
        with b.connect().register("bob") as bob:
            bob.send("NS INFO ann")
            while "no account" in bob.until("NOTICE bob :")[-1]:
                bob.send("NS INFO ann")
        with identified(b, "ann_", "ann", WORD) as elsewhere:
            elsewhere.send(f"NS SET PASSWORD {WORD} another-horse-2")
            elsewhere.until("Your password is changed on b.test. a.test hears of it now.")
        # One is killed; the other goes on, and tells it when it is back.
        b.signal(signal.SIGKILL)
        b.wait()
        wait_for(lambda: "The link to b.test ended" in a.output(), "the end of the link")
        with a.connect().register("cat") as cat:
            registered(cat, WORD)
            cat.send(f"NS SET PASSWORD {WORD} third-horse-3")
            cat.until("b.test is away and takes the old one")
        b.start()
        network.linked("a", 2)
        wait_for(lambda: _logs_in(b, "cat", "third-horse-3"), "what b missed")
        identified(b, "ann_", "ann", "another-horse-2").close()
    for daemon in (a, b):
        for secret in (WORD, "another-horse-2", "third-horse-3", "SCRAM-SHA-256$"):
            assert secret not in daemon.output()


def _logs_in(daemon: Daemon, account: str, word: str) -> bool:
    with daemon.connect().register("who") as client:
        client.send(f"NS IDENTIFY {account} {word}")
        return "logged in" in client.until(" 900 |NOTICE who :")[-1]
