"""Whom a server connects to, and when: in memory, with a transport that the test plays."""

from __future__ import annotations

import pytest
from dialling import FAR, Dialling, introduce
from mesh import Mesh, block

from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import State
from chatnet.settings import LinkSettings


def test_a_wanted_link_is_dialled_at_once_and_again_ever_more_rarely() -> None:
    dialling = Dialling(block("so1", **FAR), reconnect_min=5.0, reconnect_max=20.0)
    assert dialling.sweep() == ["192.0.2.1:6900"]
    assert dialling.sweep(100) == [], "one attempt at a time, until it is answered"
    waits = []
    for _ in range(5):
        dialling.fail()
        waits.append(next(n for n in range(1, 1000) if dialling.sweep(1)))
    assert waits == [5, 10, 20, 20, 20]


@pytest.mark.parametrize(("chance", "first"), [(0.0, 8), (1.0, 13)])
def test_chance_spreads_attempts(chance: float, first: int) -> None:
    """From three quarters to five quarters of the time."""
    dialling = Dialling(block("so1", **FAR), reconnect_min=10.0, chance=chance)
    dialling.sweep()
    dialling.fail()
    assert dialling.sweep(first - 1) == []
    assert dialling.sweep(1) == ["192.0.2.1:6900"]


def test_addresses_are_tried_in_turn_before_there_is_a_pause() -> None:
    both = {**FAR, "addresses": ["192.0.2.1:6900", "[2001:db8::1]:6900"]}
    dialling = Dialling(block("so1", **both), reconnect_min=30.0)
    assert dialling.sweep() == ["192.0.2.1:6900"]
    dialling.fail()
    assert dialling.sweep() == ["[2001:db8::1]:6900"]
    dialling.fail()
    assert dialling.sweep(29) == []
    assert dialling.sweep(1) == ["192.0.2.1:6900"]


def test_one_at_a_time_and_who_cannot_be_reached_holds_nobody_up() -> None:
    dialling = Dialling(
        block("so1", **FAR), block("so2", addresses=["192.0.2.2:6900"], ca="ca.pem"), reconnect_min=30.0
    )
    assert dialling.sweep(5) == ["192.0.2.1:6900"]
    dialling.fail()
    assert dialling.sweep(5) == ["192.0.2.2:6900"]


def test_everybody_has_a_turn_however_slow_the_others_are() -> None:
    blocks = [block(f"so{n}", addresses=[f"192.0.2.{n}:6900"], ca="ca.pem") for n in (1, 2, 3)]
    dialling = Dialling(*blocks, reconnect_min=5.0)
    dialled = []
    for _ in range(6):
        dialled += dialling.sweep(10)
        dialling.fail("no answer in time")
    assert [address[8] for address in dialled] == ["1", "2", "3", "1", "2", "3"]


def test_the_next_is_dialled_when_the_burst_of_the_last_is_over() -> None:
    """It may turn out to be behind that one."""
    dialling = Dialling(block("so1", **FAR), block("so2", addresses=["192.0.2.2:6900"], ca="ca.pem"))
    dialling.sweep()
    link, _ = dialling.open()
    assert dialling.sweep(3) == []
    for line in ("PASS linkpw TS 6 :1SO", "CAPAB :QS EX IE ENCAP", "SERVER so1.test 1 :x"):
        link.connection.receive(line.encode() + b"\r\n")
    assert dialling.sweep(3) == []
    link.connection.receive(b":1SO SID so2.test 2 2SO :behind\r\n:1SO PING so1.test\r\n")
    assert link.state is State.LINKED
    assert dialling.sweep(3) == [], "so2 is there already"
    link.connection_lost("Connection reset by peer")
    assert dialling.sweep(10) != []


def test_a_lost_link_is_dialled_after_the_shortest_pause() -> None:
    dialling = Dialling(block("so1", **FAR), reconnect_min=5.0)
    dialling.sweep()
    dialling.fail()
    dialling.sweep(10)
    link, pipe = dialling.open()
    introduce(link, pipe, "so1.test", "1SO")
    assert dialling.sweep(600) == []
    link.connection_lost("Connection reset by peer")
    assert dialling.sweep(4) == []
    assert dialling.sweep(2) == ["192.0.2.1:6900"]


def test_a_refused_link_is_an_attempt_in_vain() -> None:
    dialling = Dialling(block("so1", **FAR), reconnect_min=5.0)
    dialling.sweep()
    link, _ = dialling.open()
    link.connection.receive(b"ERROR :Closing Link: 192.0.2.9 (Invalid credentials)\r\n")
    assert dialling.sweep(4) == []
    assert dialling.sweep(2) == ["192.0.2.1:6900"]
    assert "so1.test says: Closing Link: 192.0.2.9 (Invalid credentials)" in dialling.house.log.lines


def test_who_is_not_the_one_is_not_told_the_password() -> None:
    dialling = Dialling(block("so1", **FAR))
    dialling.sweep()
    link, pipe = dialling.open(Identity("192.0.2.1", secure=True, vouched=lambda settings: False))
    assert link.state is State.GONE and pipe.ended
    assert pipe.said == ["ERROR :Closing Link: 192.0.2.1 (Invalid credentials)"]
    assert any("its certificate is not the one of that server" in line for line in dialling.house.log.lines)


def test_connect_without_autoconnect_tries_each_address_once() -> None:
    dialling = Dialling(block("so1", autoconnect=False, **FAR))
    assert dialling.sweep(60) == []
    assert dialling.dialler.dial("SO1.test") is None
    assert [attempt.address for attempt in dialling.attempts] == ["192.0.2.1:6900"]
    assert dialling.dialler.dial("so1.test") == "Connecting to so1.test is under way already."
    dialling.fail()
    assert dialling.sweep(1000) == []


def test_connect_does_not_wait_for_the_end_of_a_pause() -> None:
    dialling = Dialling(block("so1", **FAR), reconnect_min=300.0)
    dialling.sweep()
    dialling.fail()
    assert dialling.dialler.dial("so1.test") is None
    assert len(dialling.attempts) == 2


def test_what_connect_cannot_do() -> None:
    dialling = Dialling(block("so1", **FAR), block("so2"))
    dial = dialling.dialler.dial
    assert dial("so3.test") == "There is no [[link]] for so3.test."
    assert dial("so2.test") == "The [[link]] for so2.test has no addresses: it connects to us."
    dialling.sweep()
    introduce(*dialling.open(), "so1.test", "1SO")
    assert dial("so1.test") == "so1.test is linked already."


def test_a_server_that_ends_begins_nothing() -> None:
    dialling = Dialling(block("so1", **FAR))
    dialling.house.parts.links.calling.resting = True
    assert dialling.sweep(60) == []


def test_a_reload_ends_links_whose_blocks_are_gone() -> None:
    dialling = Dialling(block("so1", **FAR), block("so2", addresses=["192.0.2.2:6900"], ca="ca.pem"))
    dialling.sweep()
    one, pipe = dialling.open()
    introduce(one, pipe, "so1.test", "1SO")
    dialling.sweep()
    two, other = dialling.open()
    introduce(two, other, "so2.test", "2SO")
    dialling.change(block("so2", sendq=1_000_000, addresses=["192.0.2.2:6900"], ca="ca.pem"))
    assert one.state is State.GONE
    assert pipe.said[-1] == ("ERROR :Closing Link: 192.0.2.200 (It is not in the configuration any more)")
    assert two.state is State.LINKED
    assert two.settings is not None and two.settings.sendq == other.sendq == 1_000_000
    assert dialling.sweep(600) == []


def test_a_reload_ends_links_whose_certificates_are_not_good_any_more() -> None:
    dialling = Dialling(block("so1", **FAR))
    dialling.sweep()

    def vouched(settings: LinkSettings) -> bool:
        return settings.ca == "ca.pem"

    link, pipe = dialling.open(Identity("192.0.2.1", secure=True, vouched=vouched))
    introduce(link, pipe, "so1.test", "1SO")
    dialling.change(block("so1", addresses=["192.0.2.1:6900"], ca="other.pem"))
    assert link.reason == "The configuration has changed: its certificate is not the one of that server"


def test_a_reload_brings_new_links_and_changed_addresses_at_once() -> None:
    dialling = Dialling(block("so1", **FAR), reconnect_min=300.0)
    dialling.sweep()
    dialling.fail()
    assert dialling.sweep(60) == []
    dialling.change(block("so1", addresses=["192.0.2.7:6900"], ca="ca.pem"))
    assert dialling.sweep() == ["192.0.2.7:6900"]
    dialling.change(block("so2", addresses=["192.0.2.2:6900"], ca="ca.pem"))
    link, pipe = dialling.open()
    assert link.reason == "The configuration has changed"
    assert pipe.said == ["ERROR :Closing Link: 192.0.2.200 (The configuration has changed)"]  # no password
    assert dialling.sweep(1) == ["192.0.2.2:6900"]


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_that_dial_each_other_at_once_end_with_one_link(first: str) -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.link("b", "a")
    one, two = mesh.wires
    # Each end of both connections is introduced before anybody hears that one of them is to go.
    for _ in range(3):
        for wire in (one, two) if first == "a" else (two, one):
            for name in wire.ends:
                wire.deliver(name)
    mesh.settle()
    # a has the lower SID, so its connection stays.
    assert {link.state for link in one.links.values()} == {State.LINKED}
    assert {link.state for link in two.links.values()} == {State.GONE}
    for house in mesh:
        assert len(house.node.network.servers) == 2
        house.check()


def test_a_server_that_comes_back_takes_the_place_of_what_it_left() -> None:
    mesh = Mesh("a", "b")
    old = mesh.link("b", "a")
    mesh.settle()
    mesh.advance(60)
    # b crashed and came back, and a has not noticed.
    lost = old.links["b"]
    mesh.wires.remove(old)
    lost.connection_lost("Connection reset by peer")
    new = mesh.link("b", "a")
    mesh.settle()
    assert old.links["a"].reason == "A new connection took its place"
    assert {link.state for link in new.links.values()} == {State.LINKED}
    mesh.check()


def test_a_reload_that_shortens_pauses_shortens_the_one_under_way() -> None:
    dialling = Dialling(block("b", **FAR), reconnect_min=100.0, reconnect_max=200.0)
    dialling.sweep()
    dialling.fail()
    assert dialling.sweep(10) == []
    old = dialling.house.node.settings
    links = old.links.model_copy(update={"reconnect_min": 2.0, "reconnect_max": 3.0})
    new = old.model_copy(update={"links": links})
    dialling.house.node.change_settings(new)
    assert len(dialling.sweep(4)) == 1


def test_all_is_up_when_each_wanted_server_and_one_uplink_have_told_all_they_know() -> None:
    names = ("so1", "so2", "so3")
    blocks = [block(name, addresses=[f"{name}.test:6900"], ca="ca.pem") for name in names]
    dialling = Dialling(*blocks, block("so4"), uplinks=["so2.test", "so3.test"])
    for number, name in ((1, "so1.test"), (2, "so2.test")):
        assert not dialling.dialler.all_up()
        dialling.sweep(5)
        link, pipe = dialling.open()
        assert not dialling.dialler.all_up()
        introduce(link, pipe, name, f"{number}SO")
    assert dialling.dialler.all_up()
    assert Dialling(block("so4")).dialler.all_up(), "nobody is wanted"
