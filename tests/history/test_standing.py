"""Channels that are kept though they are no more."""

from __future__ import annotations

import pytest
from archive import Archive, talk
from chanserv import ask, founded
from conversation import Client

from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import Began, Place, Silent

DAY = 86_400


@pytest.fixture
def house() -> Archive:
    return Archive()


def standing(house: Archive) -> set[Place]:
    """The channels that stand, after a look."""
    recorder, looks = house.parts.recorder, house.parts.standing
    assert recorder is not None and looks is not None
    recorder.flush()
    looks.sweep()
    recorder.flush()
    return {each.place for each in at_once(house.messages.standing())}


def imported(house: Archive, name: str, ts: int = 5) -> Place:
    place = Place("c", name, "", ts)
    house.put(Began(place, name, house.ms() - 1000), Silent(place, house.ms()))
    return place


def there(house: Archive, nick: str, name: str) -> Client:
    client = house.client(nick)
    client >> f"JOIN {name}"
    client.lines()
    return client


def test_an_imported_channel_that_is_nobodys_ends_after_a_while(house: Archive) -> None:
    there(house, "ann", "#used")
    used, other = house.place("#used"), imported(house, "#used")
    gone, kept = imported(house, "#gone"), imported(house, "#kept")
    bob = founded(house, "bob", "#kept")
    bob >> "PART #kept"
    both = standing(house)
    assert len(both) == 5 and both > {gone, kept, used, other}
    assert standing(house) == both
    house.clock.advance(DAY - 10)
    assert standing(house) == both
    house.clock.advance(20)
    assert standing(house) == both - {gone, other}


def test_a_channel_ends_whose_registration_ended_while_nobody_was_there(house: Archive) -> None:
    ann = founded(house)
    talk([ann], ["hello"])
    place = house.place()
    ann >> "PART #c"
    house.clock.advance(3 * DAY)
    assert standing(house) == {place}
    answers = ask(ann, "DROP #c")
    ask(ann, f"DROP #c {answers[-1].split(' ')[-1]}")
    assert house.node.network.registry.channels.at("#c") is None
    assert standing(house) == set()
