"""NAMES, as conversations."""

from __future__ import annotations

import pytest
from conversation import Client, House
from states import opered, set_modes

from chatnet.model.facts import UserModesChanged


def show(house: House, *clients: Client) -> None:
    """Take user mode i away, which everybody has from the start."""
    for client in clients:
        house.node.commit(UserModesChanged(client.user, "", "i", "", house.clock.time()))
        client.lines()


def test_one_channel_at_a_time(house: House) -> None:
    """As ISUPPORT says: ``TARGMAX=NAMES:1``."""
    ann, bob = house.client("ann"), house.client("bob")
    show(house, ann)
    ann >> "JOIN #a,#b"
    bob >> "NAMES #A,#b,#nowhere"
    bob << ":irc.test 353 bob = #a :@ann"
    bob << ":irc.test 366 bob #a :End of /NAMES list"
    bob << ":irc.test 407 bob #b :Too many recipients"
    for name in ("#nowhere", "bob"):
        bob >> f"NAMES {name}"
        bob << f":irc.test 366 bob {name} :End of /NAMES list"
    bob >> "VERSION"
    assert "TARGMAX=NAMES:1,LIST:," in bob.until("*TARGMAX=*")


def test_no_channel(house: House) -> None:
    ann = house.client("ann")
    ann >> "NAMES" >> "NAMES :"
    assert ann.lines() == [":irc.test 366 ann * :End of /NAMES list"] * 2
    ann >> "NAMES ,"
    ann << ":irc.test 461 ann NAMES :Not enough parameters"


@pytest.mark.parametrize(
    ("caps", "shown"),
    [
        ("", "~ann +bob"),
        ("multi-prefix", "~@%+ann +bob"),
        ("userhost-in-names", "~ann!~ann@192.0.2.1 +bob!~bob@192.0.2.1"),
        ("multi-prefix userhost-in-names", "~@%+ann!~ann@192.0.2.1 +bob!~bob@192.0.2.1"),
    ],
)
def test_prefixes_and_hosts(house: House, caps: str, shown: str) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd", caps=caps)
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+qhvv", "ann", "ann", "ann", "bob")
    show(house, ann, bob)
    cyd >> "NAMES #c"
    cyd << f":irc.test 353 cyd = #c :{shown}"


def test_invisible_users_are_for_members(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    show(house, ann)
    cyd >> "NAMES #c"
    cyd << ":irc.test 353 cyd = #c :@ann"
    cyd << ":irc.test 366 cyd #c :*"
    ann.lines()
    ann >> "NAMES #c"
    ann << ":irc.test 353 ann = #c :@ann bob"


@pytest.mark.parametrize(("mode", "symbol"), [("s", "@"), ("p", "*")])
def test_secret_and_private_channels_are_for_members(house: House, mode: str, symbol: str) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+" + mode)
    ann.lines()
    bob >> "NAMES #c"
    bob << ":irc.test 366 bob #c :End of /NAMES list"
    ann >> "NAMES #c"
    ann << f":irc.test 353 ann {symbol} #c :@ann"
    opered(bob, "see-all")
    bob >> "NAMES #c"
    bob << f":irc.test 353 bob {symbol} #c :@ann"


def test_many_names_take_several_lines(house: House) -> None:
    clients = [house.client(f"somebody-with-a-long-nick{n}") for n in range(30)]
    for client in clients:
        client >> "JOIN #c"
    show(house, *clients)
    reader = house.client("ann")
    reader >> "NAMES #c"
    *names, end = reader.lines()
    assert len(names) > 1 and all(len(line) <= 510 for line in names)
    assert sum(len(line.split(" :")[1].split()) for line in names) == 30
    assert end == ":irc.test 366 ann #c :End of /NAMES list"
