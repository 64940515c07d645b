"""Counting what a session does, without keeping everything for ever."""

from __future__ import annotations

from conversation import House

from chatnet.session.rates import MOST, did, note, too_fast


def test_so_many_within_a_period() -> None:
    house = House(flood={"enabled": True})
    session = house.client("ann").session
    assert [too_fast(session, "x", 2, 10) for _ in range(4)] == [False, False, True, True]
    assert not too_fast(session, "y", 2, 10)
    house.clock.advance(10)
    assert not too_fast(session, "x", 2, 10)


def test_nothing_is_counted_where_flood_control_is_off(house: House) -> None:
    session = house.client("ann").session
    assert not any(too_fast(session, "x", 1, 10) for _ in range(3))


def test_of_many_others_the_last_ones_are_remembered() -> None:
    """Whoever writes to somebody makes a note there: however many do, it costs no more than so many."""
    house = House(flood={"enabled": True})
    session = house.client("ann").session
    assert not did(session, "target 0")
    for number in range(5 * MOST):
        note(session, f"target {number}")
        note(session, "target 0")
        assert session.noted is not None and len(session.noted) <= MOST
        house.clock.advance(1)
    remembered = [number for number in range(5 * MOST) if did(session, f"target {number}")]
    last = 5 * MOST - len(remembered) + 1
    assert remembered == [0, *range(last, 5 * MOST)], "the last ones, and who goes on"
    assert len(remembered) >= MOST // 2 - 1


def test_of_counts_of_others_the_last_ones_are_remembered_and_all_of_oneself() -> None:
    house = House(flood={"enabled": True})
    session = house.client("ann").session
    assert not too_fast(session, "join", 1, 1e9)
    for number in range(5 * MOST):
        assert not too_fast(session, f"caller {number}", 1, 60)
        assert too_fast(session, f"caller {number}", 1, 60)
        assert session.rates is not None and len(session.rates) <= MOST
    assert not too_fast(session, "caller 0", 1, 60), "long ago"
    assert too_fast(session, "join", 1, 1e9)
