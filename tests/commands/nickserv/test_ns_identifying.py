"""NickServ: IDENTIFY, LOGOUT, SESSIONS, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, Club
from clubs import Clubs
from mesh import Mesh
from nickserv import answers, ask
from staff import oper, sections
from states import opered

WORD = "correct-horse"
WRONG = ["The name or the password is incorrect."]
NOBODY = ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections())
    club.account("ann", WORD)
    yield club
    club.check()


@pytest.mark.parametrize("verb", ["IDENTIFY", "login", "Id"])
def test_three_words_for_it(club: Club, verb: str) -> None:
    bob = club.client("bob")
    bob >> f"NS {verb} ann {WORD}"
    bob << ":irc.test 900 bob bob!~bob@192.0.2.1 ann :You are now logged in as ann"
    assert answers(bob) == ["You are now identified for ann."]
    assert bob.user.account == "ann"
    assert ask(bob, f"{verb} ann {WORD}") == ["You are now identified for ann."]


def test_wrong_passwords_tell_nothing_and_end_a_session(club: Club) -> None:
    bob = club.client("bob")
    assert ask(bob, "IDENTIFY ann wrong-horse") == WRONG
    assert ask(bob, "IDENTIFY nobody wrong-horse") == WRONG
    assert ask(bob, f"IDENTIFY {WORD}") == WRONG  # bob is no account
    assert ask(bob, "IDENTIFY one two three") == [
        "These are too many words. Say it so: IDENTIFY [<account>] [<password>] "
        "(a password with spaces begins with a colon)"
    ]
    assert ask(bob, "IDENTIFY ann wrong-horse") == WRONG
    bob >> "PRIVMSG NickServ :IDENTIFY ann wrong-horse"
    assert bob.outlet.ended == "closed"
    assert "ERROR :Closing Link: 192.0.2.1 (Too many failed logins)" in bob.lines()


def test_those_who_try_too_often_wait() -> None:
    club = Club(accounts={"failures_address": 2}, flood={"enabled": True})
    club.account("ann", WORD)
    bob = club.client("bob")
    for _ in range(2):
        assert ask(bob, "IDENTIFY ann wrong-horse") == WRONG
    assert ask(bob, f"IDENTIFY ann {WORD}") == ["Too many logins failed: try again in 5 minutes."]
    assert ask(club.client("eve", address="198.51.100.1"), f"IDENTIFY ann {WORD}")[0].startswith("You are")


def test_a_suspended_account(club: Club) -> None:
    club.change(club.node.network.registry.named("ann"), status="suspended 0 root :spam")  # type: ignore[arg-type]
    bob = club.client("bob")
    assert ask(bob, "IDENTIFY ann wrong-horse") == WRONG
    assert ask(bob, f"IDENTIFY ann {WORD}") == ["The account ann is suspended: spam."]


def test_a_certificate_is_enough(club: Club) -> None:
    club.account("eve", WORD, certfp=CERTFP)
    club.reload(accounts={"login_by_certificate": False})
    eve = club.client("bob", secure=True, certfp=CERTFP)
    assert ask(eve, "IDENTIFY") == ["You are now identified for eve."]
    bob = club.client("bobby")
    assert ask(bob, "IDENTIFY") == [
        "You have shown no certificate that logs in to an account: /msg NickServ IDENTIFY <password>"
    ]


def test_who_is_gone_meanwhile(club: Club) -> None:
    bob = club.client("bob")
    club.hold = True
    bob >> f"PRIVMSG NickServ :IDENTIFY ann {WORD}"
    bob.session.connection_lost("gone")
    club.release()
    assert club.node.network.logged_in == {}


def test_logging_out(club: Club) -> None:
    bob = club.client("bob")
    assert ask(bob, "LOGOUT") == NOBODY
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(bob, "LOGOUT") == ["You are logged out."]
    bob << ":irc.test 901 bob bob!~bob@192.0.2.1 :You are now logged out"
    assert ask(bob, "SESSIONS") == NOBODY


def test_sessions_of_ones_own_and_how_they_end(club: Club) -> None:
    bob, eve, joe = (
        club.client(nick, address=f"192.0.2.{n}") for n, nick in enumerate(("bob", "eve", "joe"))
    )
    for client in (bob, eve, joe):
        ask(client, f"IDENTIFY ann {WORD}")
    since = "connected since 2023-11-14 22:13 UTC, idle 0 s"
    assert ask(bob, "SESSIONS") == [
        f"1. bob (you) on irc.test from 192.0.2.0, {since}, by password",
        f"2. eve on irc.test from 192.0.2.1, {since}, by password",
        f"3. joe on irc.test from 192.0.2.2, {since}, by password",
        "3 sessions of ann.",
    ]
    for word in ("1", "bob"):
        assert ask(bob, f"LOGOUT {word}") == ["That is the session that you ask by: QUIT ends it."]
    for word in ("0", "4", "nobody"):
        told = "That is no number, device or nick of another session of yours. CLIENTS LIST shows them."
        assert ask(bob, f"LOGOUT {word}") == ask(bob, f"CLIENTS LOGOUT {word}") == [told]
    assert ask(bob, "CLIENTS LOGOUT") == [
        "Say which: CLIENTS LOGOUT <number>, or the name of a device, or ALL. CLIENTS LIST shows them."
    ]
    assert ask(bob, "LOGOUT 2") == ["Ended: eve on irc.test from 192.0.2.1.", "1 session of yours ended."]
    assert "(Logged out by bob)" in eve.lines()[-1]
    assert ask(bob, "LOGOUT all")[1:] == ["1 session of yours ended."]
    assert ask(bob, "LOGOUT all") == ["0 sessions of yours ended."]
    assert joe.outlet.ended == "closed"
    assert ask(bob, "LISTLOGINS") == ask(bob, "clients list")
    assert ask(bob, "LISTLOGINS")[1:] == ["1 session of ann."]


def test_sessions_of_others_are_for_operators(club: Club) -> None:
    bob = club.client("bob")
    ask(bob, f"IDENTIFY ann {WORD}")
    root = oper(club, "root")
    denied = "This is for operators with the privilege accounts."
    assert ask(root, "SESSIONS ann") == [denied]
    opered(root, "accounts")
    assert ask(root, "SESSIONS ann")[-1] == "1 session of ann."
    assert ask(root, "SESSIONS nobody") == ["nobody is no account."]


def test_where_services_of_another_make_keep_accounts_there_is_no_nickserv() -> None:
    house = Mesh("a")["a"]
    ann = house.client("ann")
    ann >> "NS IDENTIFY secret"
    ann << ":a.test 401 ann NickServ :No such nick/channel"


def test_sessions_on_all_servers_are_told_and_ended() -> None:
    clubs = Clubs("a", "b")
    clubs["a"].account("ann", WORD)
    clubs.link("a", "b")
    clubs.settle()
    ann, bob = clubs["a"].client("ann"), clubs["b"].client("bob", address="192.0.2.9")
    for client in (ann, bob):
        ask(client, f"IDENTIFY ann {WORD}")
        clubs.settle()
    assert ask(ann, "SESSIONS") == [
        "1. ann (you) on a.test from 192.0.2.1, connected since 2023-11-14 22:13 UTC, idle 0 s, by password",
        "2. bob on b.test from 192.0.2.9",
        "2 sessions of ann.",
    ]
    assert ask(ann, f"SET PASSWORD {WORD} battery-staple")[-1] == (
        "1 other session of yours: LOGOUT ALL ends them."
    )
    assert ask(ann, "LOGOUT 2") == ["Ended: bob on b.test from 192.0.2.9.", "1 session of yours ended."]
    clubs.settle()
    assert bob.session.closed and not ann.session.closed
    clubs.agree()
    clubs.check()
