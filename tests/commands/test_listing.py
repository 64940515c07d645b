"""LIST, as conversations."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client, House
from states import opered, set_modes


def listed(client: Client, command: str) -> list[str]:
    """The names of the channels that `command` shows, between 321 and 323."""
    client >> command
    first, *rest, last = client.lines()
    assert first.split(" ")[1] == "321" and last.split(" ")[1] == "323"
    assert all(line.split(" ")[1] == "322" for line in rest)
    return [line.split(" ")[3] for line in rest]


def test_all_channels(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #a,#b" >> "TOPIC #b :\x02tea\x02 and \x0304cake"
    bob >> "JOIN #b"
    bob.lines()
    bob >> "LIST"
    bob << ":irc.test 321 bob Channel :Users  Name"
    bob << ":irc.test 322 bob #a 1 :"
    bob << ":irc.test 322 bob #b 2 :tea and cake"
    bob << ":irc.test 323 bob :End of /LIST"
    bob.silent()


def test_names_and_masks(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #apple,#pear,#peach,#plum"
    ann.lines()
    assert listed(ann, "LIST #Pear,#nowhere,#plum") == ["#pear", "#plum"]
    assert listed(ann, "LIST #pe*") == ["#pear", "#peach"]
    assert listed(ann, "LIST #?????,#plum") == ["#plum", "#apple", "#peach"]
    assert listed(ann, "LIST !*P*L*") == ["#pear", "#peach"]
    assert listed(ann, "LIST *ea*,!*r") == ["#peach"]
    assert listed(ann, "LIST nonsense") == []
    assert listed(ann, "LIST !#pear,") == ["#apple", "#peach", "#plum"]


def test_how_many_users(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #one,#two,#three"
    bob >> "JOIN #two,#three"
    cyd >> "JOIN #three"
    ann.lines()
    assert listed(ann, "LIST >1") == ["#two", "#three"]
    assert listed(ann, "LIST <3") == ["#one", "#two"]
    assert listed(ann, "LIST >1,<3") == ["#two"]
    assert listed(ann, "LIST #one,#three >1") == ["#three"]


def test_how_old(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #old" >> "TOPIC #old :fresh"
    house.clock.advance(3600)
    ann >> "JOIN #new" >> "JOIN #bare" >> "TOPIC #new :fresh"
    house.clock.advance(120)
    ann.lines()
    assert listed(ann, "LIST C>10") == ["#old"]
    assert listed(ann, "LIST c<10") == ["#new", "#bare"]
    assert listed(ann, "LIST T>10") == ["#old"]
    assert listed(ann, "LIST t<10") == ["#new"]
    ann >> "TOPIC #old :again"
    ann.lines()
    assert listed(ann, "LIST T<1") == ["#old"]


def test_secret_channels_are_for_members_and_opers(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #secret,#private"
    set_modes(house, "#secret", "+s")
    set_modes(house, "#private", "+p")
    ann.lines()
    assert listed(ann, "LIST") == ["#secret", "#private"]
    assert listed(bob, "LIST") == ["#private"]
    assert listed(bob, "LIST #secret") == []
    opered(bob, "see-all")
    assert listed(bob, "LIST") == ["#secret", "#private"]


def test_too_many_conditions(house: House) -> None:
    ann = house.client("ann")
    ann >> f"LIST {','.join(f'!*{n}' for n in range(8))},:9"
    ann << ":irc.test 407 ann 9 :Too many recipients"
    ann.silent()


@pytest.mark.parametrize("limits", [{"limits": {"list_replies": 2}}, {"connection_class": "small"}])
def test_a_long_list_ends_before_it_hurts(limits: dict[str, Any]) -> None:
    if "connection_class" in limits:
        limits = {"connection_class": [{"name": "small", "sendq": 4096}]}
    house = House(**limits)
    ann = house.client("ann")
    for n in range(30):
        ann >> f"JOIN #c{n}" >> f"TOPIC #c{n} :{'x' * 300}"
    ann.lines()
    ann >> "LIST"
    lines = ann.lines()
    assert lines[-2:] == [
        ":irc.test 416 ann LIST :output too large, truncated",
        ":irc.test 323 ann :End of /LIST",
    ]
    assert 4 < len(lines) < 15 and sum(map(len, lines)) < 4096
    house.check()
