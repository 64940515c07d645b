"""Counting what a session does, without keeping everything for ever."""

from __future__ import annotations

from conversation import House

from chatnet.session.rates import FEW, SPAN, did, note, too_fast


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


def test_what_is_old_is_forgotten(house: House) -> None:
    session = house.client("ann").session
    assert not did(session, "target 0")
    for number in range(20 * FEW):
        note(session, f"target {number}")
        house.clock.advance(SPAN / FEW)
    assert session.rates is not None
    assert len(session.rates) <= 3 * FEW
    assert did(session, f"target {20 * FEW - 1}") and not did(session, "target 0")
