"""How a suspended link finds its neighbour again: which attempts are made, and when."""

from __future__ import annotations

from lane import ADDRESSES, Lane


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
