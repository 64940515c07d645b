"""MONITOR."""

from __future__ import annotations

from conversation import House


def test_being_told_who_comes_and_goes() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "MONITOR + ann,Bob"
    ann << ":irc.test 730 ann :ann!~ann@192.0.2.1"
    ann << ":irc.test 731 ann :Bob"
    bob = house.client("bob", address="192.0.2.2")
    ann << ":irc.test 730 ann :bob!~bob@192.0.2.2"
    bob >> "QUIT"
    ann << ":irc.test 731 ann :bob"
    ann.silent()
    house.check()


def test_the_list_and_the_state() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "MONITOR L"
    ann << ":irc.test 733 ann :End of MONITOR list"
    ann >> "MONITOR S"
    ann.silent()
    ann >> "MONITOR + ann,zed,Yan"
    ann.lines()
    ann >> "MONITOR l"
    ann << ":irc.test 732 ann :ann,zed,Yan"
    ann << ":irc.test 733 ann :End of MONITOR list"
    ann >> "MONITOR S"
    ann << ":irc.test 730 ann :ann!~ann@192.0.2.1"
    ann << ":irc.test 731 ann :zed,Yan"
    ann >> "MONITOR - ZED,nobody" >> "MONITOR L"
    ann << ":irc.test 732 ann :ann,Yan"
    ann.lines()
    ann >> "MONITOR C" >> "MONITOR L"
    ann << ":irc.test 733 ann :End of MONITOR list"
    house.client("zed")
    house.client("yan")
    ann.silent()


def test_a_nick_is_entered_once_and_what_is_no_nick_not_at_all() -> None:
    ann = House(limits={"nick": 9}).client("ann")
    ann >> "MONITOR + zed,ZED,,9x,a!b@c,#c,*,1234567890" >> "MONITOR + Zed,abcdefghij"
    ann << ":irc.test 731 ann :zed"
    ann.silent()
    ann >> "MONITOR L"
    ann << "* 732 ann :zed"


def test_names_are_folded_by_the_case_mapping_of_the_network() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "MONITOR + [x]"
    ann.lines()
    house.client("{x}")
    ann << "* 730 ann :{x}!*"
    ann >> "MONITOR - {X}"
    house.client("y") >> "NICK [x"
    ann.silent()


def test_the_limit_is_told_with_the_nicks_that_found_no_place() -> None:
    ann = House(limits={"monitor": 2}).client("ann")
    ann >> "MONITOR + a,b,c,b,d"
    ann << ":irc.test 731 ann :a,b"
    ann << ":irc.test 734 ann 2 c,d :Monitor list is full."
    ann.silent()


def test_long_lists_take_several_lines() -> None:
    house = House(limits={"monitor": 200})
    ann = house.client("ann")
    nicks = [f"nick{number:03}" + "x" * 20 for number in range(60)]
    for start in range(0, 60, 15):
        ann >> "MONITOR + " + ",".join(nicks[start : start + 15])
    for nick in nicks[30:]:
        house.client(nick, address="2001:db8:1111:2222:3333:4444:5555:6666")
    ann.lines()
    ann >> "MONITOR L"
    lines = ann.lines()
    assert all(len(line) <= 510 for line in lines)
    shown = [nick for line in lines if " 732 " in line for nick in line.partition(" :")[2].split(",")]
    assert shown == nicks
    ann >> "MONITOR S"
    lines = ann.lines()
    assert all(len(line) <= 510 for line in lines)
    here = [mask for line in lines if " 730 " in line for mask in line.partition(" :")[2].split(",")]
    gone = [nick for line in lines if " 731 " in line for nick in line.partition(" :")[2].split(",")]
    assert [mask.partition("!")[0] for mask in here] == nicks[30:]
    assert gone == nicks[:30]


def test_questions_that_make_no_sense() -> None:
    ann = House().client("ann")
    for line in ("MONITOR", "MONITOR +", "MONITOR - :", "MONITOR + ,"):
        ann >> line
        ann << ":irc.test 461 ann MONITOR :Not enough parameters"
    ann >> "MONITOR X y" >> "MONITOR :"
    ann.silent()
