"""NickServ: GROUP, UNGROUP, GHOST, REGAIN, RELEASE, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import Club
from conversation import Client
from mesh import block, stranger
from nickserv import answers, ask

WORD = "correct-horse"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(accounts={"nicks": 2})
    club.account("ann", WORD)
    yield club
    club.check()


def come(club: Club, nick: str) -> Client:
    """Somebody who is logged in as ann."""
    client = club.client(nick)
    assert ask(client, f"IDENTIFY ann {WORD}")[-1] == "You are logged in as ann."
    return client


def test_a_second_nick(club: Club) -> None:
    club.account("bob", WORD)
    ann = come(club, "ann")
    assert ask(ann, "GROUP") == ["ann belongs to your account already."]
    ann >> "NICK bob"
    assert ask(ann, "GROUP") == ["Somebody has registered this name already."]
    ann >> "NICK Guest12345"
    assert ask(ann, "GROUP") == ["This is the nick of a guest. Take one of your own first: /nick <nick>"]
    for nick in ("Annie", "anna"):
        ann >> f"NICK {nick}"
        assert ask(ann, "GROUP") == [f"{nick} belongs to ann now."]
    ann >> "NICK hannah"
    assert ask(ann, "GROUP") == ["An account has at most 2 nicks beside its name. UNGROUP gives one up."]
    assert ask(ann, "UNGROUP hannah") == ["hannah is no nick of your account."]
    assert ask(ann, "UNGROUP ann") == [
        "That is the name of your account: SET NAME gives it another one, DROP gives it up."
    ]
    assert ask(ann, "UNGROUP ANNIE") == ["ANNIE belongs to ann no more."]
    assert club.node.network.registry.named("annie") is None
    assert ask(ann, "GROUP now") == ["These are too many words. Say it so: GROUP"]
    other = club.client("eve")
    assert ask(other, f"IDENTIFY anna {WORD}") == ["You are logged in as ann."]


def test_ghosts(club: Club) -> None:
    ann, bob = club.client("ann"), club.client("bob")
    assert ask(bob, "GHOST ann") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    assert ask(bob, "GHOST ann wrong-horse") == ["The name or the password is not right."]
    assert ask(bob, f"GHOST ann {WORD}") == ["ann was disconnected."]
    assert ann.lines()[-1] == "ERROR :Closing Link: 192.0.2.1 (Killed (irc.test (GHOST by bob)))"
    assert ask(bob, f"GHOST ann {WORD}") == ["Nobody bears ann."]
    assert bob.user.account is None
    ask(bob, f"IDENTIFY ann {WORD}")
    eve, other = club.client("eve"), come(club, "joe")
    assert ask(bob, "GHOST eve") == ["eve is no nick of your account."]
    assert ask(bob, "GHOST joe") == ["joe was disconnected."]
    assert other.outlet.ended == "closed" and eve.outlet.ended is None
    assert ask(bob, "GHOST bob") == ["That is you."]
    assert ask(bob, "GHOST NickServ") == ["NickServ is no nick of your account."]


@pytest.mark.parametrize("verb", ["REGAIN", "recover"])
def test_a_nick_is_had_back(club: Club, verb: str) -> None:
    ann, bob = club.client("ann"), come(club, "bob")
    assert ask(bob, f"{verb} eve") == ["eve is no nick of your account."]
    assert ask(bob, f"{verb} ann") == ["You are ann now."]
    bob << ":bob!~bob@192.0.2.1 NICK ann"
    ann << ":ann!~ann@192.0.2.1 NICK Guest50000"
    assert ask(bob, f"{verb} ann") == ["You are ann now."]


def test_a_nick_is_had_back_with_a_password(club: Club) -> None:
    ann, bob = club.client("ann"), club.client("bob")
    assert ask(bob, f"REGAIN ann {WORD}") == ["You are ann now."]
    assert bob.user.account == "ann" and ann.user.nick == "Guest50000"
    assert ask(ann, f"REGAIN bob {WORD}") == ["The name or the password is not right."]


def test_a_guest_who_has_the_wish_has_it_back_by_logging_in() -> None:
    club = Club(accounts={"nick_protection": "guest"})
    club.account("ann", WORD)
    guest = club.connect()
    guest >> "NICK ann" >> "USER ann 0 * :Ann"
    assert ask(guest, f"REGAIN ann {WORD}") == ["You are ann now."]
    assert guest.user.nick == "ann"
    club.check()


def test_a_nick_that_is_kept_free(club: Club) -> None:
    club.reload(accounts={"nick_protection": "grace"})
    ann = club.client("ann")
    club.clock.advance(60)
    bob, eve = club.client("bob"), club.client("eve")
    eve >> "NICK ann"
    eve << ":irc.test 437 eve ann :*"
    assert ask(bob, f"RELEASE eve {WORD}") == ["The name or the password is not right."]
    assert ask(bob, f"RELEASE ann {WORD}") == ["ann is free now."]
    eve >> "NICK ann"
    assert answers(eve)[0].startswith("ann belongs to an account.")
    assert ann.user.nick == "Guest50000"
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(bob, "RELEASE eve") == ["eve is no nick of your account."]


def test_those_on_other_servers_are_disconnected() -> None:
    club = Club(accounts={"authority": "here"}, link=[block("so1")])
    club.account("ann", WORD)
    so1 = stranger(club, "so1.test", "1SO")
    bob = come(club, "bob")
    for uid, verb in (("1SOAAAAAB", "GHOST"), ("1SOAAAAAC", "REGAIN")):
        so1 >> f":1SO EUID ann 1 1600000000 +i ann h 192.0.2.9 {uid} * * :Ann"
        so1.lines()
        ask(bob, f"{verb} ann")
        so1 << f":0CN KILL {uid} :*({verb} by bob)"
    assert bob.user.nick == "ann"
    club.check()
