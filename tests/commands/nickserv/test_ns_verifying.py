"""NickServ and mail: VERIFY, RESEND, SET EMAIL, VERIFYEMAIL, SENDPASS, RESETPASS, SAVERIFY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from club import Club, failed, logged_in, plain
from clubs import Clubs
from conversation import Client
from nickserv import answers, ask
from postal import MAIL, TO, code_in, postal
from states import opered

from chatnet.records.accounts import State
from chatnet.storage.record import Record

WORD = "correct-horse"
NEW = "battery-staple"
INVALID = ["No such code was sent, or its time is over."]


def verified(club: Club, nick: str = "ann", to: str = TO) -> Client:
    """Somebody with an account whose address was verified."""
    client = club.client(nick)
    ask(client, f"REGISTER {WORD} {to}")
    assert ask(client, f"VERIFY {nick} {code_in(club, to)}")[-1].startswith(f"The account {nick} is yours")
    return client


def email(club: Club, name: str = "ann") -> str | None:
    records = club.done(club.accounts.read(club.named(name)))
    return next((record.value for record in records if record.field == "email"), None)


# registering


def test_a_code_makes_the_account_yours() -> None:
    club = postal()
    ann = club.client("ann")
    assert ask(ann, f"REGISTER {WORD} {TO}") == [
        f"A code was sent to {TO}, which makes the account yours: /msg NickServ VERIFY ann <code>"
    ]
    assert ann.user.account is None
    assert ask(ann, f"IDENTIFY {WORD}") == [
        "ann waits for the code that was sent by mail: VERIFY ann <code>."
    ]
    assert ask(ann, "VERIFY ann aaaaaaaaaa") == INVALID
    assert ask(ann, f"VERIFY ann {code_in(club)}") == ["The account ann is yours, and you are logged in."]
    assert ask(ann, "VERIFY ann aaaaaaaaaa") == [
        "You are logged in as ann. For another account LOGOUT first."
    ]
    club.check()


def test_who_waits_for_a_code_reads_what_to_do_with_it() -> None:
    """A password is not what is wanting, and IDENTIFY would not let them in."""
    club = postal(accounts={"nick_protection": "guest"})
    first = club.client("ann")
    ask(first, f"REGISTER {WORD} {TO}")
    first >> "QUIT"
    waits = "ann belongs to an account, which waits for the code that was sent by mail"
    ann, bob = club.connect(), club.client("bob")
    ann >> "NICK ann" >> "USER u 0 * :U"
    nick = ann.user.nick
    assert answers(ann) == [
        f"{waits}, so you are {nick} for now. /msg NickServ VERIFY ann <code> gives you the nick."
    ]
    bob >> "NICK ann"
    told = f"{waits}. To bear it log in to that: /msg NickServ VERIFY ann <code>"
    lines = bob.lines()
    assert any(told in line for line in lines), lines
    assert ask(ann, f"VERIFY ann {code_in(club)}") == ["The account ann is yours, and you are logged in."]
    assert ann.user.nick == "ann"
    bob >> "NICK ann"
    club.check()


def test_where_an_address_is_needed() -> None:
    club = postal("required")
    ann = club.client("ann")
    assert ask(ann, f"REGISTER {WORD}") == ["An address for mail is needed: a code is sent there."]


def test_another_code() -> None:
    club = postal()
    ann = club.client("ann")
    ask(ann, f"REGISTER {WORD} {TO}")
    first = code_in(club)
    assert ask(ann, "RESEND")[0].startswith("Too much mail was sent: try again in ")
    club.clock.advance(3600)
    assert ask(ann, "RESEND") == ["Another code was sent."]
    second = code_in(club)
    assert ask(ann, f"VERIFY ann {first}") == INVALID
    assert ask(ann, f"VERIFY ann {second}") == ["The account ann is yours, and you are logged in."]
    assert ask(ann, "RESEND") == ["No account of that name waits for a code."]
    assert ask(ann, "RESEND nobody") == ["No account of that name waits for a code."]


def test_who_came_in_as_a_guest_meanwhile() -> None:
    club = postal(accounts={"nick_protection": "guest"})
    ann = club.client("ann")
    ask(ann, f"REGISTER {WORD} {TO}")
    ann.session.close("gone")
    code_in(club)
    club.clock.advance(3600)
    ann = club.client("ann")
    assert ann.user.nick.startswith("Guest")
    assert ask(ann, "RESEND") == ["Another code was sent."]
    ask(ann, f"VERIFY ann {code_in(club)}")
    assert ann.user.nick == ann.user.account == "ann"


# another address


def test_another_address_counts_once_its_code_comes_back() -> None:
    club = postal()
    ann = verified(club)
    assert ask(ann, f"SET EMAIL new@example.net {NEW}") == ["The name or the password is incorrect."]
    assert ask(ann, f"SET EMAIL new@example.net {WORD}") == [
        "A code was sent to new@example.net: /msg NickServ VERIFYEMAIL <code>"
    ]
    assert email(club) == f"1 {TO}"
    code = code_in(club, "new@example.net")
    assert ask(ann, "VERIFYEMAIL aaaaaaaaaa") == INVALID
    assert ask(ann, f"VERIFYEMAIL {code}") == ["Your account has the address new@example.net now."]
    assert email(club) == "1 new@example.net"
    ((old, text),) = club.post.take()
    assert old == TO and "has another address from now on" in text
    assert ask(ann, f"VERIFYEMAIL {code}") == INVALID


def test_addresses_that_wait_are_few_and_each_code_is_for_its_own() -> None:
    club = postal(mail=MAIL | {"asked": 100})
    ann = verified(club)
    codes = []
    for number in range(5):
        club.clock.advance(1)
        ask(ann, f"SET EMAIL n{number}@example.net {WORD}")
        codes.append(code_in(club, f"n{number}@example.net"))
    waiting = [
        record
        for record in club.done(club.accounts.read(club.named()))
        if record.field.startswith("code:email") and record.value is not None
    ]
    assert len(waiting) == 3
    assert ask(ann, f"VERIFYEMAIL {codes[0]}") == INVALID
    assert ask(ann, f"VERIFYEMAIL {codes[3]}") == ["Your account has the address n3@example.net now."]
    assert ask(ann, f"VERIFYEMAIL {codes[4]}") == INVALID


def test_no_address_any_more() -> None:
    club = postal()
    ann = verified(club)
    assert ask(ann, f"SET EMAIL NONE {WORD}") == ["Your account has no address any more."]
    assert email(club) is None
    club.reload(accounts={"email": "required"})
    assert ask(ann, f"SET EMAIL none {WORD}") == ["Here every account has an address."]


def test_without_mail_an_address_is_kept_as_it_is() -> None:
    club = Club()
    ann = club.client("ann")
    ask(ann, f"REGISTER {WORD}")
    assert ask(ann, f"SET EMAIL {TO} {WORD}") == [f"Your account has the address {TO} now."]
    assert email(club) == f"0 {TO}"
    assert ask(ann, f"SET EMAIL nowhere {WORD}") == ["This is no address for mail; * gives none."]


# a password that was forgotten


def test_a_password_that_was_forgotten() -> None:
    club = postal()
    verified(club).session.close("gone")
    bob = club.client("bob", caps="sasl")
    (told,) = ask(bob, "SENDPASS ann")
    code = code_in(club)
    assert told == (
        "If ann is an account with a verified address, a code was sent there that is good for 24 hours: "
        "/msg NickServ RESETPASS ann <code> <new password>"
    )
    assert ask(bob, "SENDPASS nobody") == [told.replace(" ann ", " nobody ")]
    assert ask(bob, f"RESETPASS ann aaaaaaaaaa {NEW}") == INVALID
    assert ask(bob, f"RESETPASS nobody {code} {NEW}") == INVALID
    assert ask(bob, f"RESETPASS ann {code} short") == ["The password is shorter than 8 characters."]
    assert ask(bob, f"RESETPASS ann {code} {NEW}") == [
        "The password of ann is changed: /msg NickServ IDENTIFY <password>"
    ]
    assert ask(bob, f"RESETPASS ann {code} {WORD}-x") == INVALID
    plain(bob, password=WORD)
    failed(bob)
    plain(bob, password=NEW)
    logged_in(bob)


def test_nothing_tells_whether_there_is_such_an_account() -> None:
    club = postal()
    verified(club)
    bob = club.client("bob")
    club.post.take()
    answers = {name: ask(bob, f"SENDPASS {name}")[0].replace(name, "x") for name in ("ann", "nobody")}
    answers["ann again"] = ask(bob, "SENDPASS ann")[0].replace("ann", "x")  # no second mail in this hour
    assert len(club.post.take()) == 1
    club.change(club.named(), email=f"0 {TO}")
    club.clock.advance(3600)
    answers["not verified"] = ask(bob, "SENDPASS ann")[0].replace("ann", "x")
    club.change(club.named(), email=f"1 {TO}", status="suspended 0 root :spam")
    answers["suspended"] = ask(bob, "SENDPASS ann")[0].replace("ann", "x")
    assert club.post.take() == []
    assert len(set(answers.values())) == 1
    club.store.broken = True
    assert ask(bob, "SENDPASS nobody")[0].startswith("If nobody is an account")


def test_without_mail() -> None:
    club = Club()
    assert ask(club.client("ann"), "SENDPASS ann") == [
        "This server sends no mail. Ask an operator for another password."
    ]


# operators


def test_an_operator_vouches_for_somebody() -> None:
    club = postal()
    root, ann = club.client("root"), club.client("ann")
    ask(ann, f"REGISTER {WORD} {TO}")
    code = code_in(club)
    assert ask(root, "SAVERIFY ann") == ["This is for operators with the privilege accounts."]
    opered(root, "accounts")
    root.lines()
    assert ask(root, "SAVERIFY ann") == ["ann is verified."]
    assert club.named().status.state is State.ACTIVE and email(club) == f"1 {TO}"
    assert ask(ann, f"VERIFY ann {code}") == INVALID
    assert ask(ann, f"IDENTIFY {WORD}") == ["You are now identified for ann."]
    club.change(club.named(), email="0 new@example.net")
    ask(root, "SAVERIFY ann")
    assert email(club) == "1 new@example.net"
    assert [audit.verb for audit in club.store.audits] == ["SAVERIFY", "SAVERIFY"]


# several servers


@pytest.fixture
def clubs() -> Clubs:
    return Clubs("a", "b", mail=MAIL, accounts={"email": "optional"})


def test_a_code_may_be_used_on_any_server(clubs: Clubs) -> None:
    clubs.link("a", "b")
    ann = clubs["a"].client("ann")
    ask(ann, f"REGISTER {WORD} {TO}")
    clubs.settle()
    code = code_in(clubs["a"])
    assert clubs["b"].post.sent == []
    bob = clubs["b"].client("bob")
    ask(bob, f"VERIFY ann {code}")
    clubs.settle()
    assert bob.user.account == "ann"
    assert clubs["a"].named().status.state is State.ACTIVE
    clubs.agree()


def test_two_of_one_name_are_told_by_mail_by_one_server(clubs: Clubs) -> None:
    roots = {name: clubs[name].client("root" + name) for name in ("a", "b")}
    for root in roots.values():
        opered(root, snomask="a")
    for name in ("a", "b"):
        verified(clubs[name], "ann", f"{name}@example.net")
        clubs.clock.advance(1)
    clubs.link("a", "b")
    clubs.settle()
    assert clubs["a"].post.take() == []
    ((to, text),) = clubs["b"].post.take()
    shown = next(each.shown for each in clubs["b"].accounts.registry.accounts.values() if each.lost)
    assert to == "b@example.net" and f"Your account is called {shown} now" in text
    for root in roots.values():
        told = [line for line in root.lines() if "registered twice" in line]
        assert len(told) == 1 and shown in told[0]


def test_a_password_that_was_changed_twice_is_told_by_mail_by_one_server(clubs: Clubs) -> None:
    clubs.link("a", "b")
    verified(clubs["a"])
    clubs.settle()
    clubs.cut("a", "b")
    for name in ("a", "b"):
        clubs.clock.advance(1)
        client = clubs[name].client("ann" + name)
        ask(client, f"IDENTIFY ann {WORD}")
        ask(client, f"SET PASSWORD {WORD} {NEW}-{name}")
    clubs.link("a", "b")
    clubs.settle()
    assert clubs["a"].post.take() == []
    ((to, text),) = clubs["b"].post.take()
    assert to == TO and "SENDPASS ann" in text


def test_two_who_wait_for_the_codes_of_one_name(clubs: Clubs) -> None:
    codes = {}
    for name in ("a", "b"):
        ask(clubs[name].client("ann"), f"REGISTER {WORD}-{name} {name}@example.net")
        codes[name] = code_in(clubs[name], f"{name}@example.net")
        clubs.clock.advance(1)
    clubs.link("a", "b")
    clubs.settle()
    later, first = clubs["a"].client("later"), clubs["b"].client("first")
    assert ask(later, f"VERIFY ann {codes['b']}")[-1].startswith("The account ann~")
    assert ask(first, f"VERIFY ann {codes['a']}") == ["The account ann is yours, and you are logged in."]
    clubs.settle()
    clubs.agree()


def slowly(club: Club) -> None:
    """While the club holds, each write takes until it lets go."""
    write = club.store.write

    async def held(records: Sequence[Record], free: Iterable[tuple[str, int]] = ()) -> None:
        await club.pause()
        await write(records, free)

    club.store.write = held  # type: ignore[method-assign, assignment]


def test_many_who_ask_at_once_have_one_mail_sent() -> None:
    club = postal()
    verified(club)
    slowly(club)
    club.hold = True
    for number in range(5):
        club.client(f"bob{number}") >> "NS SENDPASS ann"
    club.release()
    assert [to for to, _ in club.post.take()] == [TO]


def test_what_could_not_be_written_counts_for_nothing() -> None:
    club = postal()
    verified(club)
    club.store.broken = True
    ask(club.client("bob"), "SENDPASS ann")
    club.store.broken = False
    assert not club.post.take()
    ask(club.client("eve"), "SENDPASS ann")
    assert code_in(club)


@pytest.mark.parametrize(
    "line", [f"SET PASSWORD {WORD} {NEW}", f"SET EMAIL NONE {WORD}", f"SET EMAIL ann@example.com {WORD}"]
)
def test_what_a_thief_has_in_the_old_mailbox_is_good_for_nothing(line: str) -> None:
    club = postal()
    ann, eve = verified(club), club.client("eve")
    ask(eve, "SENDPASS ann")
    code = code_in(club)
    if line.endswith(f"ann@example.com {WORD}"):
        club.reload(accounts={"email": "off"})
    assert "not" not in ask(ann, line)[0]
    assert ask(eve, f"RESETPASS ann {code} another-word") == INVALID


def test_strangers_do_not_use_up_the_tries() -> None:
    club = postal()
    verified(club)
    eve, ann = club.client("eve", address="203.0.113.9"), club.client("annie")
    ask(eve, "SENDPASS ann")
    code = code_in(club)
    for _ in range(5):
        assert ask(eve, f"RESETPASS ann aaaaaaaaaa {NEW}") == INVALID
    assert ask(eve, f"RESETPASS ann {code} {NEW}") == INVALID
    assert ask(ann, f"RESETPASS ann {code} {NEW}")[0].startswith("The password of ann is changed")
