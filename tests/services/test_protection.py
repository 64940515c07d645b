"""Nicks that belong to accounts: guests, refusals, the grace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from club import CERTFP, PASSWORD, Club, plain
from conversation import Client
from mesh import block, stranger
from nickserv import answers, ask
from pydantic import ValidationError

from chatnet.rules.nicks import Guests
from chatnet.settings import AccountsSettings

WORD = PASSWORD.replace(" ", "-")


def club_with(**accounts: Any) -> Club:
    club = Club(accounts={"nick_protection": "guest"} | accounts)
    club.account("ann", WORD)
    return club


@pytest.fixture
def club() -> Iterator[Club]:
    club = club_with()
    yield club
    club.check()


def come(club: Club, nick: str, **peer: Any) -> Client:
    """A client who wants a nick; its welcome is there to be read."""
    client = club.connect(**peer)
    client >> f"NICK {nick}" >> "USER u 0 * :U"
    return client


WAY_IN = (
    "To have it at once, on all your devices, log in while you connect: by SASL, a certificate, or "
    "PASS {}[@<device>]:<password> (in old clients: the password of the server)."
)


def test_who_comes_without_logging_in_is_a_guest(club: Club) -> None:
    ann = come(club, "Ann")
    ann << ":irc.test 001 Guest50000 :Welcome to the chatnet Network, Guest50000!~u@192.0.2.1"
    assert answers(ann) == [
        "Ann belongs to an account, so you are Guest50000 for now. "
        "/msg NickServ IDENTIFY <password> gives you the nick.",
        WAY_IN.format("Ann"),
    ]
    other = come(club, "ann")
    other << ":irc.test 001 Guest50001 :*"


def test_the_password_alone_means_the_nick_that_was_wanted(club: Club) -> None:
    ann, bob = come(club, "Ann"), club.client("bob")
    bob >> "MONITOR + ann"
    bob.lines()
    assert ask(ann, f"IDENTIFY {WORD}") == ["You are now identified for ann."]
    ann << ":irc.test 900 Guest50000 Guest50000!~u@192.0.2.1 ann :You are now logged in as ann"
    ann << ":Guest50000!~u@192.0.2.1 NICK Ann"
    ann.silent()
    bob << ":irc.test 730 bob :Ann!~u@192.0.2.1"


def test_the_wish_is_forgotten_with_another_nick(club: Club) -> None:
    ann = come(club, "ann")
    ann >> "NICK eve"
    assert ask(ann, f"IDENTIFY {WORD}") == ["The name or the password is incorrect."]
    assert ask(ann, f"IDENTIFY ann {WORD}") == ["You are now identified for ann."]
    assert ann.user.nick == "eve"


def test_who_logs_in_while_connecting_has_the_nick(club: Club) -> None:
    ann = club.connecting()
    plain(ann, password=WORD)
    ann >> "CAP END" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.until(":irc.test 001 ann :*")
    assert answers(ann) == []
    assert ann.user.nick == "ann"


def test_nobody_changes_to_such_a_nick(club: Club) -> None:
    bob = club.client("bob")
    bob >> "NICK ANN"
    bob << (
        ":irc.test NOTICE bob :ANN belongs to an account. To bear it log in to that: "
        "/msg NickServ IDENTIFY ANN <password>"
    )
    bob << ":irc.test 433 bob ANN :Nickname is already in use"
    ask(bob, f"IDENTIFY ann {WORD}")
    bob.lines()
    bob >> "NICK ANN"
    bob << ":bob!~bob@192.0.2.1 NICK ANN"


def test_where_passwords_are_for_tls_alone_it_is_told_who_comes_without() -> None:
    for secure in (False, True):
        club = Club(accounts={"nick_protection": "guest"}, sasl={"tls_only": True})
        club.account("ann", WORD)
        told = answers(come(club, "ann", secure=secure))[1]
        assert ("while you connect: over TLS, by SASL" in told) is not secure


def test_strict_refuses_who_connects() -> None:
    club = club_with(nick_protection="strict")
    ann = come(club, "ann")
    ann << (
        ":irc.test NOTICE ann :ann belongs to an account: log in while you connect: by SASL, a certificate, "
        "or PASS ann[@<device>]:<password> (in old clients: the password of the server); or choose another "
        "nick."
    )
    ann << ":irc.test 433 ann ann :Nickname is already in use"
    ann.silent()
    ann >> "NICK eve"
    ann << ":irc.test 001 eve :*"
    club.check()


def test_grace_gives_time() -> None:
    club = club_with(nick_protection="grace", grace=30)
    ann = come(club, "ann")
    ann << ":irc.test 001 ann :*"
    assert answers(ann) == [
        "ann belongs to an account. Log in within 30 seconds: /msg NickServ IDENTIFY <password>. "
        "Or choose another nick: else you get one.",
        WAY_IN.format("ann"),
    ]
    club.clock.advance(29)
    assert ann.user.nick == "ann"
    ann.lines()
    club.clock.advance(1)
    ann << ":ann!~u@192.0.2.1 NICK Guest50000"
    ann << ":NickServ!* NOTICE Guest50000 :You are Guest50000 now, since ann belongs to an account."
    # nobody has it for a minute, but its owner at once
    bob = club.client("bob")
    bob >> "NICK ann"
    bob << ":irc.test 437 bob ann :*"
    ask(ann, f"IDENTIFY {WORD}")
    assert ann.user.nick == "ann"
    club.check()


def test_a_login_ends_the_grace() -> None:
    club = club_with(nick_protection="grace")
    ann = come(club, "ann")
    ask(ann, f"IDENTIFY {WORD}")
    club.clock.advance(100)
    assert ann.user.nick == "ann"
    bob = club.client("bob")
    assert ask(bob, f"GHOST ann {WORD}")[-1] == "The connection of ann was killed."
    bob >> "NICK ann"
    answers(bob)
    bob >> "NICK bob"
    club.clock.advance(100)
    assert bob.user.nick == "bob"
    club.check()


def test_other_spellings_do_not_begin_the_grace_anew() -> None:
    club = club_with(nick_protection="grace", grace=30)
    ann = come(club, "ann")
    club.clock.advance(20)
    ann >> "NICK Ann"
    club.clock.advance(10)
    assert ann.user.nick == "Guest50000"
    club.check()


def test_off_lets_everybody() -> None:
    club = club_with(nick_protection="off")
    ann = come(club, "ann")
    ann << ":irc.test 001 ann :*"
    assert answers(ann) == []
    club.clock.advance(1000)
    assert ann.user.nick == "ann"
    club.check()


@pytest.mark.parametrize(
    ("choice", "nick"),
    [("off", "ann"), ("strict", None), ("grace", "ann"), ("guest", "Guest50000"), ("x-y", "Guest50000")],
)
def test_an_account_chooses_for_itself(club: Club, choice: str, nick: str | None) -> None:
    account = club.node.network.registry.named("ann")
    assert account is not None
    club.change(account, **{"set:protect": choice})
    ann = come(club, "ann")
    assert (ann.user.nick if ann.session.registered else None) == nick


def test_who_bears_a_nick_when_it_becomes_somebodys(club: Club) -> None:
    """Registered in another process, say, or on the other side of a split."""
    bob, far = club.client("bob"), club.client("eve")
    account = club.node.network.registry.named("ann")
    assert account is not None
    stamp = "0000000a0.000000.0CN"
    club.change(account, **{"nick:bob": f"{stamp} bob"})
    club.clock.advance(1)
    [told] = answers(bob)
    assert told.startswith("bob belongs to an account. Log in within 60 seconds")
    club.clock.advance(60)
    assert bob.user.nick == "Guest50000"
    far.silent()


def test_it_is_no_matter_once_it_is_nobodys_again(club: Club) -> None:
    bob = club.client("bob")
    account = club.node.network.registry.named("ann")
    assert account is not None
    club.change(account, **{"nick:bob": "0000000a0.000000.0CN bob"})
    club.clock.advance(10)
    club.change(account, **{"nick:bob": None})
    club.clock.advance(100)
    assert bob.user.nick == "bob"


def test_who_logs_out_has_the_grace_too(club: Club) -> None:
    ann = come(club, "ann")
    ask(ann, f"IDENTIFY {WORD}")
    [first, second] = ask(ann, "LOGOUT")
    assert first.startswith("ann belongs to an account.") and second == "You are logged out."
    club.clock.advance(60)
    assert ann.user.nick == "Guest50000"
    ask(ann, f"IDENTIFY {WORD}")
    assert ann.user.nick == "ann"


def test_a_wish_that_somebody_else_bears(club: Club) -> None:
    club.change(club.node.network.registry.named("ann"), **{"set:protect": "guest"})  # type: ignore[arg-type]
    ann, other = come(club, "ann"), come(club, "ann")
    ask(other, f"IDENTIFY {WORD}")
    assert other.user.nick == "ann"
    assert ask(ann, f"IDENTIFY {WORD}") == [
        "Somebody bears ann now: /msg NickServ REGAIN ann gives it to you.",
        "You are now identified for ann.",
    ]


def test_users_of_other_servers_that_are_not_served_are_theirs_to_rename() -> None:
    services = block("so1", role="services")
    club = Club(accounts={"authority": "here", "nick_protection": "guest"}, link=[services])
    club.account("ann", WORD)
    so1 = stranger(club, "so1.test", "1SO")
    so1 >> ":1SO EUID ann 1 1600000000 +i ann h 192.0.2.9 1SOAAAAAB * * :Ann"
    so1 >> ":1SO EUID bob 1 1600000000 +i bob h 192.0.2.9 1SOAAAAAC * * :Bob"
    club.change(club.node.network.registry.named("ann"), **{"nick:bob": "0000000a0.000000.0CN bob"})  # type: ignore[arg-type]
    so1 >> ":1SOAAAAAC NICK annie :1600000001" >> ":1SOAAAAAC NICK bob :1600000002"
    so1.lines()
    club.clock.advance(100)
    so1.silent()
    nicks = {user.uid: user.nick for user in club.node.network.users.values()}
    assert nicks == {"1SOAAAAAB": "ann", "1SOAAAAAC": "bob"}
    club.check()


def test_everybody_bears_a_nick_of_their_account() -> None:
    club = club_with(nick_is_account=True)
    eve = come(club, "eve")
    assert ask(eve, f"IDENTIFY ann {WORD}") == ["You are now identified for ann."]
    assert eve.user.nick == "ann"
    eve.lines()
    eve >> "NICK eve"
    eve << ":irc.test NOTICE ann :Here everybody who is logged in bears a nick of their account: ann, or *"
    eve << ":irc.test 433 ann eve :*"
    eve >> "NICK Ann"
    eve << ":ann!* NICK Ann"
    eve >> "QUIT"
    ann = club.connecting()
    plain(ann, password=WORD)
    ann >> "CAP END" >> "NICK x" >> "USER ann 0 * :Ann"
    ann.until(":irc.test 001 ann :*")
    # (the nick is taken now)
    other = club.connecting()
    plain(other, password=WORD)
    other >> "CAP END" >> "NICK y" >> "USER ann 0 * :Ann"
    other.until(":irc.test 001 y :*")
    # but nobody else's
    club.account("bob", WORD)
    third = club.connecting()
    plain(third, password=WORD)
    third >> "CAP END" >> "NICK bob" >> "USER ann 0 * :Ann"
    third.until(":irc.test 001 Guest50000 :*")
    club.check()


def test_certificates_bring_the_nick() -> None:
    club = Club(accounts={"nick_protection": "guest"})
    club.account("ann", WORD, certfp=CERTFP)
    ann = come(club, "ann", secure=True, certfp=CERTFP)
    ann.until(":irc.test 001 ann :*")
    club.check()


def test_whose_name_was_lost_reads_what_happened_at_each_login(club: Club) -> None:
    account = club.account("eve", WORD)
    club.change(account, name="zzzzzzzzz.000000.0CN ann")
    shown = account.shown
    assert shown.startswith("ann~")
    text = (
        "While servers were apart ann was registered twice, and the other one was first "
        f"(2023-11-14 22:13 UTC). Your account is called {shown} now; password, certificates and channels "
        "are yours as before. To choose another name: /nick <nick>, and /msg NickServ SET NAME <nick>"
    )
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY {shown} {WORD}") == [text, f"You are now identified for {shown}."]
    late = club.connecting()
    plain(late, name=shown, password=WORD)
    late >> "CAP END" >> "NICK late" >> "USER late 0 * :Late"
    assert answers(late) == [text]
    late >> "NICK evelyn"
    assert ask(late, "SET NAME evelyn") == ["Your account is called evelyn now."]
    assert late.user.account == "evelyn" == bob.user.account


@pytest.mark.parametrize(
    ("pattern", "limit", "nick"),
    [
        ("Guest#####", 30, "Guest00042"),
        ("Guest#####", 9, "Gues00042"),
        ("Guest###", 3, "G42"),
        ("g####", 30, "g0042"),
    ],
)
def test_guests_fit_into_nicks(pattern: str, limit: int, nick: str) -> None:
    guests = Guests(pattern, limit)
    digits = min(pattern.count("#"), limit - 1)
    assert guests.nick(42 / 10**digits, lambda nick: False) == nick
    assert guests.includes(nick) and guests.includes(nick.lower())
    assert not guests.includes(nick + "1") and not guests.includes("x" + nick)
    taken = {nick}
    assert guests.nick(42 / 10**digits, taken.__contains__) == nick[:-1] + "3"
    assert guests.nick(0.0, lambda nick: True) is None


@pytest.mark.parametrize(
    "pattern", ["Guest", "#####", "1####", "Guest##", "Guest##########", "a b####", "x" * 28 + "###"]
)
def test_what_is_no_form_of_guests(pattern: str) -> None:
    with pytest.raises(ValidationError, match="is not a nick of at most 27"):
        AccountsSettings(guest_nick=pattern)
