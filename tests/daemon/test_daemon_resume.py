"""Two real servers, and between them a relay that is reset and comes back after a while."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher
from daemon_network import Network, met
from daemon_process import HOST, Client, Daemon, wait_for

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


class Relay:
    """Passes what comes to `port` on to another port, until it is reset."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._ends: list[socket.socket] = []
        self._listening: socket.socket | None = None
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]
        self.open()

    def open(self) -> None:
        """Take connections."""
        self._listening = listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, self.port))
        listening.listen()
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near = listening.accept()[0]
                far = socket.create_connection((HOST, self._to))
            except OSError:
                return
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(700):
                other.sendall(data)
        except OSError:
            return
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def reset(self) -> None:
        """Reset all connections, and take no more."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        ends, self._ends = self._ends, []
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD)  # wakes who reads
            except OSError:
                pass
            end.close()


@pytest.fixture
def relayed(network: Network) -> Iterator[tuple[Network, Relay]]:
    """a and b; b dials a, through the relay."""
    for name in "ab":
        network.add(name)
    relay = Relay(network.link_ports["a"])
    network.configure("a", network.to("b") + OPER, grace=15)
    network.configure("b", network.to("a", True, addresses=f'["{HOST}:{relay.port}"]'), grace=15)
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


RESUMED = "Link to a.test resumed"


def _more(daemon: Daemon, count: int) -> bool:
    return daemon.output().count(RESUMED) > count


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
            for _ in range(3):
                for _ in range(3):  # some of it is on its way when the connection is lost
                    for number in range(said, said + 40):
                        ann.send(f"PRIVMSG #c :{number}")
                        bob.send(f"PRIVMSG #c :{number}")
                    said += 40
                    if said % 120 == 80:
                        relay.reset()
                resumed = b.output().count(RESUMED)
                wait_for(lambda: "suspended" in b.output(), "the loss")
                time.sleep(1.2)  # it is away for a while
                relay.open()
                wait_for(partial(_more, b, resumed), "the return")
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
