"""JOIN and PART, as conversations."""

from __future__ import annotations

import pytest
from conversation import START, House
from states import channel, opered, set_modes

from chatnet.model.facts import AccountChanged, UserModesChanged
from chatnet.model.ids import AccountName


def test_a_new_channel_has_modes_and_an_operator(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    ann << ":ann!~ann@192.0.2.1 JOIN #c"
    ann << ":irc.test MODE #c +nt"
    ann << ":irc.test 353 ann = #c :@ann"
    ann << ":irc.test 366 ann #c :End of /NAMES list"
    ann.silent()
    ann >> "JOIN #C"
    ann.silent()


def test_who_comes_in_reads_topic_and_names(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "TOPIC #c :tea and cake"
    ann.lines()
    bob >> "JOIN #C"
    bob << ":bob!~bob@192.0.2.1 JOIN #c"
    bob << ":irc.test 332 bob #c :tea and cake"
    bob << f":irc.test 333 bob #c ann!~ann@192.0.2.1 {START:.0f}"
    bob << ":irc.test 353 bob = #c :@ann bob"
    bob << ":irc.test 366 bob #c :*"
    bob.silent()
    ann << ":bob!~bob@192.0.2.1 JOIN #c"
    ann.silent()


def test_capabilities_at_a_join(house: House) -> None:
    ann = house.client("ann", caps="extended-join away-notify server-time")
    bob = house.client("bob", caps="multi-prefix userhost-in-names extended-join")
    ann >> "JOIN #c"
    ann.lines()
    set_modes(house, "#c", "+v", "ann")
    ann.lines()
    bob >> "AWAY :lunch" >> "JOIN #c"
    bob.until(":bob!~bob@192.0.2.1 JOIN #c * :Bob")
    bob << ":irc.test 353 bob = #c :@+ann!~ann@192.0.2.1 bob!~bob@192.0.2.1"
    bob << ":irc.test 366 bob #c :*"
    ann << "@time=2023-11-14T22:13:20.000Z :bob!~bob@192.0.2.1 JOIN #c * :Bob"
    ann << "@time=2023-11-14T22:13:20.000Z :bob!~bob@192.0.2.1 AWAY :lunch"
    ann.silent()


def test_several_channels_with_keys(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #a,#b,#c"
    assert ann.numerics() == ["353", "366"] * 3
    set_modes(house, "#a", "+k", "one")
    set_modes(house, "#c", "+k", "three")
    bob >> "JOIN #a,,#b,#c one,,two,wrong"
    bob.until(":bob!* JOIN #a")
    bob.until(":bob!* JOIN #b")
    bob.until(":irc.test 475 bob #c :Cannot join channel (+k) - bad key")
    bob >> "JOIN #c"
    bob << ":irc.test 475 bob #c :*"
    bob >> "JOIN #c three"
    bob << ":bob!* JOIN #c"


def test_join_zero_leaves_everything(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #a,#b"
    bob >> "JOIN #b"
    ann.lines()
    bob.lines()
    ann >> "JOIN 0"
    ann << ":ann!~ann@192.0.2.1 PART #a"
    ann << ":ann!~ann@192.0.2.1 PART #b"
    bob << ":ann!~ann@192.0.2.1 PART #b"
    assert house.node.network.channel("#a") is None


@pytest.mark.parametrize(
    ("name", "shown"), [("foo", "foo"), ("&c", "&c"), ("#" + "x" * 50, "#" + "x" * 50), (":#c\x07", "#c\x07")]
)
def test_what_is_no_channel_name(house: House, name: str, shown: str) -> None:
    ann = house.client("ann")
    ann >> f"JOIN {name}"
    ann << f":irc.test 476 ann {shown} :Bad Channel Mask"


def test_nothing_to_join(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN" >> "JOIN ," >> "JOIN :"
    assert ann.lines() == [":irc.test 461 ann JOIN :Not enough parameters"] * 3


def test_too_many_channels() -> None:
    house = House(limits={"channels": 2})
    ann = house.client("ann")
    ann >> "JOIN #a,#b,#c"
    ann.until(":irc.test 405 ann #c :You have joined too many channels")
    ann >> "JOIN #a"
    ann.silent()
    house.check()


def test_joining_too_fast() -> None:
    house = House(flood={"enabled": True, "join_rate": 2, "join_period": 10.0})
    ann = house.client("ann")
    ann >> "JOIN #a,#b,#c,#d"
    ann.until(":irc.test 263 ann JOIN :Please wait a while and try again.")
    ann.silent()
    house.clock.advance(10)
    ann >> "JOIN #c"
    ann << ":ann!* JOIN #c"
    house.check()


REFUSALS = [
    ("+b", ["*!*@192.0.2.2"], "474", "Cannot join channel (+b) - you are banned"),
    ("+k", ["secret"], "475", "Cannot join channel (+k) - bad key"),
    ("+i", [], "473", "Cannot join channel (+i) - you must be invited"),
    ("+l", ["1"], "471", "Cannot join channel (+l) - it is full"),
    ("+r", [], "477", "Cannot join channel (+r) - you need to be logged in to an account"),
    ("+S", [], "480", "Cannot join channel (+S) - TLS required"),
    ("+O", [], "520", "Cannot join channel (+O) - you are not an IRC operator"),
]


@pytest.mark.parametrize(("mode", "parameters", "numeric", "text"), REFUSALS)
def test_what_keeps_out(house: House, mode: str, parameters: list[str], numeric: str, text: str) -> None:
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    set_modes(house, "#c", mode, *parameters)
    bob >> "JOIN #c"
    bob << f":irc.test {numeric} bob #c :{text}"
    bob.silent()
    assert bob.user not in channel(house, "#c").members


@pytest.mark.parametrize(("mode", "parameters", "numeric", "text"), REFUSALS)
def test_an_oper_comes_in_all_the_same(
    house: House, mode: str, parameters: list[str], numeric: str, text: str
) -> None:
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    opered(ann, snomask="g")
    ann >> "JOIN #c"
    set_modes(house, "#c", mode, *parameters)
    ann.lines()
    opered(bob, "channels")
    bob >> "JOIN #c"
    if mode == "+S":
        bob << ":irc.test 480 bob #c :*"
    elif mode == "+O":
        bob << ":bob!* JOIN #c"
        ann << ":bob!* JOIN #c"
    else:
        bob << ":bob!* JOIN #c"
        ann << ":irc.test NOTICE * :*** Notice -- bob!~bob@192.0.2.2 used JOIN #c in spite of ERR_*"
        ann << ":bob!* JOIN #c"


@pytest.mark.parametrize(("mode", "parameters"), [("+i", []), ("+l", ["1"]), ("+r", []), ("+j", ["1:60"])])
def test_what_an_invitation_opens(house: House, mode: str, parameters: list[str]) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", mode, *parameters)
    ann >> "INVITE bob #c"
    bob << ":ann!~ann@192.0.2.1 INVITE bob #c"
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"
    assert not bob.user.invites


@pytest.mark.parametrize(
    ("mode", "parameters", "numeric"),
    [("+k", ["secret"], "475"), ("+b", ["bob!*@*"], "474"), ("+S", [], "480"), ("+O", [], "520")],
)
def test_what_an_invitation_leaves_shut(house: House, mode: str, parameters: list[str], numeric: str) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", mode, *parameters)
    ann >> "INVITE bob #c"
    bob >> "JOIN #c"
    bob.until(f":irc.test {numeric} bob #c :*")


def test_an_invite_exception_opens_i_and_k(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+ikI", "secret", "bob!*@*")
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"


def test_a_ban_exception_opens_b_and_a_mute_does_not_shut(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+bbe", "$q:cyd!*@*", "*!~bob@*", "bob!*@*")
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"
    cyd >> "JOIN #c"
    cyd << ":cyd!* JOIN #c"


def test_logged_in_and_over_tls(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob", secure=True)
    house.node.commit(AccountChanged(bob.user, AccountName("bob"), house.clock.time(), None))
    bob.lines()
    ann >> "JOIN #c"
    set_modes(house, "#c", "+rS")
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"


def test_the_throttle(house: House) -> None:
    ann, bob, cyd, dan = (house.client(nick) for nick in ("ann", "bob", "cyd", "dan"))
    ann >> "JOIN #c"
    set_modes(house, "#c", "+j", "2:10")
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"
    house.clock.advance(6)
    cyd >> "JOIN #c"
    cyd << ":cyd!* JOIN #c"
    dan >> "JOIN #c"
    dan << ":irc.test 480 dan #c :Cannot join channel (+j) - throttle exceeded, try again later"
    house.clock.advance(4)
    dan >> "JOIN #c"
    dan << ":dan!* JOIN #c"
    bob >> "PART #c" >> "JOIN #c"
    bob.until(":irc.test 480 bob #c :*")
    set_modes(house, "#c", "-j")
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"


def test_a_forward_leads_elsewhere(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c,#d"
    set_modes(house, "#c", "+if", "#d")
    bob >> "JOIN #c"
    bob << ":irc.test 470 bob #c #d :Forwarding to another channel"
    bob << ":bob!* JOIN #d"
    bob.lines()
    bob >> "JOIN #c"
    bob << ":irc.test 443 bob bob #d :is already on channel"


def test_forwards_end_where_lists_are_long(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    for number in range(4):
        ann >> f"JOIN #c{number}"
        if number < 3:
            ann >> f"MODE #c{number} +i"
            set_modes(house, f"#c{number}", "+f", f"#c{number + 1}")
            for n in range(26):
                set_modes(house, f"#c{number}", "+b", f"*!*@{number}{n:02d}{'x' * 100}")
    bob >> "JOIN #c1"
    bob << ":irc.test 470 bob #c1 #c3 :Forwarding to another channel"
    bob.lines()
    bob >> "PART #c3"
    bob.lines()
    bob >> "JOIN #c0"  # the same way, and one more list
    bob << ":irc.test 473 bob #c0 :*"
    house.check()


def test_a_ban_has_a_forward_of_its_own(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c,#d,#e"
    set_modes(house, "#c", "+bbf", "bob!*@*$#d", "cyd!*@*", "#e")
    bob >> "JOIN #c"
    bob << ":irc.test 470 bob #c #d :Forwarding to another channel"
    cyd >> "JOIN #c"
    cyd << ":irc.test 474 cyd #c :*"


def test_forwards_follow_each_other(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c,#d,#e"
    set_modes(house, "#c", "+if", "#d")
    set_modes(house, "#d", "+if", "#e")
    bob >> "JOIN #c"
    bob << ":irc.test 470 bob #c #e :Forwarding to another channel"
    set_modes(house, "#e", "+if", "#c")
    bob >> "PART #e"
    bob.lines()
    bob >> "JOIN #c"
    bob << ":irc.test 473 bob #c :*"


@pytest.mark.parametrize("why", ["gone", "channel Q", "user Q", "wrong key"])
def test_no_forward(house: House, why: str) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c,#d"
    set_modes(house, "#c", "+if", "#d")
    if why == "gone":
        ann >> "PART #d"
    elif why == "channel Q":
        set_modes(house, "#d", "+Q")
    elif why == "user Q":
        house.node.commit(UserModesChanged(bob.user, "Q", "", "", START))
        bob.lines()
    else:
        set_modes(house, "#c", "+k", "secret")
    bob >> "JOIN #c"
    bob << f":irc.test {'475' if why == 'wrong key' else '473'} bob #c :*"
    bob.silent()


def test_nobody_is_made_operator_of_an_empty_permanent_channel(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+P")
    ann >> "PART #c"
    ann.lines()
    ann >> "JOIN #c"
    ann << ":ann!* JOIN #c"
    ann << ":irc.test 353 ann = #c :ann"


def test_leaving(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #a,#b,#c"
    bob >> "JOIN #b"
    ann.lines()
    bob.lines()
    ann >> "PART #a,#b :so long"
    ann << ":ann!~ann@192.0.2.1 PART #a :so long"
    ann << ":ann!~ann@192.0.2.1 PART #b :so long"
    bob << ":ann!~ann@192.0.2.1 PART #b :so long"
    ann >> "PART #c :"
    ann << ":ann!~ann@192.0.2.1 PART #c"
    ann >> "PART #b,#nowhere"
    ann << ":irc.test 442 ann #b :You're not on that channel"
    ann << ":irc.test 403 ann #nowhere :No such channel"
    ann >> "PART ,"
    ann << ":irc.test 461 ann PART :Not enough parameters"


def test_a_parting_word_is_cut_and_only_for_those_who_may_speak() -> None:
    house = House(limits={"kick": 5})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c,#d"
    bob >> "JOIN #c,#d"
    set_modes(house, "#d", "+b", "$q:bob!*@*")
    bob.lines()
    bob >> "PART #c,#d :ööö"
    bob << ":bob!~bob@192.0.2.1 PART #c :öö"
    bob << ":bob!~bob@192.0.2.1 PART #d"
    house.check()
