"""Real servers, one of which has two uplinks: when it loses the one, it is at the other within seconds."""

from __future__ import annotations

import signal
from itertools import chain

import pytest
from daemon_network import Network, answered, met
from daemon_process import HOST, wait_for
from daemon_relay import Relay

pytestmark = pytest.mark.daemon


def test_a_leaf_whose_hub_dies_goes_to_the_next_and_stays_there(network: Network) -> None:
    for name in "abc":
        network.add(name)
    network.configure("a", network.to("b"), network.to("c"), grace=30)
    network.configure("b", network.to("a", True), network.to("c"), grace=30)
    uplinks = 'uplinks = ["a.test", "b.test"]\nfailover_delay = 0.2\n'
    network.configure("c", network.to("a", True), network.to("b", True), more=uplinks, grace=30)
    with network.daemons["a"] as a, network.daemons["b"] as b, network.daemons["c"] as c:
        network.linked("b")
        network.linked("c")
        assert "Linked to a.test" in c.output(), "the first of them"
        with b.client("bob") as bob, c.client("cid") as cid:
            met(bob, cid, "#c")
            bob.send("PRIVMSG #c :here")
            cid.until("^:bob!.* PRIVMSG #c :here$")
            a.signal(signal.SIGKILL)
            a.wait()
            bob.until("^:cid!.* QUIT :a.test c.test$")
            bob.until("^:cid!.* JOIN #c")
            cid.until("^:bob!.* QUIT :c.test a.test$")
            cid.until("^:bob!.* JOIN #c")
            cid.send("PRIVMSG #c :here again")
            bob.until("^:cid!.* PRIVMSG #c :here again$")
            # The first comes back, and nobody moves for it.
            a.start()
            wait_for(lambda: b.output().count("Linked to a.test") == 2, "the way back of a")
            answers = answered(cid, "LINKS", " 365 ", r" 364 cid a\.test ")
            assert [line.split()[3:5] for line in answers[-1] if " 364 " in line] == [
                ["c.test", "c.test"],
                ["b.test", "c.test"],
                ["a.test", "b.test"],
            ]
            assert [line for line in chain(*answers, bob.sync()) if " QUIT " in line] == []


def test_a_leaf_that_alone_has_lost_its_hub_does_not_wait_out_the_grace(
    network: Network,
) -> None:
    for name in "abc":
        network.add(name)
    relay = Relay(network.link_ports["a"])
    network.configure("a", network.to("b"), network.to("c", allow_squit_others="false"), grace=300)
    network.configure("b", network.to("a", True), network.to("c"), grace=300)
    uplinks = 'uplinks = ["a.test", "b.test"]\nfailover_delay = 0.2\n'
    way = network.to("a", True, addresses=f'["{HOST}:{relay.port}"]')
    network.configure("c", way, network.to("b", True), more=uplinks, grace=300)
    with network.daemons["a"] as a, network.daemons["b"] as b, network.daemons["c"]:
        network.linked("b")
        network.linked("c")
        with a.client("ann") as ann, b.client("bob") as bob, network.daemons["c"].client("cid") as cid:
            met(ann, cid, "#c")
            bob.send("JOIN #c")
            cid.until("^:bob!.* JOIN #c")
            relay.reset()
            wait_for(lambda: "Link to c.test suspended" in a.output(), "the loss")
            ann.send("PRIVMSG cid :on its way")
            for person in (ann, bob):
                person.until("^:cid!.* QUIT ")
            ann.until("^:a.test 401 ann cid :The link to their server was lost")
            for person in (ann, bob):
                person.until("^:cid!.* JOIN #c")
            assert "c.test comes here: a.test is asked to let it go" in b.output()
            assert "The link to c.test ended: It went to b.test" in a.output()
            cid.until("^:bob!.* JOIN #c")
            cid.send("PRIVMSG #c :here again")
            for person in (ann, bob):
                person.until("^:cid!.* PRIVMSG #c :here again$")
            bob.send("LINKS")
            links = [line.split()[3:5] for line in bob.until(" 365 ") if " 364 " in line]
            assert sorted(links) == [["a.test", "b.test"], ["b.test", "b.test"], ["c.test", "b.test"]]
