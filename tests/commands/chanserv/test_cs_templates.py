"""ChanServ: TEMPLATE and CLONE, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded, ranks
from club import Club
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.model.modes import HALFOP, OP, VOICE


@pytest.fixture
def club() -> Iterator[Club]:
    channels = {"templates": {"help": "+AHV", "VOP": "V"}, "own_templates": 2, "access": 3, "akicks": 2}
    club = Club(**sections(), channels=channels)
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_templates_of_the_network(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(bob, "TEMPLATE #c") == ["You need the flag A in #c for that."]
    assert ask(bob, "TEMPLATE #none") == ["#none is not registered."]
    assert ask(ann, "TEMPLATE #c") == [
        "  VOP +V",
        "  HOP +AHehirtv",
        "  AOP +AOehiortv",
        "  SOP +AOaefhiorstv",
        "  FOUNDER +AFHORSVaefhioqrstv",
        "  HELP +AHV",
    ]
    assert ask(ann, "TEMPLATE #c sop") == ["  SOP +AOaefhiorstv"]
    assert ask(ann, "TEMPLATE #c crew") == ["There is no template crew in #c."]
    assert ask(ann, "FLAGS #c bob Help") == ["bob has HELP in #c now."]
    assert ask(ann, "VOP #c ADD bob") == ["bob has VOP in #c now."]
    assert ask(ann, "FLAGS #c bob +A") == ["bob has +AV in #c now."]


def test_templates_of_a_channel(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    assert ask(bob, "TEMPLATE #c crew +V") == ["You need the flag f in #c for that."]
    assert ask(ann, "TEMPLATE #c crew +AVt") == ["crew is +AVt of #c now."]
    assert ask(ann, "FLAGS #c bob CREW") == ["bob has crew in #c now."]
    assert ask(ann, "TEMPLATE #c CREW +o-V") == ["CREW is +Aot of #c now."]
    assert ask(ann, "FLAGS #c bob") == ["bob has +AVt in #c."]
    assert ask(ann, "TEMPLATE #c crew") == ["  crew +Aot (of this channel)"]
    assert ask(ann, "TEMPLATE #c aop +OV") == ["aop is +AOVehiortv of #c now."]
    assert ask(ann, "TEMPLATE #c aop -*+OV") == ["aop is +OV of #c now."]
    assert ask(ann, "AOP #c ADD eve") == ["eve has aop in #c now."]
    assert ask(ann, "AOP #c LIST")[0] == "  eve aop (by ann, 2023-11-14)"
    eve >> "JOIN #c"
    assert ranks(eve) == OP
    assert ask(ann, "TEMPLATE #c more +V") == ["#c has its 2 templates. Take one away first."]
    assert ask(ann, "TEMPLATE #c aop -*") == ["aop is no template of #c now."]
    assert ask(ann, "TEMPLATE #c AOP -*") == ["#c has no template AOP of its own."]
    assert ask(ann, "TEMPLATE #c AOP") == ["  AOP +AOehiortv"]
    for name in ("founder", "1st", "a" * 21, "a:b"):
        assert ask(ann, f"TEMPLATE #c {name} +V")[0].startswith(f"{name} is no name for one"), name
    assert ask(ann, "TEMPLATE #c crew +F")[0].startswith("F is the founder's alone")
    assert ask(ann, "TEMPLATE #c crew founder")[0].startswith("F is the founder's alone")
    assert ask(ann, "TEMPLATE #c crew +x") == ["There is no flag x, and no template of that name."]
    again = Club(store=club.store)
    assert ask(come(again, "ann"), "TEMPLATE #c crew") == ["  crew +Aot (of this channel)"]


def test_who_has_it_changes_with_it(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    ask(ann, "TEMPLATE #c crew +AVfv")
    ask(ann, "FLAGS #c bob crew")
    ask(ann, "FLAGS #c eve +Vv")
    for client in (bob, eve):
        client >> "JOIN #c"
    assert ask(ann, "TEMPLATE #c crew !-V+H") == ["crew is +AHfv of #c now. 1 had it, and changed."]
    assert (ranks(bob), ranks(eve)) == (HALFOP, VOICE)
    assert ask(ann, "FLAGS #c bob") == ["bob has crew in #c."]
    assert ask(bob, "TEMPLATE #c crew !+o") == ["You cannot give or take flags in #c that you do not have."]
    assert ask(bob, "TEMPLATE #c crew !-A") == ["crew is +Hfv of #c now. 1 had it, and changed."]


def test_an_operator_does_it_and_it_is_noted(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    assert ask(root, "TEMPLATE #c crew +V") == ["crew is +V of #c now."]
    assert [line for line in root.lines() if "used TEMPLATE on #c (" in line and line.endswith("crew +V")]


def both(club: Club, ann: Client) -> None:
    """ann is founder of #d as well."""
    ann >> "JOIN #d"
    assert ask(ann, "REGISTER #d") == ["#d belongs to ann now."]


def test_a_channel_gets_what_another_has(club: Club, ann: Client) -> None:
    both(club, ann)
    bob = come(club, "bob")
    club.account("eve", WORD)
    bob >> "JOIN #d"
    for text in (
        *("FLAGS #c bob +OV", "VOP #c ADD *!*@host.test", "TEMPLATE #c crew +t", "SET #c ENTRYMSG welcome"),
        *("AKICK #c ADD eve spam", "AKICK #c ADD joe!*@* +1h x", "SET #c SUCCESSOR bob"),
        *("FLAGS #d eve +i", "TEMPLATE #d CREW +i", "SET #d URL https://d.test", "AKICK #d ADD eve"),
    ):
        ask(ann, text)
    club.clock.advance(3600)
    assert ask(ann, "CLONE #c #d") == ["#d has what #c has now."]
    assert ranks(bob, "#d") == OP
    assert ask(ann, "FLAGS #d")[1:] == [
        "  eve +i (by ann, 2023-11-14)",
        "  bob +OV (by ann, 2023-11-14)",
        "  *!*@host.test VOP (by ann, 2023-11-14)",
        "3 entries for #d.",
    ]
    assert ask(ann, "AKICK #d LIST") == ["  eve (by ann): spam", "1 entry for #d."]
    assert ask(ann, "TEMPLATE #d crew") == ["  CREW +t (of this channel)"]
    assert ask(ann, "GET #d") == ["  entrymsg: welcome", "  url: https://d.test"]
    assert not [line for line in ask(ann, "INFO #d") if "successor" in line]
    assert ask(ann, "CLONE #c #d") == ["#d has all of it already."]


def test_who_may_clone(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    bob >> "JOIN #d"
    ask(bob, "REGISTER #d")
    for client in (ann, bob):
        assert ask(client, "CLONE #c #d") == ["You are not the founder of #c and #d."]
    assert ask(ann, "CLONE #c #c") == ["These are one channel."]
    assert ask(ann, "CLONE #c #none") == ["#none is not registered."]
    assert ask(ann, "CLONE #none #c") == ["#none is not registered."]
    ask(ann, "AKICK #c ADD bob")
    ask(ann, "VOP #c ADD bob")
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    assert ask(root, "CLONE #c #d") == ["#d has what #c has now."]
    assert [line for line in root.lines() if "used CLONE on #d (" in line and ": #c (" in line]
    assert ask(bob, "AKICK #d LIST") == ["No entries for #d."]  # its founder is not kept out


def test_there_has_to_be_room(club: Club, ann: Client) -> None:
    both(club, ann)
    for number in range(2):
        ask(ann, f"VOP #c ADD c{number}!*@*")
        ask(ann, f"VOP #d ADD d{number}!*@*")
    assert ask(ann, "CLONE #c #d") == ["#d has room for 3 entries of access, and would have more."]
    ask(ann, "CLEAR #c FLAGS")
    ask(ann, "AKICK #c ADD c!*@*")
    for number in range(2):
        ask(ann, f"AKICK #d ADD d{number}!*@*")
    assert ask(ann, "CLONE #c #d") == ["#d has room for 2 who are kept out, and would have more."]
    ask(ann, "CLEAR #c AKICKS")
    ask(ann, "TEMPLATE #c one +V")
    for name in ("two", "three"):
        ask(ann, f"TEMPLATE #d {name} +V")
    assert ask(ann, "CLONE #c #d") == ["#d has room for 2 templates, and would have more."]


def test_what_was_chosen(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(ann, "GET #c") == ["Nothing was chosen for #c."]
    assert ask(ann, "GET #none") == ["#none is not registered."]
    ask(ann, "SET #c PRIVATE ON")
    ask(ann, "SET #c ENTRYMSG be kind")
    assert ask(ann, "GET #c") == ["  entrymsg: be kind", "  private: on"]
    assert ask(bob, "GET #c") == ["You need the flag A in #c for that."]


def test_nobody_writes_into_a_template_what_they_do_not_have(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    ask(ann, "FLAGS #c bob +AVft")
    refused = ["You cannot give or take flags in #c that you do not have."]
    # ann would give more than she thinks by AOP, and herself more than he may by SET FOUNDER.
    for text in ("AOP +S", "AOP -*+AS", "SOP +q", "crew +R", "VOP +o", "HOP !-i", "AOP -o"):
        assert ask(bob, f"TEMPLATE #c {text}") == refused, text
    assert ask(bob, "TEMPLATE #c crew +AVt") == ["crew is +AVt of #c now."]
    assert ask(ann, "TEMPLATE #c AOP -*+AV") == ["AOP is +AV of #c now."]
    # It would be that of all channels again, with more than he has.
    assert ask(bob, "TEMPLATE #c AOP -*") == refused
    assert ask(ann, "TEMPLATE #c AOP -*") == ["AOP is no template of #c now."]
    assert ask(ann, "AOP #c ADD eve") == ["eve has AOP in #c now."]
    assert ask(eve, "TEMPLATE #c crew -A") == ["You need the flag f in #c for that."]
