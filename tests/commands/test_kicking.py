"""KICK, as conversations."""

from __future__ import annotations

import pytest
from conversation import House
from states import channel, opered, set_modes


def test_somebody_is_put_out(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd", caps="server-time")
    for client in (ann, bob, cyd):
        client >> "JOIN #c"
    for client in (ann, bob, cyd):
        client.lines()
    ann >> "KICK #C BOB :enough"
    ann << ":ann!~ann@192.0.2.1 KICK #c bob :enough"
    bob << ":ann!~ann@192.0.2.1 KICK #c bob :enough"
    cyd << "@time=2023-11-14T22:13:20.000Z :ann!~ann@192.0.2.1 KICK #c bob :enough"
    assert bob.user not in channel(house, "#c").members
    ann >> "PRIVMSG #c :gone"
    bob.silent()
    ann >> "KICK #c cyd"
    ann << ":ann!~ann@192.0.2.1 KICK #c cyd :ann"
    ann >> "KICK #c ann :"
    ann << ":ann!~ann@192.0.2.1 KICK #c ann :ann"
    assert house.node.network.channel("#c") is None


def test_several_users(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    for client in (ann, bob, cyd):
        client >> "JOIN #c,#d"
    ann.lines()
    ann >> "KICK #c bob,nobody,cyd,bob :out"
    ann << ":ann!* KICK #c bob :out"
    ann << ":irc.test 441 ann nobody #c :They aren't on that channel"
    ann << ":ann!* KICK #c cyd :out"
    ann << ":irc.test 441 ann bob #c :They aren't on that channel"
    ann >> "KICK #d,#nowhere,#d bob,bob,cyd"
    ann << ":ann!* KICK #d bob :ann"
    ann << ":irc.test 403 ann #nowhere :No such channel"
    ann << ":ann!* KICK #d cyd :ann"
    ann >> "KICK #c a,b,c,d,e,f"
    assert ann.numerics() == ["441"] * 4 + ["407"]


@pytest.mark.parametrize(
    "line", ["KICK", "KICK #c", "KICK #c ,", "KICK , bob", "KICK #c,#d bob", "KICK #c :"]
)
def test_lists_that_do_not_fit(house: House, line: str) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    ann >> line
    ann << ":irc.test 461 ann KICK :Not enough parameters"


def test_refusals(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    bob.lines()
    bob >> "KICK #c ann"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    bob >> "KICK #c nobody"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    bob >> "KICK #nowhere ann"
    bob << ":irc.test 403 bob #nowhere :No such channel"
    cyd >> "KICK #c ann"
    cyd << ":irc.test 442 cyd #c :You're not on that channel"
    ann >> "KICK #c cyd"
    ann << ":irc.test 441 ann cyd #c :They aren't on that channel"
    ann.silent()


@pytest.mark.parametrize(
    ("mine", "theirs", "allowed"),
    [
        ("v", "", False),
        ("h", "", True),
        ("h", "v", True),
        ("h", "h", False),
        ("h", "o", False),
        ("hv", "o", False),
        ("o", "h", True),
        ("o", "o", True),
        ("o", "a", False),
        ("a", "a", True),
        ("ao", "q", False),
        ("q", "q", True),
        ("q", "aohv", True),
    ],
)
def test_rank_protects(house: House, mine: str, theirs: str, allowed: bool) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", f"-o+{mine}{theirs}", "ann", *["ann"] * len(mine), *["bob"] * len(theirs))
    ann.lines()
    ann >> "KICK #c bob"
    ann << (":ann!* KICK #c bob :ann" if allowed else ":irc.test 482 ann #c :You're not channel operator")


def test_a_half_operator_may_leave_by_kick(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    set_modes(house, "#c", "-o+h", "ann", "ann")
    ann.lines()
    ann >> "KICK #c ann :bye"
    ann << ":ann!* KICK #c ann :bye"


def test_an_oper_kicks_from_outside(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    ann.lines()
    opered(bob, "channels", snomask="g")
    bob.lines()
    bob >> "KICK #c nobody"
    bob << ":irc.test 441 bob nobody #c :They aren't on that channel"
    bob >> "KICK #c ann :rules"
    bob << ":irc.test NOTICE * :*** Notice -- bob!* used KICK #c in spite of ERR_NOTONCHANNEL"
    ann << ":bob!~bob@192.0.2.1 KICK #c ann :rules"


def test_the_reason_is_cut() -> None:
    house = House(limits={"kick": 5})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    bob.lines()
    ann >> "KICK #c bob :ööö"
    bob << ":ann!* KICK #c bob :öö"
    house.check()
