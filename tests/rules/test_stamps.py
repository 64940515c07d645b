"""Stamps: which of two changes came later, on whatever servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.stamps import NEVER, Clock, Mark, Stamp, holds, read

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


@given(st.lists(st.one_of(st.floats(0, 2), STAMPS), max_size=30))
def test_a_clock_makes_each_stamp_later_than_all_it_made_or_saw(story: list[float | Stamp]) -> None:
    clock, last, now = Clock("0AA", 5), NEVER, NOW
    for step in story:
        if isinstance(step, float):
            now += step - 1  # the time may go back as well
        else:
            last = max(last, clock.observe(step, now))
        made = clock.next(now)
        assert made > last and made.sid == "0AA"
        last = made


def test_a_stamp_far_ahead_is_taken_for_one_of_just_then() -> None:
    clock = Clock("0AA", 5)
    near, far = Stamp(int(NOW * 1000) + 5000, 3, "0BA"), Stamp(int(NOW * 1000) + 5001, 3, "0BA")
    assert clock.observe(near, NOW) is near and clock.clamped == 0
    assert clock.observe(far, NOW) == near and clock.clamped == 1
    assert clock.next(NOW) == Stamp(near.ms, 4, "0AA")
    assert clock.observe(far, NOW, servers=2) is far and clock.clamped == 1
