"""TOPIC, as conversations."""

from __future__ import annotations

import pytest
from conversation import START, House
from states import channel, opered, set_modes


def test_the_topic_is_read_set_and_cleared(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    bob.lines()
    ann >> "TOPIC #C"
    ann << ":irc.test 331 ann #c :No topic is set"
    ann >> "TOPIC #C :tea and cake"
    ann << ":ann!~ann@192.0.2.1 TOPIC #c :tea and cake"
    bob << ":ann!~ann@192.0.2.1 TOPIC #c :tea and cake"
    bob >> "TOPIC #c"
    bob << ":irc.test 332 bob #c :tea and cake"
    bob << f":irc.test 333 bob #c ann!~ann@192.0.2.1 {START:.0f}"
    ann >> "TOPIC #c :tea and cake"
    ann.silent()
    ann >> "TOPIC #c :"
    ann << ":ann!~ann@192.0.2.1 TOPIC #c :"
    ann >> "TOPIC #c :"
    ann.silent()
    bob << ":ann!~ann@192.0.2.1 TOPIC #c :"
    bob >> "TOPIC #c"
    bob << ":irc.test 331 bob #c :No topic is set"


def test_server_time_stands_before_it(house: House) -> None:
    ann = house.client("ann", caps="server-time")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "TOPIC #c :tea"
    ann << "@time=2023-11-14T22:13:20.000Z :ann!~ann@192.0.2.1 TOPIC #c :tea"


def test_refusals(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    bob.lines()
    bob >> "TOPIC"
    bob << ":irc.test 461 bob TOPIC :Not enough parameters"
    bob >> "TOPIC #nowhere"
    bob << ":irc.test 403 bob #nowhere :No such channel"
    bob >> "TOPIC #c :mine"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    cyd >> "TOPIC #c :mine"
    cyd << ":irc.test 442 cyd #c :You're not on that channel"
    cyd >> "TOPIC #c"
    cyd << ":irc.test 331 cyd #c :*"
    set_modes(house, "#c", "+s")
    cyd >> "TOPIC #c"
    cyd << ":irc.test 442 cyd #c :You're not on that channel"
    opered(cyd, "see-all")
    cyd >> "TOPIC #c"
    cyd << ":irc.test 331 cyd #c :*"


@pytest.mark.parametrize(
    ("modes", "parameters", "allowed"),
    [
        ("+h", ["bob"], True),
        ("+v", ["bob"], False),
        ("-t", [], True),
        ("-t+m", [], False),
        ("-t+mv", ["bob"], True),
        ("-t+b", ["$q:bob!*@*"], False),
        ("-t+R", [], False),
    ],
)
def test_who_may_set_it(house: House, modes: str, parameters: list[str], allowed: bool) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", modes, *parameters)
    bob.lines()
    bob >> "TOPIC #c :mine"
    bob << (":bob!* TOPIC #c :mine" if allowed else ":irc.test 482 bob #c :You're not channel operator")


def test_an_oper_sets_it_from_outside(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    ann.lines()
    opered(bob, "channels", snomask="g")
    bob.lines()
    bob >> "TOPIC #c :rules"
    bob << ":irc.test NOTICE * :*** Notice -- bob!~bob@192.0.2.1 used TOPIC #c in spite of ERR_NOTONCHANNEL"
    ann << ":bob!~bob@192.0.2.1 TOPIC #c :rules"


def test_it_is_cut_between_characters() -> None:
    house = House(limits={"topic": 5})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "TOPIC #c :ööö"
    ann.until(":ann!* TOPIC #c :öö")
    topic = channel(house, "#c").topic
    assert topic is not None and topic.text == "öö"
    ann >> "TOPIC #c :ööü"
    ann.silent()
    house.check()
