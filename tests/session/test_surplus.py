"""A connection that was let in, and is one too many of all processes of a server together."""

from __future__ import annotations

import pytest
from conversation import House

from chatnet.rules.surplus import SURPLUS

WHY = "Too many connections from your address"


def test_the_newest_from_there_is_sent_away(house: House) -> None:
    old, new = house.client("ann"), house.client("bob")
    house.parts.sessions.dismiss(new.session.peer.address, WHY)
    assert new.lines()[-1].endswith(f"({WHY})")
    assert new.session.closed and not old.session.closed


def test_one_that_is_no_session_yet_is_none_for_long(house: House) -> None:
    old = house.client("ann")
    house.clock.advance(SURPLUS + 1)
    house.parts.sessions.dismiss(old.session.peer.address, WHY)
    assert not old.session.closed
    new, after = house.connect(), house.connect()
    assert new.session.closed and not after.session.closed


@pytest.mark.parametrize("others", [0, 2])
def test_those_from_elsewhere_stay(house: House, others: int) -> None:
    here = house.connect()
    elsewhere = [house.connect(address=f"198.51.100.{number}") for number in range(others)]
    house.parts.sessions.dismiss(here.session.peer.address, WHY)
    assert here.session.closed and not any(each.session.closed for each in elsewhere)
