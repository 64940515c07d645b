"""Limits that several processes count together, though each hears of the others only a moment later."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.allowances import Allowances
from chatnet.rules.pool import Pool
from chatnet.rules.surplus import SURPLUS, Surplus

MOST, PERIOD = 3, 60.0


class Group:
    """Some processes, each with a limit of its own, which hear each other when :meth:`settle` says so."""

    def __init__(self, count: int) -> None:
        self.now = 1000.0
        self.allowances = [
            Allowances(lambda: self.now, lambda: (MOST, PERIOD), lambda: 10) for _ in range(count)
        ]
        self.pools = [Pool() for _ in range(count)]
        self.waiting: list[tuple[int, tuple[str, str, float]]] = []
        for number, (pool, allowances) in enumerate(zip(self.pools, self.allowances, strict=True)):
            pool.add({"tries": allowances})
            pool.told = lambda *counted, number=number: self.waiting.append((number, counted))

    def settle(self) -> None:
        for number, counted in self.waiting:
            for other, pool in enumerate(self.pools):
                if other != number:
                    pool.hear([counted])
        self.waiting.clear()

    def tries(self, process: int) -> int:
        """How often a client tries there until it has to wait."""
        count = 0
        while not self.allowances[process].wait("client"):
            self.allowances[process].count("client")
            count += 1
        return count


def test_tries_in_several_processes_count_in_all() -> None:
    group = Group(4)
    made = 0
    for process in itertools.islice(itertools.cycle(range(4)), 12):
        if not group.allowances[process].wait("client"):
            group.allowances[process].count("client")
            made += 1
        group.settle()
    assert made == MOST
    group.allowances[1].take_back("client")
    group.settle()
    assert group.tries(3) == 1


def test_whoever_tries_everywhere_at_once_waits_for_as_much_longer() -> None:
    group = Group(4)
    assert sum(map(group.tries, range(4))) == 4 * MOST
    group.settle()
    for _ in range(3):
        assert sum(map(group.tries, range(4))) == 0
        group.now += PERIOD
    assert group.allowances[0].wait("client") == pytest.approx(PERIOD / MOST)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from((0.0, 0.1, 5.0, 30.0))), max_size=80))
def test_in_the_long_run_several_processes_allow_what_one_does(steps: list[tuple[int, float]]) -> None:
    group, made = Group(4), 0
    for process, seconds in steps:
        made += group.tries(process)
        if seconds:  # they hear each other while time passes
            group.settle()
        group.now += seconds
    passed = group.now - 1000.0
    # At once: as many as each lets in until it hears of the others. From then on what one allows.
    assert made <= 4 * MOST + MOST * passed / PERIOD + 1e-6


def test_limits_that_another_process_has_alone_are_ignored() -> None:
    pool = Pool()
    pool.hear([["unknown", "key", 1]])


def test_surplus_is_expected_for_a_while_only() -> None:
    now = [0.0]
    surplus = Surplus(lambda: now[0])
    assert not surplus.expected
    surplus.note("192.0.2.1", "one")
    now[0] = 5.0
    surplus.note("192.0.2.1", "two")
    surplus.note("192.0.2.2", "other")
    assert surplus.expected and surplus.take("192.0.2.3") == ""
    now[0] = SURPLUS + 1
    assert surplus.take("192.0.2.1") == "two"
    assert surplus.take("192.0.2.1") == ""
    now[0] = SURPLUS + 5
    surplus.note("192.0.2.4", "late")
    assert surplus.take("192.0.2.2") == ""
    assert surplus.take("192.0.2.4") == "late" and not surplus.expected
