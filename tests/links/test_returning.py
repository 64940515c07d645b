"""How a suspended link finds its neighbour again: which attempts are made, and when."""

from __future__ import annotations

import pytest
from lane import ADDRESSES, Lane
from mesh import Pipe, block, trusted

from chatnet.links.dialling.attempts import Attempt


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


# an address that does not answer


@pytest.mark.parametrize("number", [1, 2, 5, 20])
def test_all_addresses_are_tried_long_before_the_grace_ends(number: int) -> None:
    """However many of them are black holes."""
    addresses = [f"192.0.2.{n}:6900" for n in range(number)]
    lane = Lane(addresses=addresses)
    dialled = lane.reset()
    assert dialled == addresses[:1]
    dialled += lane.pass_time(15)
    assert dialled == addresses, "and none of them twice"
    lane.connect()
    assert not lane.link.suspended


def test_one_that_answers_late_is_taken_nevertheless() -> None:
    lane = Lane()
    lane.reset()
    lane.pass_time(3)
    first, second = lane.attempts[-2:]
    second.failed("connection refused")
    lane.mesh.link("a", "b", first)
    lane.mesh.settle()
    assert not lane.link.suspended
    assert lane.pass_time(100) == []


def test_the_other_one_is_tried_again_while_the_first_does_not_answer() -> None:
    lane = Lane()
    lane.reset()
    dialled = []
    for _ in range(8):
        dialled += lane.pass_time(1)
        if lane.attempts[-1].address == ADDRESSES[1]:
            lane.fail()
    assert len(dialled) > 2 and set(dialled) == {ADDRESSES[1]}


def test_a_connection_on_which_nobody_answers_gives_way_to_the_next() -> None:
    lane = Lane()
    lane.reset()
    silent = lane.attempts[-1].opened(Pipe(), trusted())
    assert lane.pass_time(3) == ADDRESSES[1:]
    lane.connect()
    assert silent.gone and not lane.link.suspended
    assert lane.pass_time(100) == []


def test_what_is_under_way_when_it_is_linked_again_comes_to_nothing() -> None:
    lane = Lane()
    lane.reset()
    lane.pass_time(3)
    late = lane.attempts[-2]
    lane.connect()
    pipe = Pipe()
    assert late.opened(pipe, trusted()).gone
    assert not any(line.startswith("PASS") for line in pipe.said), "nobody is told the password"
    assert not lane.link.suspended
    assert lane.reset() == ADDRESSES[:1]
    lane.connect()
    assert not lane.link.suspended


# the last attempt


@pytest.mark.parametrize(
    ("grace", "outage"), [(4.0, 2.0), (4.0, 2.9), (30.0, 28.5), (30.0, 28.9), (1.0, 0.7)]
)
@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("chance", [0.0, 0.99])
def test_it_is_tried_once_more_just_before_the_time_is_over(
    grace: float, outage: float, silent: bool, chance: float
) -> None:
    """Whatever pause, or attempt that gets no answer, would last beyond it."""
    lane = Lane(addresses=ADDRESSES[:1])
    lane.reload(links={"resume_grace": grace})
    calling, lost = lane.mesh["a"].parts.links.calling, lane.mesh.clock.elapsed
    calling.chance = lambda: chance
    late: list[Attempt] = []

    def connect(attempt: Attempt) -> None:
        if lane.mesh.clock.elapsed >= lost + outage:
            late.append(attempt)
        elif not silent:
            attempt.failed("connection refused")

    calling.connect = connect
    lane.reset()
    while not late:
        assert lane.link.suspended
        lane.mesh.advance(0.05)
    assert lane.mesh.clock.elapsed < lost + grace
    lane.mesh.link("a", "b", late[-1])
    lane.mesh.settle()
    assert not lane.link.suspended
    lane.mesh.advance(100)
    assert len(late) == 1


def test_uplinks_are_tried_once_more_before_another_takes_the_place() -> None:
    lane = Lane(addresses=ADDRESSES[:1])
    other = block("z", addresses=ADDRESSES[1:], ca="ca.pem")
    blocks = [block.model_dump(by_alias=True) for block in lane.mesh["a"].node.settings.link]
    lane.reload(link=[*blocks, other], links={"uplinks": ["b.test", "z.test"], "failover_after": 12.0})
    lane.reset()
    assert lane.pass_time(10) == []
    assert lane.pass_time(1) == ADDRESSES[:1]
    lane.connect()
    assert not lane.link.suspended
