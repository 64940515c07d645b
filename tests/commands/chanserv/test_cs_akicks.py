"""ChanServ: AKICK and WHY, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded, ranks
from club import Club
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.services.channels import PAUSE, SLICE

BOT = ":ChanServ!ChanServ@services.chatnet"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"akicks": 2})
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_who_is_kept_out_does_not_come_in(club: Club, ann: Client) -> None:
    bob = club.client("bob")
    assert ask(ann, "AKICK #c ADD bob!*@* too loud | as ever") == ["bob!*@* is kept out of #c."]
    bob >> "JOIN #c"
    bob << ":irc.test 474 bob #c :Cannot join channel (+b)*"
    assert ask(ann, "AKICK #c LIST") == ["  bob!*@* (by ann): too loud | as ever", "1 entry for #c."]
    # also if nobody is there, or an invitation is
    ann >> "INVITE bob #c"
    bob.lines()
    bob >> "JOIN #c"
    bob << ":irc.test 474 bob #c :*"
    ann >> "PART #c"
    bob >> "JOIN #c"
    bob << ":irc.test 474 bob #c :*"
    assert club.node.network.channel("#c") is None
    assert ask(ann, "AKICK #c DEL bob!*@*") == ["bob!*@* is not kept out of #c any more."]
    assert ask(ann, "AKICK #c DEL bob!*@*") == ["bob!*@* is not kept out of #c."]
    bob >> "JOIN #c"
    assert ranks(bob) == 0


def test_who_is_in_has_to_go(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
    ann.lines()
    ask(ann, "AKICK #c ADD bob too loud | as ever")
    ann << f"{BOT} MODE #c +b $a:bob"
    ann << f"{BOT} KICK #c bob :too loud"
    assert (ranks(bob), ranks(eve)) == (None, 0)
    ask(ann, "AKICK #c ADD eve!*@*")
    ann << f"{BOT} MODE #c +b eve!*@*"
    ann << f"{BOT} KICK #c eve :You are kept out of this channel"
    ask(ann, "AKICK #c DEL bob")
    ann << f"{BOT} MODE #c -b $a:bob"
    bob >> "JOIN #c"
    assert ranks(bob) == 0


def test_who_logs_in_may_have_to_go(club: Club, ann: Client) -> None:
    club.account("bob", WORD)
    ask(ann, "AKICK #c ADD bob")
    zoe = club.client("zoe")
    zoe >> "JOIN #c" >> f"NS IDENTIFY bob {WORD}"
    assert ranks(zoe) is None


@pytest.mark.parametrize("words", ["+5m", "!T 5m"])
def test_for_a_time(club: Club, ann: Client, words: str) -> None:
    bob = club.client("bob")
    bob >> "JOIN #c"
    assert ask(ann, f"AKICK #c ADD bob!*@* {words} calm down") == [
        "bob!*@* is kept out of #c until 2023-11-14 22:18 UTC."
    ]
    assert ranks(bob) is None
    bob >> "JOIN #c"
    assert ranks(bob) is None
    club.clock.advance(301)
    bob >> "JOIN #c"
    assert ranks(bob) == 0
    assert ask(ann, "AKICK #c LIST") == ["No entries for #c."]
    assert ask(ann, "AKICK #c ADD bob!*@* +5 calm") == [
        "That is no duration: a number and s, m, h, d or w, as in +3d."
    ]
    assert ask(ann, "AKICK #c ADD bob!*@* !P for ever") == ["bob!*@* is kept out of #c."]


def test_what_is_over_takes_no_room(club: Club, ann: Client) -> None:
    for name in ("bob", "eve"):
        ask(ann, f"AKICK #c ADD {name}!*@* +5m")
    full = ["#c keeps out its 2 already. Let one in first."]
    assert ask(ann, "AKICK #c ADD joe!*@*") == full
    club.clock.advance(301)
    for name in ("joe", "jim"):
        assert ask(ann, f"AKICK #c ADD {name}!*@*") == [f"{name}!*@* is kept out of #c."]
    assert ask(ann, "AKICK #c ADD jan!*@*") == full
    registration = club.node.network.registry.channels.at("#c")
    assert registration is not None and list(registration.akicks) == ["joe!*@*", "jim!*@*"]


def test_who_may_and_whom(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    assert ask(bob, "AKICK #c ADD eve") == ["You need the flag f and r in #c for that."]
    assert ask(bob, "AKICK #c LIST") == ["You need the flag A in #c for that."]
    ask(ann, "SOP #c ADD bob")
    ask(ann, "FLAGS #c eve SOP")
    ask(ann, "FLAGS #c eve +q")
    for name in ("eve", "ann"):
        assert ask(bob, f"AKICK #c ADD {name}") == [f"{name} has flags in #c that you do not have."]
    # who has e is let in all the same
    assert ask(bob, "AKICK #c ADD *!*@*") == ["*!*@* is kept out of #c."]
    eve >> "JOIN #c"
    assert ranks(eve) is not None and ranks(ann) is not None
    assert ask(bob, "AKICK #c ADD joe!*@*") == ["joe!*@* is kept out of #c."]
    assert ask(bob, "AKICK #c ADD jim!*@*") == ["#c keeps out its 2 already. Let one in first."]
    assert ask(bob, "AKICK #c FIX joe!*@*")[0].startswith("Say it so: AKICK ")


def test_operators_come_in_all_the_same(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "channels", snomask="g")
    ask(ann, "AKICK #c ADD *!*@*")
    root >> "JOIN #c"
    assert ranks(root) == 0
    assert [line for line in root.lines() if "in spite of ERR_BANNEDFROMCHAN" in line]


def test_nobody_is_forwarded_to_where_they_are_kept_out(club: Club, ann: Client) -> None:
    eve, bob = club.client("eve"), club.client("bob")
    ask(ann, "AKICK #c ADD bob!*@*")
    ann >> "MODE #c +F"
    eve >> "JOIN #d" >> "MODE #d +if #c"
    bob >> "JOIN #d"
    bob << ":irc.test 473 bob #d :*"
    assert ranks(bob) is None
    zoe = club.client("zoe")
    zoe >> "JOIN #d"
    assert ranks(zoe) == 0


def test_many_go_one_after_the_other(club: Club, ann: Client) -> None:
    crowd = [club.client(f"joe{number}") for number in range(SLICE + 5)]
    for client in crowd:
        client >> "JOIN #c"
    ask(ann, "AKICK #c ADD joe*!*@* +1d")
    left = [client for client in crowd if ranks(client) is not None]
    assert len(left) == 5
    left[0] >> "QUIT"
    club.clock.advance(PAUSE)
    assert [client for client in left if ranks(client) is not None] == []


def test_why(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(ann, "WHY #c") == ["ann is the founder of #c, by the account ann."]
    assert ask(bob, "WHY #c") == ["bob has no access to #c."]
    assert ask(bob, "WHY #c ann") == ["You need the flag A in #c for that."]
    assert ask(ann, "WHY #c nobody") == ["There is no nobody."]
    ask(ann, "VOP #c ADD bob")
    ask(ann, "FLAGS #c bob!*@* +t")
    assert ask(bob, "WHY #c") == [
        "bob has +t in #c, by bob!*@* (given by ann).",
        "bob has VOP in #c, by bob (given by ann).",
    ]
    ask(ann, "AKICK #c ADD bob")
    assert ask(ann, "WHY #c bob")[-1] == "bob is kept out of #c, by bob (ann)."
    ask(ann, "AQUIET #c ADD bob")
    assert ask(bob, "WHY #c")[-1] == "bob may speak in #c with a rank only, by bob (ann)."
    eve = come(club, "eve")
    ask(ann, "AQUIET #c ADD eve!*@*")
    assert ask(eve, "WHY #c") == ["eve may speak in #c with a rank only, by eve!*@* (ann)."]


def test_what_access_makes_of_it_is_told(club: Club, ann: Client) -> None:
    come(club, "bob")
    ask(ann, "FLAGS #c bob +e")
    assert ask(ann, "AKICK #c ADD bob") == [
        "bob is kept out of #c.",
        "But bob has the flag e in #c, and comes in all the same: FLAGS #c bob -e",
    ]
    assert ask(ann, "AQUIET #c ADD bob") == ["bob may not speak in #c."]
    ask(ann, "VOP #c ADD bob")
    assert ask(ann, "AQUIET #c ADD bob") == [
        "bob may not speak in #c.",
        "But bob has a rank in #c by the access list, and may speak by that.",
    ]
    assert ask(ann, "AKICK #c ADD bob") == ["bob is kept out of #c."]
    assert ask(ann, "AKICK #c LIST")[0] == "  bob (by ann)"
