"""The rules of one person on several servers, in small, before anything of them crosses a link."""

from __future__ import annotations

import pytest
from person_model import MUTANTS, Fault, Net
from profiles import runs

FAILS = {
    "winner only": 5369,
    "collision": 850,
    "clamped": 2,
    "no orphans": 2,
    "no half time": 54,
    "overwritten": 0,
    "no parts": 3,
    "not reminded": 487,
    "of anybody": 811,
}
"""A story in which each of the wrong rules shows."""


def test_whatever_happens_all_servers_end_with_the_same_user() -> None:
    """Nobody is two, nobody is nowhere, and no client read that somebody left who stayed."""
    for seed in range(runs(200, 20_000)):
        try:
            Net(seed).run()
        except Fault as fault:
            raise Fault(f"in story {seed}: {fault}") from fault


def test_the_stories_are_of_what_is_hard() -> None:
    """Links end with lines on the way, processes die, people are shown until nobody has them."""
    seen = sum((net.seen for net in map(told, range(20))), Net(0).seen)
    assert seen["cuts"] > 50
    assert seen["restarts"] > 20
    assert seen["people"] > 20
    assert seen["quits told after a split"] > 5


def told(seed: int) -> Net:
    """A story that was told to its end."""
    net = Net(seed)
    net.run()
    return net


def test_each_wrong_rule_has_its_story() -> None:
    """None is left out below."""
    assert set(FAILS) == set(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_rule_that_looks_as_good_fails(mutant: str) -> None:
    """In a story that ends well by the right ones."""
    Net(FAILS[mutant]).run()
    with pytest.raises(Fault):
        Net(FAILS[mutant], mutant).run()
