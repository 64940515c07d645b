"""Stamps: which of two changes came later, on whatever servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.stamps import NEVER, Clock, Mark, Stamp, holds, read, too_far

NOW = 1_700_000_000.0
SIDS = st.from_regex(r"[0-9][0-9A-Z]{2}", fullmatch=True)
STAMPS = st.builds(Stamp, st.integers(1, 10**14), st.integers(0, 10**9), SIDS)


@given(STAMPS)
def test_the_text_of_a_stamp_is_that_stamp(stamp: Stamp) -> None:
    assert read(stamp.text) == stamp


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.0", "1.0.0AAA", "1.0.AAA", "1.0.0aa", "A.0.0AA", "1.-1.0AA", "1.0.0AA ", "².².0AA"),
        *("zzzzzzzzzz.0.0AA", "1.zzzzzzz.0AA"),
    ],
)
def test_what_is_no_stamp(text: str) -> None:
    assert read(text) is None


@given(STAMPS, STAMPS)
def test_of_two_stamps_one_holds(one: Stamp, other: Stamp) -> None:
    known = Mark(one, True)
    assert holds(other, known) is (other > one)
    assert holds(other, known) or holds(one, Mark(other, False)) or one == other
    assert holds(one, None) and not holds(NEVER, known) and not holds(NEVER, None)


@given(st.lists(st.one_of(st.floats(-7200, 7200), STAMPS), max_size=30))
def test_a_clock_makes_each_stamp_later_than_all_it_made_or_saw(story: list[float | Stamp]) -> None:
    """However the clock of the machine is set meanwhile."""
    clock, last, now = Clock("0AA"), NEVER, NOW
    for step in story:
        if isinstance(step, float):
            now += step
        else:
            clock.observe(step)
            last = max(last, step)
        made = clock.next(now)
        assert made > last and made.sid == "0AA"
        last = made


def test_what_nobody_saw_can_be_taken_back() -> None:
    clock = Clock("0AA")
    kept = clock.next(NOW)
    clock.next(NOW + 10**6)
    clock.set_back(kept)
    assert kept < clock.next(NOW) < Stamp(kept.ms + 1, 0, "")
    seen = Stamp(kept.ms + 500, 7, "0BA")
    clock.observe(seen)
    clock.next(NOW + 10**6)
    clock.set_back(kept)
    assert clock.next(NOW) == Stamp(seen.ms, 8, "0AA"), "somebody has seen that"


def test_how_far_ahead_a_stamp_may_be() -> None:
    stamp = Stamp(int(NOW * 1000) + 5000, 3, "0BA")
    assert not too_far(stamp, NOW, 5.0) and too_far(stamp, NOW - 1, 5.0) == 6.0
