"""WHO and WHOX."""

from __future__ import annotations

import pytest
from conversation import House
from states import logged_in, moded, opered, second_session, set_modes


def test_who_of_a_channel_lists_its_members() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    bob >> "JOIN #c" >> "AWAY :out"
    ann.lines()
    ann >> "WHO #C"
    ann << ":irc.test 352 ann #c ~ann 192.0.2.1 irc.test ann H@ :0 Ann"
    ann << ":irc.test 352 ann #c ~bob 192.0.2.2 irc.test bob G :0 Bob"
    ann << ":irc.test 315 ann #C :End of WHO list"
    ann.silent()
    house.check()


def test_flags_tell_opers_prefixes_and_bots() -> None:
    house = House()
    ann = house.client("ann")
    rob = house.client("rob", caps="multi-prefix")
    opered(rob)
    moded(rob, "B")
    rob >> "JOIN #c"
    rob.user.channels[(channel := house.node.network.channels[house.node.network.fold("#c")])] = 5
    channel.members[rob.user] = 5
    ann >> "JOIN #c" >> "WHO rob"
    assert ann.until("* 352 *").endswith(" rob H*@B :0 Rob")
    rob >> "WHO rob"
    assert rob.until("* 352 *").endswith(" rob H*@+B :0 Rob")
    ann >> "WHO rob %f"
    ann.until("* 354 ann H*@+B")


def test_strangers_see_visible_members_of_open_channels_only() -> None:
    house = House()
    ann, bob, cat = (house.client(nick) for nick in ("ann", "bob", "cat"))
    moded(bob, removed="i")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    cat >> "WHO #c"
    cat << "* 352 cat #c ~bob *"
    cat << "* 315 cat #c *"
    cat.silent()
    for flag in "sp":
        set_modes(house, "#c", "+" + flag)
        cat >> "WHO #c"
        assert cat.numerics() == ["315"]
        opered(cat, "see-all")
        cat >> "WHO #c"
        assert cat.numerics() == ["352", "352", "315"]
        cat >> "MODE cat -o"
        cat.lines()
        set_modes(house, "#c", "-" + flag)
    cat >> "WHO #nowhere" >> "WHO nobody"
    assert cat.numerics() == ["315", "315"]


def test_an_exact_nick_finds_an_invisible_user_but_not_their_channels() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    bob >> "JOIN #c"
    ann >> "WHO BOB"
    ann << "* 352 ann * ~bob *"
    ann << "* 315 ann BOB *"
    moded(bob, removed="i")
    ann >> "WHO bob"
    ann << "* 352 ann #c ~bob *"
    set_modes(house, "#c", "+p")
    ann.lines()
    ann >> "WHO bob"
    ann << "* 352 ann * ~bob *"


@pytest.mark.parametrize(
    "mask", ["b*b", "B?B", "~bo*", "192.0.2.*", "irc.*", "*builder*", "tools?", "0", "*", "**"]
)
def test_a_mask_is_compared_with_all_that_is_public(mask: str) -> None:
    house = House()
    ann, bob = house.client("ann", address="198.51.100.1"), house.client("bob")
    moded(ann, removed="i")
    moded(bob, removed="i")
    bob >> "SETNAME :The Builder"
    logged_in(bob, "tools4")
    ann >> f"WHO {mask}"
    assert "bob" in [line.split(" ")[7] for line in ann.lines() if " 352 " in line]


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ("{X}*", True),
        ("*]~", True),
        ("?X?^", True),
        ("????", True),
        ("?????????", True),
        ("??????", False),
        ("*ÉKELVIN*", False),  # only ASCII is folded
        ("*Kelvin*", True),
        ("*kelvin*", False),
        ("*é?elv*", True),
        (r"*\*star", True),
        (r"*\?star", False),
        ("*x*y*", False),
    ],
)
def test_a_mask_is_folded_as_names_are(mask: str, found: bool) -> None:
    house = House()
    ann, odd = house.client("ann"), house.client("[x]^")
    moded(odd, removed="i")
    odd >> "SETNAME :éKelvin *star"
    ann >> f"WHO {mask} %n"
    assert (":irc.test 354 ann [x]^" in ann.lines()) is found


def test_a_mask_finds_invisible_users_only_in_a_common_channel() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "WHO b*"
    ann << "* 315 ann b* :End of WHO list"
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    ann >> "WHO b*"
    assert ann.numerics() == ["352", "315"]
    ann >> "PART #c"
    ann.lines()
    opered(ann, "see-all")
    ann >> "WHO b*"
    assert ann.numerics() == ["352", "315"]


def test_real_hosts_are_searched_by_opers_who_see_all_and_never_shown() -> None:
    house = House(cloak={"enabled": True})
    ann, bob = house.client("ann", address="198.51.100.1"), house.client("bob", address="192.0.2.77")
    moded(bob, removed="i")
    ann >> "WHO 192.0.2.*"
    assert ann.numerics() == ["315"]
    ann >> "WHO bob %hi"
    ann << f":irc.test 354 ann 255.255.255.255 {bob.user.cloak}"
    ann.lines()
    opered(ann, "see-all")
    ann >> "WHO 192.0.2.* %hi"
    ann << f":irc.test 354 ann 192.0.2.77 {bob.user.cloak}"
    bob >> "WHO bob %hi"
    bob << f":irc.test 354 bob 192.0.2.77 {bob.user.cloak}"


def test_o_lists_opers_only() -> None:
    house = House()
    ann, bob, cat = (house.client(nick) for nick in ("ann", "bob", "cat"))
    for client in (ann, bob, cat):
        client >> "JOIN #c"
    opered(bob)
    for mask in ("*", "#c", "b*"):
        ann.lines()
        ann >> f"WHO {mask} o"
        ann << "* 352 ann * bob H* :0 Bob"
        ann << "* 315 *"
    ann >> "WHO cat o%n"
    assert ann.numerics() == ["315"]


def test_an_answer_takes_half_of_sendq_at_most() -> None:
    house = House(connection_class=({"name": "small", "sendq": 4096},))
    ann = house.client("ann")
    ann >> "JOIN #c"
    for number in range(40):
        house.client(f"nick{number}") >> "JOIN #c"
    ann.lines()
    ann >> "WHO #c"
    numerics = ann.numerics()
    assert numerics[-2:] == ["416", "315"]
    assert 20 < numerics.count("352") < 40
    house.check()


def test_more_matches_than_the_limit_end_with_416() -> None:
    house = House(limits={"who": 2})
    clients = [house.client(nick) for nick in ("ann", "bob", "cat")]
    ann = clients[0]
    for client in clients:
        moded(client, removed="i")
    ann >> "WHO *"
    assert ann.numerics() == ["352", "352", "416", "315"]
    ann >> "WHO ?n*" >> "WHO cat"
    assert ann.numerics() == ["352", "315", "352", "315"]


def test_whox_gives_the_fields_in_the_order_of_the_specification() -> None:
    house = House()
    ann = house.client("ann")
    bob = house.client("bob", address="2001:db8::1")
    logged_in(bob, "robert")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    house.clock.advance(7)
    ann >> "WHO #c %roaldfnshiuct,152"
    ann << ":irc.test 354 ann 152 #c ~ann 192.0.2.1 192.0.2.1 irc.test ann H@ 0 7 0 999 :Ann"
    ann << ":irc.test 354 ann 152 #c ~bob 2001:db8::1 2001:db8::1 irc.test bob H 0 7 robert n/a :Bob"
    ann << ":irc.test 315 ann #c :End of WHO list"
    ann >> "WHO bob %nna"
    ann << ":irc.test 354 ann bob robert"


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ("%tn,7", "7 ann"),
        ("%tn,1234", "0 ann"),
        ("%tn,1 2", "0 ann"),
        ("%tn,x", "0 ann"),
        ("%tn,\u0663", "0 ann"),
        ("%tn,", "0 ann"),
        ("%tn", "0 ann"),
        ("%n,1,2", "ann"),
        ("%n!?%n", "ann"),
        ("x%n", "ann"),
    ],
)
def test_hostile_whox_options(option: str, answer: str) -> None:
    ann = House().client("ann")
    ann >> f"WHO ann :{option}"
    ann << f":irc.test 354 ann {answer}"
    ann << "* 315 ann ann *"


@pytest.mark.parametrize("option", ["", "x"])
def test_without_fields_the_answer_is_plain(option: str) -> None:
    ann = House().client("ann")
    ann >> f"WHO ann :{option}"
    assert ann.numerics() == ["352", "315"]


def test_idle_time_is_that_of_the_session_that_spoke_last() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    again = second_session(ann)
    house.clock.advance(100)
    again >> "PRIVMSG bob :hi"
    house.clock.advance(5)
    ann << ":ann!* PRIVMSG bob :hi"
    ann >> "WHO ann %l"
    ann << ":irc.test 354 ann 5"
    bob.lines()
    bob >> "WHO ann %l"
    bob << ":irc.test 354 bob 5"  # as WHOIS tells


def test_who_wants_a_mask() -> None:
    ann = House().client("ann")
    ann >> "WHO"
    ann << ":irc.test 461 ann WHO :Not enough parameters"
