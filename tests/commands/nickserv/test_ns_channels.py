"""NickServ: LISTCHANS, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import chanserv
import pytest
from chanserv import come, founded
from club import Club
from nickserv import ask
from staff import oper, sections
from states import opered

from chatnet.commands.surveying import LISTED


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"per_account": 200})
    yield club
    club.check()


def test_where_one_has_access(club: Club) -> None:
    ann, bob = founded(club), come(club, "bob")
    eve = founded(club, "eve", "#d")
    assert ask(bob, "LISTCHANS") == ["No channels."]
    chanserv.ask(ann, "AOP #c ADD bob")
    chanserv.ask(eve, "SET #d SUCCESSOR bob")
    assert ask(bob, "LISTCHANS") == ["#c AOP", "1 channel."]
    chanserv.ask(eve, "FLAGS #d bob +iS")
    assert ask(bob, "LISTCHANS") == ["#c AOP", "#d +Si", "2 channels."]
    club.change(club.named("eve"), status="erased")
    assert ask(bob, "LISTCHANS bob") == ["#c AOP", "#d FOUNDER", "2 channels."]
    registration = club.node.network.registry.channels.at("#c")
    assert registration is not None and club.parts.chanserv is not None
    club.done(club.parts.chanserv.change(registration, {"status": "dropped"}))
    assert ask(bob, "LISTCHANS") == ["#d FOUNDER", "1 channel."]


def test_where_others_have_is_for_operators(club: Club) -> None:
    founded(club)
    bob, zoe = come(club, "bob"), club.client("zoe")
    assert ask(bob, "LISTCHANS ann") == ["This is for operators with the privilege accounts."]
    assert ask(bob, "LISTCHANS nobody") == ["nobody is no account."]
    assert ask(zoe, "LISTCHANS") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    root = oper(club, "root")
    opered(root, "accounts")
    assert ask(root, "LISTCHANS ann") == ["#c FOUNDER", "1 channel."]


def test_no_more_than_some_are_shown(club: Club) -> None:
    ann = come(club, "ann")
    for number in range(LISTED + 1):
        ann >> f"JOIN #c{number}"
        chanserv.ask(ann, f"REGISTER #c{number}")
        ann >> f"PART #c{number}"
    told = ask(ann, "LISTCHANS")
    assert (len(told), told[-1]) == (LISTED + 1, "There are more.")
