"""Servers that come back somewhere in the network: everybody with the capability reads one netjoin batch.

https://ircv3.net/specs/batches/netsplit
"all netjoin-related JOINs MUST be put into a single netjoin batch"
"""

from __future__ import annotations

import re

from conversation import Client, House
from mesh import Mesh, block, stranger
from states import channel
from street import user

CAPS = "batch"


def row() -> tuple[Mesh, Client, list[Client]]:
    """a–b–c–d; ann of a has the capability, and all of c and d are in #x with her."""
    mesh = Mesh("a", "b", "c", "d", links={"burst_slice": 1})
    for pair in ("ab", "cb", "cd"):
        mesh.link(*pair)
    ann = mesh["a"].client("ann", caps=CAPS)
    others = [mesh[place].client(nick) for place, nick in (("c", "cid"), ("c", "cyd"), ("d", "dan"))]
    for client in (ann, *others):
        mesh.settle()
        client >> "JOIN #x"
    mesh.settle()
    ann.lines()
    return mesh, ann, others


def told(client: Client) -> list[str]:
    """What a client reads, with * for the reference of its batch."""
    return [re.sub(r"(@batch=|BATCH [+-])[0-9]+", r"\1*", line) for line in client.lines()]


def test_a_netjoin_far_away_is_one_batch() -> None:
    mesh, ann, others = row()
    mesh.cut("b", "c")
    mesh.settle()
    assert told(ann)[0] == ":a.test BATCH +* netsplit b.test c.test"
    mesh.link("c", "b")
    mesh.settle()
    lines = told(ann)
    assert lines[0] == ":a.test BATCH +* netjoin b.test c.test"
    assert lines[-1] == ":a.test BATCH -*"
    sources = [f"{other.user.mask}" for other in others]
    assert sorted(lines[1:-1]) == sorted(f"@batch=* :{source} JOIN #x" for source in sources)
    others[0] >> "PART #x" >> "JOIN #x"
    mesh.settle()
    assert told(ann) == [f":{sources[0]} PART #x", f":{sources[0]} JOIN #x"]
    assert not any(house.parts.links.joins.under_way for house in mesh)
    mesh.check()


def test_it_splits_away_again_in_the_midst_of_it() -> None:
    mesh, ann, _ = row()
    mesh.cut("b", "c")
    mesh.settle()
    ann.lines()
    mesh.link("c", "b")
    while not (lines := told(ann)):
        mesh.deliver_one(0)
    mesh.cut("b", "c")
    mesh.settle()
    lines += told(ann)
    assert lines[0] == ":a.test BATCH +* netjoin b.test c.test"
    assert ":a.test BATCH -*" in lines and lines.count(":a.test BATCH +* netsplit b.test c.test") == 1
    assert not mesh["a"].parts.links.joins.under_way
    mesh.clock.advance(1000)  # and nothing comes of the time it had
    mesh.check()


def test_a_server_that_never_says_that_it_has_told_all() -> None:
    house = House(link=[block("so1")], links={"burst_timeout": 60})
    ann = house.client("ann", caps=CAPS)
    ann >> "JOIN #x"
    ann.lines()
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> ":1SO SID far.test 2 2FA :far"
    so1 << ":0CN PING irc.test :2FA"
    so1 >> ":2FA SID leaf.test 3 2LF :behind it"
    so1.silent()  # it is told of before far.test answers
    so1 >> ":2LF EUID dan 3 1700000000 + ~dan h.dan 192.0.2.9 2LFAAAAAA * * :dan"
    ts = house.node.network.channels[house.node.network.fold("#x")].ts
    so1 >> f":2FA SJOIN {ts} #x + :2LFAAAAAA"
    assert told(ann) == [":irc.test BATCH +* netjoin so1.test far.test", "@batch=* :dan!~dan@h.dan JOIN #x"]
    house.clock.advance(60)
    assert told(ann) == [":irc.test BATCH -*"]
    so1 >> ":2FA PONG far.test :0CN"
    eve = user(so1, "eve")
    so1 >> f":{eve} JOIN {ts} #x +"
    assert told(ann) == [":eve!~eve@h.eve JOIN #x"]
    house.check()


def test_who_is_brought_by_a_netjoin_uses_up_no_throttle() -> None:
    """As Solanum, which counts a JOIN and no SJOIN: mode j is for who comes, not for who is back."""
    mesh, ann, others = row()
    ann >> "MODE #x +j 3:60"
    mesh.settle()
    for _ in range(2):
        mesh.cut("b", "c")
        mesh.settle()
        mesh.link("c", "b")
        mesh.settle()
    bob = mesh["a"].client("bob")
    bob >> "JOIN #x"
    bob << ":bob!* JOIN #x"
    mesh.settle()
    others[0] >> "PART #x" >> "JOIN #x"
    others[1] >> "PART #x" >> "JOIN #x"
    mesh.settle()
    eve = mesh["a"].client("eve")
    eve >> "JOIN #x"
    eve << ":a.test 480 eve #x :*"


def test_a_burst_of_another_make_uses_up_no_throttle_and_a_join_from_there_does() -> None:
    mesh = Mesh("a", link=[block("so1")])
    house = mesh["a"]
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #x" >> "MODE #x +j 2:60"
    so1 = stranger(house, "so1.test", "1SO")
    ts = channel(house, "#x").ts
    far = [user(so1, f"far{number}", number) for number in range(4)]
    so1 >> f":1SO SJOIN {ts} #x + :{' '.join(far[:3])}"
    bob >> "JOIN #x"
    bob << ":bob!* JOIN #x"
    so1 >> f":{far[3]} JOIN {ts} #x +"
    eve = house.client("eve")
    eve >> "JOIN #x"
    eve << ":a.test 480 eve #x :*"
