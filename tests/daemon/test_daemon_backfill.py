"""Real servers that part and meet: each learns what was said at the other, and operators can delete it."""

from __future__ import annotations

import re

import pytest
from daemon_network import Network, met
from daemon_process import Daemon, wait_for

pytestmark = pytest.mark.daemon

CAPS = "CAP REQ :message-tags draft/message-redaction echo-message"


def told(daemon: Daemon, by: str, messages: int) -> None:
    """Wait until it has learnt so many from the server `by`."""
    text = f"{by} told {messages} messages that were missing here"
    wait_for(lambda: text in daemon.output(), text)


def test_what_was_said_during_a_split_can_be_deleted_after_it(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.connect() as ann, b.connect() as bob:
            for client in (ann, bob):
                client.send(CAPS, "CAP END")
            ann.register("ann")
            bob.register("bob")
            met(ann, bob, "#c")
            network.configure("a")
            a.reload()
            ann.until("^:bob!.* QUIT ")
            bob.until("^:ann!.* QUIT ")
            for number in range(300):
                bob.send(f"PRIVMSG #c :b {number}")
            ann.send(*(f"PRIVMSG #c :a {number}" for number in range(200)))
            said = re.findall(r"@msgid=(\S+) :bob!\S+ PRIVMSG", "\n".join(bob.sync()))
            assert len(said) == 300
            network.configure("a", network.to("b"))
            a.reload()
            ann.until("^:bob!.* JOIN #c")
            told(a, "b.test", 300)
            told(b, "a.test", 200)
            ann.send(f"REDACT #c {said[0]} :no")
            bob.until(rf"^@msgid=\S+ :ann!\S+ REDACT #c {said[0]} :no$")
            assert not [line for line in ann.sync() if "PRIVMSG" in line or "FAIL" in line]
    for name in "ab":
        assert "Traceback" not in network.daemons[name].output()
