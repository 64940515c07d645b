"""How often each of many strangers may do something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.allowances import Allowances


class Times:
    """Allowances of three within sixty seconds, and their clock."""

    def __init__(self, most: int = 3, period: float = 60.0, size: int = 10) -> None:
        self.now = 1000.0
        self.rate = most, period
        self.allowances = Allowances(lambda: self.now, lambda: self.rate, lambda: size)

    def tries(self, key: str = "ann") -> int:
        """How often `key` does it until it has to wait."""
        count = 0
        while not self.allowances.wait(key):
            self.allowances.count(key)
            count += 1
        return count


def test_all_at_once_and_then_one_after_the_other() -> None:
    times = Times()
    assert times.tries() == 3
    assert times.allowances.wait("ann") == pytest.approx(20.0)
    assert times.tries("bob") == 3
    times.now += 19.9
    assert times.tries() == 0
    times.now += 0.1
    assert times.tries() == 1
    times.now += 60
    assert times.tries() == 3


def test_what_did_not_happen_is_taken_back() -> None:
    times = Times()
    times.tries()
    times.allowances.take_back("ann")
    times.allowances.take_back("nobody")
    assert times.tries() == 1


def test_more_than_is_allowed_counts_no_further() -> None:
    times = Times()
    for _ in range(100):
        times.allowances.count("ann")
    assert times.allowances.wait("ann") == pytest.approx(20.0)


def test_the_oldest_are_forgotten() -> None:
    times = Times()
    for number in range(100):
        times.allowances.count(f"{number}")
        assert len(times.allowances) <= 10
    times.now += 61
    times.allowances.count("ann")
    assert len(times.allowances) == 1


def test_a_reload_counts_at_once() -> None:
    times = Times()
    times.tries()
    times.rate = 6, 60.0
    assert times.allowances.wait("ann") == pytest.approx(10.0)


@given(st.integers(1, 1000), st.floats(1.0, 1e6), st.lists(st.floats(0, 1e4), max_size=30))
def test_never_more_than_twice_the_allowance_within_its_period(
    most: int, period: float, pauses: list[float]
) -> None:
    times = Times(most, period)
    began, done = times.now, 0
    for pause in (0.0, *pauses):
        times.now += pause
        done += times.tries()
        assert done <= most * (1 + (times.now - began) / period) + 1
    assert done >= most
