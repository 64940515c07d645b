"""ChanServ: SET, SUSPEND, UNSUSPEND, LIST, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import ask, come, founded, ranks, told
from club import Club
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.model.modes import ADMIN, OP, OWNER


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"per_account": 1})
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_a_channel_is_given_to_somebody_who_agrees(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    assert ask(bob, "SET #c FOUNDER bob") == ["You are not the founder of #c."]
    assert ask(ann, "SET #c FOUNDER nobody") == ["nobody is no account."]
    assert ask(ann, "SET #c FOUNDER ann") == ["ann is the founder of #c."]
    agree = ["bob has to say the same within a day: /msg ChanServ SET #c FOUNDER bob"]
    assert ask(ann, "SET #c FOUNDER bob") == agree
    assert ask(eve, "SET #c FOUNDER eve") == ["You are not the founder of #c."]
    assert ask(eve, "SET #c FOUNDER bob") == ["You are not the founder of #c."]
    club.clock.advance(86400)
    assert ask(bob, "SET #c FOUNDER bob") == ["You are not the founder of #c."]
    assert ask(ann, "SET #c FOUNDER bob") == agree
    bob >> "JOIN #c"
    assert ask(bob, "SET #c FOUNDER bob") == ["bob is the founder of #c now."]
    assert ranks(bob) == OP | OWNER
    assert ask(bob, "FLAGS #c")[:2] == ["  bob FOUNDER", "  ann SOP (by bob, 2023-11-15)"]
    ann >> "PART #c" >> "JOIN #c"
    assert ranks(ann) == OP | ADMIN


def test_who_has_enough_channels_takes_no_other(club: Club, ann: Client) -> None:
    founded(club, "bob", "#d")
    bob = club.node.network.user("bob")
    assert bob is not None
    ask(ann, "SET #c FOUNDER bob")
    client = come_again(club)
    assert ask(client, "SET #c FOUNDER bob") == ["An account is founder of at most 1 channels."]


def come_again(club: Club) -> Client:
    """bob, from elsewhere."""
    client = club.client("bobby")
    client >> "NS IDENTIFY bob correct-horse"
    client.lines()
    return client


def test_an_operator_gives_it_away_alone(club: Club, ann: Client) -> None:
    come(club, "bob")
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    assert ask(root, "SET #c FOUNDER bob") == ["bob is the founder of #c now."]
    assert [line for line in root.lines() if "used SET FOUNDER on #c" in line]
    assert ask(root, "SET #c SUCCESSOR ann") == ["The successor in #c is ann now."]
    assert "  successor: ann" in ask(root, "INFO #c")
    assert ask(root, "SET #c SUCCESSOR") == ["The successor in #c is nobody now."]


def test_what_people_read(club: Club, ann: Client) -> None:
    bob = club.client("bob")
    assert ask(bob, "SET #c URL https://example.org") == ["You need the flag s in #c for that."]
    assert ask(ann, "SET #c URL nonsense") == ["That is no address such as https://example.org."]
    assert ask(ann, "SET #c URL https://example.org/c") == ["url of #c is https://example.org/c now."]
    assert ask(ann, "SET #c ENTRYMSG be kind here") == ["entrymsg of #c is be kind here now."]
    assert "  see https://example.org/c" in ask(bob, "INFO #c")
    bob.lines()
    bob >> "JOIN #c"
    assert told(bob) == ["[#c] be kind here"]
    assert ask(ann, "SET #c ENTRYMSG") == ["entrymsg of #c is not set now."]
    assert ask(ann, "SET #c PRIVATE ON") == ["private of #c is on now."]
    assert ask(bob, "INFO #c")[1:] == ["  it is private"]
    assert len(ask(ann, "INFO #c")) > 2
    assert ask(ann, "SET #c PRIVATE OFF") == ["private of #c is not set now."]
    for text in ("SET #c COLOUR red", "SET #c PRIVATE", "SET #c FOUNDER", "SET #c URL a b"):
        assert ask(ann, text)[0].startswith("Say it so: SET "), text


def test_a_channel_is_suspended(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    assert ask(root, "SUSPEND #c +3d") == ["Say why, too: SUSPEND <#channel> [+3d] <reason>"]
    assert ask(root, "SUSPEND #c +3 x")[0].startswith("That is no duration")
    assert ask(root, "UNSUSPEND #c") == ["#c is not suspended."]
    ann.lines()
    assert ask(root, "SUSPEND #c +3d spam") == ["#c is suspended until 2023-11-17 22:13 UTC."]
    ann << ":ChanServ!ChanServ@services.chatnet KICK #c ann :This channel is suspended"
    assert [line for line in root.lines() if "used SUSPEND on #c" in line]
    ann >> "JOIN #c"
    ann << ":irc.test 474 ann #c :*"
    for text in ("INFO #c", "FLAGS #c", "UP #c", "SET #c URL", "DROP #c"):
        assert ask(ann, text) == ["#c is suspended."], text
    assert "  it is suspended until 2023-11-17 22:13 UTC by root: spam" in ask(root, "INFO #c")
    assert ask(root, "LIST #*") == ["#c of ann (suspended)", "1 channel."]
    root >> "JOIN #c"
    root << ":irc.test 474 root #c :*"
    club.clock.advance(3 * 86400)
    ann >> "JOIN #c"
    assert ranks(ann) == OP | OWNER
    assert ask(root, "SUSPEND #c again") == ["#c is suspended."]
    assert ask(root, "UNSUSPEND #c") == ["#c is suspended no more."]
    ann >> "JOIN #c"
    assert ranks(ann) == OP | OWNER


def test_who_may_come_in_has_no_ranks_while_it_is_suspended(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "accounts", "channels")
    ask(root, "VOP #c ADD root!*@*")
    ask(root, "SUSPEND #c spam")
    root >> "JOIN #c"
    assert ranks(root) == 0
    assert ask(root, "UP #c") == ["You have all ranks in #c that your access gives you."]


def test_these_are_for_operators(club: Club, ann: Client) -> None:
    for text in ("SUSPEND #c spam", "UNSUSPEND #c", "LIST #*"):
        assert ask(ann, text) == ["This is for operators with the privilege accounts."], text


def test_get_tells_a_locked_key_to_who_may_know_it(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "SET #c MLOCK +ntk secret-word")
    for flags, shown in (("+VA", "mlock: +ntk"), ("+i", "mlock: +ntk secret-word"), ("-i+s", "secret-word")):
        ask(ann, f"FLAGS #c bob {flags}")
        (line,) = ask(bob, "GET #c")
        assert line.endswith(shown), flags


def test_who_gives_a_channel_away_may_think_better_of_it(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(ann, "SET #c FOUNDER ann") == ["ann is the founder of #c."]
    ask(ann, "SET #c FOUNDER bob")
    assert ask(bob, "SET #c FOUNDER ann") == ["ann is the founder of #c."]
    assert ask(ann, "SET #c FOUNDER ann") == ["ann stays the founder of #c."]
    assert ask(bob, "SET #c FOUNDER bob") == ["You are not the founder of #c."]
