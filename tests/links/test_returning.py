"""How a suspended link finds its neighbour again: which attempts are made, and when."""

from __future__ import annotations

from mesh import Mesh, Wire, block

from chatnet.links.dialler import Attempt
from chatnet.links.link import Link
from chatnet.settings import Settings

ADDRESSES = ["192.0.2.1:6900", "[2001:db8::1]:6900"]


class Lane:
    """Two linked houses. The first dials the second, by two addresses; its attempts wait for the test."""

    def __init__(self) -> None:
        self.mesh = Mesh("a", "b")
        self.attempts: list[Attempt] = []
        house = self.mesh["a"]
        self.dialler = house.parts.links.dialler
        self.dialler.connect = self.attempts.append
        self.dialler._chance = lambda: 0.5
        settings = house.node.settings.model_dump(by_alias=True)
        settings["link"] = [block("b", addresses=ADDRESSES, ca="ca.pem")]
        house.node.change_settings(Settings.model_validate(settings))
        self.pass_time(0)
        self.connect()

    def pass_time(self, seconds: float) -> list[str]:
        """Let time pass, with a look at the dialler each second; the addresses that are dialled meanwhile."""
        before = len(self.attempts)
        self.dialler.sweep()
        while seconds > 0:
            self.mesh.clock.advance(min(1.0, seconds))
            self.dialler.sweep()
            seconds -= 1.0
        return [attempt.address for attempt in self.attempts[before:]]

    def connect(self) -> Wire:
        """The last attempt is connected, and everything is delivered."""
        wire = self.mesh.link("a", "b", self.attempts[-1])
        self.mesh.settle()
        return wire

    def fail(self) -> None:
        self.attempts[-1].failed("connection refused")

    def reset(self) -> list[str]:
        """The connection is lost; the addresses that are dialled at once."""
        before = len(self.attempts)
        self.mesh.reset("a", "b")
        self.mesh.settle()
        return [attempt.address for attempt in self.attempts[before:]]

    @property
    def link(self) -> Link:
        link = self.mesh["a"].parts.links.neighbour("b.test")
        assert link is not None
        return link


def test_it_is_dialled_at_once_by_each_address_and_then_ever_more_rarely() -> None:
    lane = Lane()
    assert lane.reset() == ADDRESSES[:1]
    lane.fail()
    lane.mesh.settle()
    assert len(lane.attempts) == 3 and lane.attempts[-1].address == ADDRESSES[1], "without a pause"
    waits = []
    for number in range(6):
        lane.fail()
        start = lane.mesh.clock.elapsed
        count = len(lane.attempts)
        while len(lane.attempts) == count:
            lane.mesh.clock.advance(0.25)
        if number % 2 == 0:
            waits.append(lane.mesh.clock.elapsed - start)
    assert waits == [0.5, 1.0, 2.0]
    lane.connect()
    assert not lane.link.suspended
    assert lane.pass_time(100) == []


def test_each_loss_is_followed_by_an_attempt_at_once() -> None:
    lane = Lane()
    for _ in range(4):
        assert lane.reset() == ADDRESSES[:1]
        lane.connect()
        assert not lane.link.suspended


def test_a_loss_after_a_return_that_began_anew_is_followed_by_an_attempt_too() -> None:
    """The other side had given the link up: the attempt led to a fresh one, and is over with that."""
    lane = Lane()
    lane.reset()
    other = lane.mesh["b"].parts.links.neighbour("a.test")
    assert other is not None
    other.expire()
    while not lane.link.settled or lane.link.suspended:
        lane.connect()
        lane.mesh.advance(1)
    assert lane.reset() == ADDRESSES[:1]
    lane.connect()
    assert not lane.link.suspended
