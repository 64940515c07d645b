"""A real link that is lost for a moment, which nobody reads of if splits are damped."""

from __future__ import annotations

import signal

import pytest
from daemon_network import Network, met
from daemon_process import wait_for

pytestmark = pytest.mark.daemon


def test_a_link_that_is_lost_for_a_moment(network: Network) -> None:
    """b ends the link by a reload, and makes it again; then it dies, which is told when the time is over."""
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"), more="split_damping = 4\n")
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.connect().register("ann") as ann:
            bob = b.connect().register("bob")
            met(ann, bob, "#c")
            network.configure("b")
            b.reload()
            bob.until("^:ann!.* QUIT ")
            ann.send("PRIVMSG bob :are you there?", "NAMES #c")
            assert "bob" in ann.until(" 366 ")[-2]
            network.configure("b", network.to("a", True))
            b.reload()
            network.linked("a", 2)
            bob.until("^:ann!.* JOIN #c")
            bob.until("^:ann!.* PRIVMSG bob :are you there")
            assert not [line for line in ann.sync() if "bob" in line]
            b.signal(signal.SIGKILL)
            b.wait()
            wait_for(lambda: a.output().count("The link to b.test ended") == 2, "the end of the link")
            ann.send("PRIVMSG bob :and now?")
            # (b need not have confirmed what it heard a moment ago.)
            assert not [line for line in ann.sync() if "bob" in line and "may not have arrived" not in line]
            lines = ann.until(" 401 ann bob :No such")
            assert [line.partition(" ")[2] for line in lines] == [
                "QUIT :a.test b.test",
                "401 ann bob :No such nick/channel",
            ]
