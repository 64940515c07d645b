"""NickServ: GROUP, UNGROUP, GHOST, REGAIN, RELEASE, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import Club
from conversation import Client
from mesh import block, stranger
from nickserv import answers, ask

WORD = "correct-horse"
IDENTIFIED = "You are now identified for ann."


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(accounts={"nicks": 2})
    club.account("ann", WORD)
    yield club
    club.check()


def come(club: Club, nick: str) -> Client:
    """Somebody who is logged in as ann."""
    client = club.client(nick)
    assert ask(client, f"IDENTIFY ann {WORD}")[-1] == "You are now identified for ann."
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
    assert ask(other, f"IDENTIFY anna {WORD}") == ["You are now identified for ann."]


def test_ghosts(club: Club) -> None:
    ann, bob = club.client("ann"), club.client("bob")
    assert ask(bob, "GHOST ann") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    assert ask(bob, "GHOST ann wrong-horse") == ["The name or the password is incorrect."]
    assert ask(bob, f"GHOST ann {WORD}") == [IDENTIFIED, "The connection of ann was killed."]
    assert ann.lines()[-1] == "ERROR :Closing Link: 192.0.2.1 (Killed (irc.test (GHOST by bob)))"
    assert ask(bob, f"GHOST ann {WORD}") == ["Nobody bears ann."]
    assert bob.user.account == "ann"
    eve, other = club.client("eve"), come(club, "joe")
    assert ask(bob, "GHOST eve") == ["eve is no nick of your account."]
    assert ask(bob, "GHOST joe") == ["The connection of joe was killed."]
    assert other.outlet.ended == "closed" and eve.outlet.ended is None
    assert ask(bob, "GHOST bob") == ["You bear bob yourself."]
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
    assert ask(bob, f"REGAIN ann {WORD}")[-1] == "You are ann now."
    assert bob.user.account == "ann" and ann.user.nick == "Guest50000"
    assert ask(ann, f"REGAIN bob {WORD}") == ["The name or the password is incorrect."]


def test_who_is_logged_in_to_another_account_has_a_nick_back_with_a_password(club: Club) -> None:
    club.account("bob", WORD)
    club.client("ann")
    bob = club.client("bob")
    ask(bob, f"IDENTIFY {WORD}")
    assert ask(bob, f"RELEASE ann {WORD}") == ["ann is free now."]
    assert ask(bob, f"GHOST ann {WORD}") == ["The connection of ann was killed."]
    assert bob.user.account == "bob"
    assert ask(bob, f"REGAIN ann {WORD}") == ["You are ann now."]
    assert bob.user.account == "ann"


@pytest.mark.parametrize(
    "verb, said",
    [
        ("REGAIN", "You are ann now."),
        ("GHOST", "You bear ann yourself."),
        ("RELEASE", "ann is free now."),
    ],
)
def test_a_guest_who_has_the_wish_has_it_back_by_logging_in(verb: str, said: str) -> None:
    """Bots say GHOST, where they do not bear their nick, in the place of IDENTIFY."""
    club = Club(accounts={"nick_protection": "guest"})
    club.account("ann", WORD)
    guest = club.connect()
    guest >> "NICK ann" >> "USER ann 0 * :Ann"
    assert ask(guest, f"{verb} ann {WORD}") == [IDENTIFIED, said]
    assert guest.user.nick == "ann"
    club.check()


def test_a_nick_that_is_kept_free(club: Club) -> None:
    club.reload(accounts={"nick_protection": "grace"})
    ann = club.client("ann")
    club.clock.advance(60)
    bob, eve = club.client("bob"), club.client("eve")
    eve >> "NICK ann"
    eve << ":irc.test 437 eve ann :*"
    assert ask(bob, f"RELEASE eve {WORD}") == ["The name or the password is incorrect."]
    assert ask(bob, f"RELEASE ann {WORD}") == [IDENTIFIED, "ann is free now."]
    eve >> "NICK ann"
    assert answers(eve)[0].startswith("ann belongs to an account.")
    assert ann.user.nick == "Guest50000"
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
