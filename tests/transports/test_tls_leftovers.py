from __future__ import annotations

from twisted.internet.task import Clock

from chatnet.transports import leftovers as module
from chatnet.transports.leftovers import CROWD, MOMENT, Leftovers


def test_a_crowd_that_goes_leaves_nothing_behind() -> None:
    clock = Clock()
    given: list[float] = []
    leftovers = Leftovers(clock, lambda: given.append(clock.seconds()))
    for _ in range(CROWD - 1):
        leftovers.add()
    clock.advance(10 * MOMENT)
    assert not given
    for _ in range(3 * CROWD):
        leftovers.add()
    clock.advance(MOMENT)
    assert given == [11 * MOMENT]
    clock.advance(10 * MOMENT)
    assert len(given) == 1
    for _ in range(CROWD):
        leftovers.add()
    clock.advance(MOMENT)
    assert len(given) == 2
    assert not clock.getDelayedCalls()


def test_where_it_cannot_be_asked_for_nothing_is_done() -> None:
    clock = Clock()
    leftovers = Leftovers(clock, None)
    for _ in range(2 * CROWD):
        leftovers.add()
    assert not clock.getDelayedCalls()


def test_the_c_library_takes_it() -> None:
    if module.give_back is not None:
        module.give_back()
