"""Links that are silent, or slow to say who they are, end; and so do all at the end of the server."""

from __future__ import annotations

import pytest
from conversation import House
from mesh import Mesh, Stranger, block, stranger

from chatnet.links.lifetimes import close_all, sweep
from chatnet.links.neighbour.link import State


def pass_time(house: House, seconds: int) -> None:
    for _ in range(seconds):
        house.clock.advance(1)
        sweep(house.parts.links)


@pytest.fixture
def house() -> House:
    return House(link=[block("so1")])


def test_who_does_not_say_who_it_is_has_ten_seconds(house: House) -> None:
    quiet, slow = Stranger(house, "so1.test", "1SO"), Stranger(house, "so1.test", "1SO")
    pass_time(house, 9)
    slow >> "PASS linkpw TS 6 :1SO"
    assert quiet.gone is None and slow.gone is None
    pass_time(house, 2)
    assert quiet.gone == slow.gone == "It did not say in time who it is"


def test_a_burst_has_two_minutes(house: House) -> None:
    slow = Stranger(house, "so1.test", "1SO")
    slow >> "PASS linkpw TS 6 :1SO" >> "CAPAB :QS EX IE ENCAP" >> "SERVER so1.test 1 :x"
    for _ in range(24):
        pass_time(house, 5)
        slow >> ":1SO ENCAP * WHATEVER"
    assert slow.gone is None
    pass_time(house, 1)
    assert slow.gone == "Its burst did not end in time"


@pytest.mark.parametrize("sign", ["PING :1SO", ":1SO PONG so1.test :0CN"])
def test_a_burst_ends_with_a_sign_of_life(house: House, sign: str) -> None:
    """Solanum sends PING behind its burst, PyLink nothing but the answer to the PING that ends ours."""
    new = Stranger(house, "so1.test", "1SO")
    new >> "PASS linkpw TS 6 :1SO" >> "CAPAB :QS EX IE ENCAP" >> "SERVER so1.test 1 :x"
    states = [new.link.state]
    new >> sign
    assert [*states, new.link.state] == [State.INTRODUCED, State.LINKED]


def test_the_silent_are_asked_and_then_taken_for_dead(house: House) -> None:
    so1 = stranger(house, "so1.test", "1SO")
    pass_time(house, 1)
    so1 << "PING :0CN"  # tells its lag from the beginning
    pass_time(house, 9)
    so1 >> ":1SO PONG so1.test :0CN"
    pass_time(house, 25)
    assert so1.gone is None
    assert so1.lines() == ["PING :0CN"] * 3
    pass_time(house, 1)
    assert so1.gone == "Ping timeout: 26 seconds"


def test_links_stay_as_long_as_both_ends_live() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    for _ in range(200):
        mesh.advance(1)
        for house in mesh:
            sweep(house.parts.links)
    mesh.settle()
    mesh.check()


def test_nobody_is_asked_before_our_own_burst_is_out() -> None:
    """Our first PING is what tells that it is over."""
    house = House(link=[block("so1")], links={"burst_slice": 1})
    clients = [house.client(f"user{n}") for n in range(5)]
    assert clients
    so1 = Stranger(house, "so1.test", "1SO")
    so1.link.connection.receive(
        b"PASS linkpw TS 6 :1SO\r\nCAPAB :QS EX IE ENCAP EUID\r\nSERVER so1.test 1 :x\r\nPING :1SO\r\n"
    )
    assert so1.link.state is State.LINKED
    house.clock.elapsed += 60  # and the slices of the burst did not have their turns
    sweep(house.parts.links)
    assert "PING :0CN" not in so1.pipe.said
    house.clock.advance(0)
    house.settle()
    while so1.link.bursting is not None:
        house.clock.advance(0)
    assert so1.pipe.said[-1] == "PING :0CN"


def test_at_the_end_neighbours_are_told_why() -> None:
    mesh = Mesh("a", "b")
    wire = mesh.link("a", "b")
    mesh.settle()
    mesh.said("a", "b")
    close_all(mesh["a"].parts.links, "Off for repairs")
    assert mesh.said("a", "b") == [
        ":0AA SQUIT 0AA :Off for repairs",
        "ERROR :Closing Link: 192.0.2.200 (Off for repairs)",
    ]
    mesh.settle()
    assert wire.links["b"].reason == "Off for repairs"
    assert len(mesh["b"].node.network.servers) == 1


def test_all_whom_a_server_leaves_behind_read_one_netsplit() -> None:
    """b and c are linked to each other by a alone; its end is one loss for each of them."""
    mesh = Mesh("a", "b", "c")
    for name in "bc":
        mesh.link("a", name)
    bob, amy, cid = (mesh[nick[0]].client(nick, caps="batch") for nick in ("bob", "amy", "cid"))
    for client in (bob, amy, cid):
        client >> "JOIN #x"
        mesh.settle()
    for client in (bob, cid):
        client.lines()
    close_all(mesh["a"].parts.links, "Off for repairs")
    mesh.settle()
    for client, here, other in ((bob, "b.test", "cid"), (cid, "c.test", "bob")):
        first, *quits, last = client.lines()
        assert f" netsplit {here} a.test" in first and " BATCH -" in last
        assert sorted(line.split("!")[0].rpartition(":")[2] for line in quits) == ["amy", other]
        assert all(line.endswith(f" QUIT :{here} a.test") for line in quits)
