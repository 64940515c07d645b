"""Turns by owner."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.fair_queue import FairQueue


def taken(queue: FairQueue[int]) -> list[tuple[str, int]]:
    found = []
    while (next_one := queue.take()) is not None:
        found.append(next_one)
    return found


def test_owners_take_turns_and_keep_their_order() -> None:
    queue: FairQueue[int] = FairQueue()
    for owner, thing in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("b", 6)]:
        queue.add(owner, thing)
    assert len(queue) == 6 and queue.waiting("a") == 3 and queue.waiting("d") == 0
    assert taken(queue) == [("a", 1), ("b", 4), ("c", 5), ("a", 2), ("b", 6), ("a", 3)]
    assert len(queue) == 0 and queue.take() is None


def test_what_is_removed_does_not_come() -> None:
    queue: FairQueue[int] = FairQueue()
    for owner, thing in [("a", 1), ("a", 2), ("b", 3)]:
        queue.add(owner, thing)
    for owner, thing in [("a", 1), ("b", 3), ("b", 3), ("a", 9), ("c", 1)]:
        queue.remove(owner, thing)
    assert len(queue) == 1 and taken(queue) == [("a", 2)]


def test_who_has_most_loses_the_last() -> None:
    queue: FairQueue[int] = FairQueue()
    assert queue.most() == 0
    for owner, thing in [("b", 3), ("a", 1), ("a", 2)]:
        queue.add(owner, thing)
    assert queue.most() == 2 and queue.take_last_of_most() == 2 and queue.most() == 1
    assert queue.take_last_of_most() == 3 and taken(queue) == [("a", 1)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
def test_nobody_waits_for_more_than_one_of_each_other(things: list[tuple[str, int]]) -> None:
    queue: FairQueue[int] = FairQueue()
    for owner, thing in things:
        queue.add(owner, thing)
    found = taken(queue)
    assert Counter(found) == Counter(things)
    for owner in "abc":
        assert [thing for who, thing in found if who == owner] == [
            thing for who, thing in things if who == owner
        ]
        places = [place for place, (who, _) in enumerate(found) if who == owner]
        assert all(later - earlier <= 3 for earlier, later in pairwise(places))
