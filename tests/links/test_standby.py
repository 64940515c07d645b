"""A second connection that is ready when the first is lost (CNSTBY)."""

from __future__ import annotations

import pytest
from conversation import House
from lane import ADDRESSES, Lane
from mesh import Pipe, Stranger, Wire, block, trusted

from chatnet.links.codecs.solanum import OURS
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State

RENEW = 300.0


class Ready(Lane):
    """A link with a standby."""

    def __init__(self) -> None:
        super().__init__(standby=True)
        self.first = self.mesh.wire("a", "b")
        assert self.pass_time(1) == ADDRESSES[1:], "by the other address"
        self.spare = self.connect()

    def lose(self, wire: Wire) -> None:
        """A connection is lost, and everything else delivered."""
        self.mesh.wires.remove(wire)
        wire.lose({})
        self.mesh.settle()
        self.mesh.clock.advance(0)
        self.mesh.settle()


def states(wire: Wire) -> set[State]:
    return {link.state for link in wire.links.values()}


def verbs(wire: Wire, name: str) -> list[str]:
    """What was said on a connection, as verbs."""
    return [line.split()[0] for line in wire.pipes[name].said]


def test_it_says_who_it_is_and_waits() -> None:
    ready = Ready()
    assert ready.spare.pipes["a"].said[1:] == ["CNSTBY 0AA"] and verbs(ready.spare, "a")[0] == "CAPAB"
    assert verbs(ready.spare, "b") == []
    assert ready.pass_time(RENEW / 2) == []
    assert states(ready.spare) == {State.STANDBY}, "there is no time limit for it"
    assert len(ready.mesh["b"].node.network.servers) == 2


def test_it_goes_on_at_once_when_the_first_is_lost() -> None:
    """In one round trip, without dialling; and another is made then."""
    ready = Ready()
    ann, bob = ready.mesh["a"].client("ann"), ready.mesh["b"].client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
        ready.mesh.settle()
    for client in (ann, bob):
        client.lines()
    ann >> "PRIVMSG #c :1"
    bob >> "PRIVMSG #c :2"
    before = len(ready.attempts)
    ready.lose(ready.first)
    assert not ready.link.suspended and len(ready.attempts) == before
    assert verbs(ready.spare, "a")[:6] == ["CAPAB", "CNSTBY", "PASS", "CNRES", "SERVER", "SVINFO"]
    assert verbs(ready.spare, "b")[:5] == ["PASS", "CAPAB", "CNRES", "SERVER", "SVINFO"]
    ann >> "PRIVMSG #c :3"
    ready.mesh.settle()
    assert [line.split(" ", 1)[1] for line in bob.lines()] == ["PRIVMSG #c :1", "PRIVMSG #c :3"]
    assert [line.split(" ", 1)[1] for line in ann.lines()] == ["PRIVMSG #c :2"]
    assert ready.pass_time(1) == ADDRESSES[1:]
    again = ready.connect()
    ready.lose(ready.spare)
    assert not ready.link.suspended and states(again) == {State.LINKED}


def test_it_is_made_anew_from_time_to_time() -> None:
    ready = Ready()
    assert ready.pass_time(RENEW) == ADDRESSES[1:]
    assert states(ready.spare) == {State.STANDBY}, "until the new one is there"
    newer = ready.connect()
    assert states(newer) == {State.STANDBY} and states(ready.spare) == {State.GONE}
    ready.lose(ready.first)
    assert not ready.link.suspended


def test_one_that_is_lost_is_made_anew_by_another_address() -> None:
    ready = Ready()
    ready.lose(ready.spare)
    assert ready.pass_time(30) == ADDRESSES[:1]
    ready.fail()
    assert ready.pass_time(30) == ADDRESSES[1:]
    assert not ready.link.suspended


def test_one_that_is_dead_when_it_is_needed_is_followed_by_attempts() -> None:
    ready = Ready()
    ready.mesh.wires.remove(ready.spare)  # nothing arrives by it
    ready.lose(ready.first)
    assert ready.link.suspended
    assert ready.pass_time(15) == ADDRESSES, "long before its time for the handshake is over"
    ready.connect()
    assert not ready.link.suspended


def test_a_fresh_link_may_begin_on_it() -> None:
    """The other side said more than it keeps, and does not know yet that the first is lost."""
    ready = Ready()
    bob = ready.mesh["b"].client("bob")
    bob >> "JOIN #c"
    ready.mesh["a"].client("ann") >> "JOIN #c"
    ready.mesh.settle()
    ready.first.links["b"].streams.bound(65536, 100)
    for number in range(150):
        bob >> f"PRIVMSG #c :{number}"
    ready.mesh["b"].settle()
    ready.mesh.wires.remove(ready.first)
    ready.first.connections["a"].connection_lost("Connection reset by peer")
    ready.mesh.clock.advance(0)
    ready.mesh.settle()
    assert ready.first.links["b"].reason == "A new connection took its place"
    assert states(ready.spare) == {State.LINKED}
    for house in ready.mesh:
        assert len(house.node.network.servers) == 2
        house.check()


def test_it_ends_with_its_link() -> None:
    ready = Ready()
    ready.link.close("No more")
    ready.mesh.settle()
    assert states(ready.spare) == {State.GONE}
    assert ready.spare.links["b"].reason in ("Its link has ended", "Connection closed")


def test_a_reload_ends_and_begins_it() -> None:
    ready = Ready()
    node = ready.mesh["a"].node
    settings = node.settings
    without = settings.link[0].model_copy(update={"standby": False})
    node.change_settings(settings.model_copy(update={"link": (without,)}))
    ready.pass_time(1)
    assert states(ready.spare) == {State.GONE} and not ready.link.suspended
    node.change_settings(settings)
    assert ready.pass_time(1) == ADDRESSES[1:]


def test_a_reload_changes_when_it_is_made_anew() -> None:
    ready = Ready()
    assert ready.pass_time(20) == []
    node = ready.mesh["a"].node
    links = node.settings.links.model_copy(update={"standby_renew": 10.0})
    node.change_settings(node.settings.model_copy(update={"links": links}))
    assert len(ready.pass_time(1)) == 1


def test_who_does_not_know_it_has_none() -> None:
    lane = Lane()
    assert lane.pass_time(600) == [], "nor who does not want one"
    ready = Lane(standby=True)
    ready.link.caps -= {"CNSTBY"}
    assert ready.pass_time(600) == []


def test_a_connection_to_somebody_else_is_no_standby() -> None:
    lane = Lane(standby=True)
    lane.pass_time(1)
    pipe = Pipe()
    link = lane.attempts[-1].opened(pipe, Identity("192.0.2.1", secure=True, vouched=lambda settings: False))
    assert link.gone and pipe.said == []
    assert lane.pass_time(60)[:1] == ADDRESSES[:1]


# what others may try


def knock(house: House, *lines: str, identity: Identity | None = None) -> tuple[Link, Pipe]:
    """Somebody connects, and says these lines."""
    pipe = Pipe()
    link = house.parts.links.open(pipe, identity or trusted())
    for line in lines:
        link.connection.receive(line.encode() + b"\r\n")
    return link, pipe


CAPAB = f"CAPAB :{' '.join(OURS)}"
PLAIN = Identity("127.0.0.1", secure=False, vouched=lambda settings: False)
SOMEBODY = Identity("192.0.2.66", secure=True, vouched=lambda settings: False)


@pytest.mark.parametrize("identity", [PLAIN, SOMEBODY])
def test_who_is_not_known_by_a_certificate_may_not_wait(identity: Identity) -> None:
    ready = Ready()
    link, pipe = knock(ready.mesh["b"], CAPAB, "CNSTBY 0AA", identity=identity)
    assert link.gone and pipe.said[-1].endswith("(Invalid credentials)")
    assert states(ready.spare) == {State.STANDBY}, "the real one stays"


def test_who_has_no_link_may_not_wait() -> None:
    link, pipe = knock(House(link=[block("so1")]), CAPAB, "CNSTBY 1SO")
    assert link.gone and pipe.said[-1].endswith("(Invalid credentials)")


@pytest.mark.parametrize(
    "lines",
    [
        ("CNSTBY 0AA",),
        ("PASS linkpw TS 6 :0AA", CAPAB, "CNSTBY 0AA"),
        (CAPAB, "CNSTBY 0AA", "CNSTBY 0AA"),
        (CAPAB, "CNSTBY 0AA", "SERVER a.test 1 :x"),
        (CAPAB, "CNSTBY 0AA", "PING :0AA"),
        (CAPAB, "CNSTBY 0AA", "PASS linkpw TS 6 :0AA", CAPAB),
    ],
)
def test_what_a_standby_may_not_say(lines: tuple[str, ...]) -> None:
    lane = Lane()
    link, _ = knock(lane.mesh["b"], *lines)
    assert link.gone and not lane.link.suspended


def test_one_waits_for_each_link_and_the_newest_counts() -> None:
    lane = Lane()
    links = [knock(lane.mesh["b"], CAPAB, "CNSTBY 0AA")[0] for _ in range(40)]
    assert [link.gone for link in links] == [True] * 39 + [False]
    lane.pass_time(2 * RENEW + 2)
    assert links[-1].gone, "who does not make it anew has forgotten it"


def test_a_neighbour_of_another_make_ends_without_trouble() -> None:
    house = House(link=[block("so1")])
    there = Stranger(house, "so1.test", "1SO")
    there >> "PASS linkpw TS 6 :1SO" >> "CAPAB :QS EX IE ENCAP" >> "SERVER so1.test 1 :x"
    there.link.connection_lost("Connection reset by peer")
    assert there.gone == "Connection reset by peer"


def test_one_whose_certificate_is_no_longer_the_right_one_keeps_nobody_from_dialling() -> None:
    """It is refused when it is needed; the link is wanted as any other, also when its time is over."""
    ready = Ready()
    ready.spare.connections["a"].identity = Identity("192.0.2.1", secure=True, vouched=lambda settings: False)
    answered = len(ready.attempts)
    ready.lose(ready.first)
    assert states(ready.spare) == {State.GONE} and ready.link.suspended
    while ready.mesh["a"].parts.links.neighbour("b.test") is not None:
        for attempt in ready.attempts[answered:]:
            attempt.failed("connection refused")
        answered = len(ready.attempts)
        ready.pass_time(1)
    for attempt in ready.attempts[answered:]:
        attempt.failed("connection refused")
    assert ready.pass_time(60), "it is dialled anew"
    ready.connect()
    assert not ready.link.suspended
