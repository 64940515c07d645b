"""Two real servers, and between them a relay that is reset and comes back after a while."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher
from daemon_network import Network, met
from daemon_process import HOST, Client, Daemon, wait_for
from daemon_relay import Relay

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")

OPER = f"""
[[oper_class]]
name = "admin"
privileges = ["routing", "see-all", "die"]
[[oper]]
name = "ann"
class = "admin"
password = "{HASH}"
"""


@pytest.fixture
def relayed(network: Network) -> Iterator[tuple[Network, Relay]]:
    """a and b; b dials a, through the relay."""
    for name in "ab":
        network.add(name)
    relay = Relay(network.link_ports["a"])
    network.configure("a", network.to("b") + OPER, grace=300)
    network.configure("b", network.to("a", True, addresses=f'["{HOST}:{relay.port}"]'), grace=300)
    yield network, relay
    relay.reset()


def numbered(client: Client, sender: str, count: int) -> list[str]:
    """The next so many messages of `sender`; nobody may quit meanwhile."""
    texts: list[str] = []
    while len(texts) < count:
        line = client.line()
        assert line is not None and " QUIT " not in line, line
        if found := re.match(rf":{sender}!\S+ PRIVMSG #c :(.*)", line):
            texts.append(found[1])
    return texts


def together(ann: Client, bob: Client) -> None:
    """Both are in #c, and both servers know of it."""
    met(ann, bob, "#c")
    for one, other in ((ann, bob), (bob, ann)):
        one.send("PRIVMSG #c :here")
        other.until(f"^:{one.nick}!.* PRIVMSG #c :here")


RESUMED, SUSPENDED, IN_VAIN = "Link to a.test resumed", "Link to a.test suspended", "No link to a.test"


def _more(daemon: Daemon, words: str, count: int) -> bool:
    return daemon.output().count(words) > count


def test_a_link_that_is_reset_loses_nothing(relayed: tuple[Network, Relay]) -> None:
    network, relay = relayed
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.client("ann") as ann, b.client("bob") as bob:
            ann.send("OPER ann secret", "MODE ann +s +x")
            ann.until(" 381 ")
            together(ann, bob)
            said = 0
            for times in range(3):
                in_vain = b.output().count(IN_VAIN)
                for _ in range(3):  # some of it is on its way when the connection is lost
                    for number in range(said, said + 40):
                        ann.send(f"PRIVMSG #c :{number}")
                        bob.send(f"PRIVMSG #c :{number}")
                    said += 40
                    if said % 120 == 80:
                        relay.reset()
                wait_for(partial(_more, b, SUSPENDED, times), "the loss")
                wait_for(partial(_more, b, IN_VAIN, in_vain), "an attempt while it is away")
                relay.open()
                wait_for(partial(_more, b, RESUMED, times), "the return")
            wanted = [str(number) for number in range(said)]
            assert numbered(bob, "ann", said) == wanted
            notices: list[str] = []
            texts: list[str] = []
            while len(texts) < said:
                line = ann.line()
                assert line is not None and " QUIT " not in line
                if " -- " in line:
                    notices.append(line.partition(" -- ")[2])
                elif line.startswith(":bob!"):
                    texts.append(line.rpartition(":")[2])
            assert texts == wanted
            assert [line for line in bob.sync() if " PRIVMSG " in line or " QUIT " in line] == []
            assert [line for line in ann.sync() if " PRIVMSG " in line or " QUIT " in line] == []
            suspended = [notice for notice in notices if notice.startswith("Link to b.test suspended: ")]
            back = [
                notice
                for notice in notices
                if re.fullmatch(r"Link to b\.test resumed after \d+\.\d s, \d+ lines replayed", notice)
            ]
            assert len(suspended) == len(back) == 3, notices


def test_a_link_that_does_not_come_back_splits_once(relayed: tuple[Network, Relay]) -> None:
    network, relay = relayed
    network.configure("a", network.to("b") + OPER, grace=1.5)
    with network.daemons["a"] as a, network.daemons["b"]:
        network.linked("a")
        network.linked("b")
        b = network.daemons["b"]
        with a.client("ann") as ann, b.client("bob") as bob:
            together(ann, bob)
            relay.reset()
            ann.until("^:bob!.* QUIT :a.test b.test$")
            # b waits still; the answer tells that a does not.
            relay.open()
            bob.until("^:ann!.* QUIT :b.test a.test$")
            bob.until("^:ann!.* JOIN #c$")
            ann.until("^:bob!.* JOIN #c$")
            assert "Link to a.test begins anew" in b.output() or "There is nothing" in b.output()


def test_who_is_stopped_leaves_when_all_is_said(relayed: tuple[Network, Relay]) -> None:
    network, _ = relayed
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.client("ann") as ann, b.client("bob") as bob:
            together(ann, bob)
            for number in range(500):
                ann.send(f"PRIVMSG #c :{number}")
            ann.sync()
            a.stop()
            assert numbered(bob, "ann", 500) == [str(number) for number in range(500)]
            bob.until("^:ann!.* QUIT ")
