"""NickServ: REGISTER, DROP, UNDROP, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import PASSWORD, Club
from nickserv import answers, ask

from chatnet.records.accounts import State


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    yield club
    club.check()


def test_a_nick_becomes_an_account(club: Club) -> None:
    ann = club.client("ann", caps="account-notify")
    ann >> f"PRIVMSG NickServ :register {PASSWORD.replace(' ', '-')} ann@example.org"
    ann << ":irc.test 900 ann ann!~ann@192.0.2.1 ann :You are now logged in as ann"
    ann << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    ann << (
        ":NickServ!NickServ@services.chatnet NOTICE ann :The account ann is yours, and you are logged in."
    )
    ann.silent()
    assert club.node.network.registry.named("ann") is not None
    assert "correct-horse" not in "".join(club.log.lines)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("REGISTER", "There is something missing. Say it so: REGISTER <password> [<email>]"),
        (
            "REGISTER a b c",
            "These are too many words. Say it so: REGISTER <password> [<email>] "
            "(a password with spaces begins with a colon)",
        ),
        ("REGISTER short", "The password is shorter than 8 characters."),
        ("REGISTER ann-ann-ann nowhere", "This is no address for mail; * gives none."),
    ],
)
def test_what_is_no_good(club: Club, words: str, answer: str) -> None:
    ann = club.client("ann")
    assert ask(ann, words) == [answer]
    assert ann.user.account is None


def test_names_that_cannot_be_had() -> None:
    club = Club()
    club.account("ann")
    ann, guest = club.client("ANN"), club.client("Guest12345")
    assert ask(ann, "REGISTER correct-horse") == ["Somebody has registered this name already."]
    assert ask(guest, "REGISTER correct-horse") == [
        "This is the nick of a guest. Take one of your own first: /nick <nick>"
    ]
    club.check()


def test_who_has_an_account_needs_no_other(club: Club) -> None:
    ann = club.client("ann")
    ask(ann, "REGISTER correct-horse")
    assert ask(ann, "REGISTER correct-horse") == [
        "You are logged in as ann. For another account LOGOUT first."
    ]


def test_where_nobody_may_register() -> None:
    club = Club(accounts={"registration": False})
    ann = club.client("ann")
    assert ask(ann, "REGISTER correct-horse") == ["Nobody can register accounts here."]


def test_a_full_disk(club: Club) -> None:
    ann = club.client("ann")
    club.store.broken = True
    assert ask(ann, "REGISTER correct-horse") == ["Accounts cannot be used now: try again later."]
    assert ann.user.account is None


def test_others_speak_while_it_is_written(club: Club) -> None:
    ann, bob = club.client("ann", caps="labeled-response batch"), club.client("bob")
    club.hold = True
    ann >> "@label=1 PRIVMSG NickServ :REGISTER correct-horse" >> "PING 2"
    ann.silent()
    bob >> "PRIVMSG ann :hello"
    ann << ":bob!*"
    club.release()
    told = ann.lines()
    assert told[0].startswith("@label=1 :irc.test BATCH +")
    assert [line.split(" ")[2] for line in told[1:-2]] == ["900", "NOTICE"]
    assert told[-1] == ":irc.test PONG irc.test :2"


def test_who_is_gone_meanwhile(club: Club) -> None:
    ann = club.client("ann")
    club.hold = True
    ann >> "PRIVMSG NickServ :REGISTER correct-horse"
    ann.session.connection_lost("gone")
    club.release()
    assert club.node.network.registry.named("ann") is not None
    assert ask(club.client("bob"), "STATUS ann") == ["STATUS ann 0"]


def test_a_message_of_several_lines_that_wait(club: Club) -> None:
    ann = club.client("ann", caps="draft/multiline batch labeled-response")
    club.hold = True
    ann >> "@label=7 BATCH +1 draft/multiline NickServ"
    ann >> "@batch=1 PRIVMSG NickServ :REGISTER correct-horse" >> "@batch=1 PRIVMSG NickServ :ACC"
    ann >> "@label=8 BATCH -1" >> "@label=9 PING x"
    assert ann.lines() == ["@label=8 :irc.test ACK"]
    club.release()
    told = ann.lines()
    assert told[0].startswith("@label=7 :irc.test BATCH +")
    assert told[-3].endswith("NOTICE ann :ann ACC 3")
    assert told[-1] == "@label=9 :irc.test PONG irc.test :x"


def test_dropping_takes_a_code_and_can_be_undone(club: Club) -> None:
    ann, bob = club.client("ann"), club.client("bob")
    ask(ann, "REGISTER correct-horse")
    ask(bob, "REGISTER battery-staple")
    assert ask(bob, "DROP ann") == ["You are logged in as bob: nobody drops other people's accounts."]
    [told] = ask(ann, "DROP ann")
    assert told.startswith("To give up the account ann: /msg NickServ DROP ann ")
    code = told.rpartition(" ")[2]
    assert ask(ann, "DROP ann wrong") == ["That is not the code. DROP ann tells it."]
    ann >> f"PRIVMSG NickServ :drop ANN {code.upper()}"
    ann << ":irc.test 901 ann ann!~ann@192.0.2.1 :You are now logged out"
    assert answers(ann)[-1] == (
        "The account ann is dropped. Within 7 days you get it back: UNDROP ann <password>"
    )
    assert ask(ann, "IDENTIFY correct-horse") == ["The name or the password is incorrect."]
    assert ask(ann, "UNDROP ann wrong-horse") == ["The name or the password is incorrect."]
    assert ask(ann, "UNDROP bob battery-staple") == ["The name or the password is incorrect."]
    assert ask(ann, "UNDROP ann correct-horse") == ["The account ann is yours again, and you are logged in."]
    assert ann.user.account == "ann"


def test_what_was_dropped_is_erased_when_its_time_is_over(club: Club) -> None:
    registry = club.node.network.registry
    account = club.account("ann")
    nickserv = club.parts.nickserv
    assert nickserv is not None
    club.change(account, status="dropped")
    club.clock.advance(604_799)
    nickserv.sweeping.sweep()
    assert registry.named("ann") is account and account.status.state is State.DROPPED
    club.clock.advance(1)
    club.store.broken = True
    nickserv.sweeping.sweep()
    assert registry.named("ann") is account
    club.store.broken = False
    nickserv.sweeping.sweep()
    assert registry.named("ann") is None
    assert club.account("ann").id != account.id


def test_what_was_brought_back_is_not_erased(club: Club) -> None:
    account = club.account("ann")
    nickserv = club.parts.nickserv
    assert nickserv is not None
    club.change(account, status="dropped")
    nickserv.sweeping.sweep()
    club.change(account, status="active")
    club.clock.advance(1_000_000)
    nickserv.sweeping.sweep()
    assert club.node.network.registry.named("ann") is account


def test_what_nobody_verified_is_erased(club: Club) -> None:
    account = club.account("ann")
    nickserv = club.parts.nickserv
    assert nickserv is not None
    club.change(account, status=f"pending {int(club.clock.time()) + 60}")
    nickserv.sweeping.sweep()
    assert club.node.network.registry.named("ann") is account
    club.clock.advance(60)
    nickserv.sweeping.sweep()
    assert club.node.network.registry.named("ann") is None


def test_a_server_that_starts_knows_what_is_to_end(club: Club) -> None:
    club.change(club.account("ann"), status="dropped")
    again = Club(store=club.store)
    again.clock.advance(700_000)
    nickserv = again.parts.nickserv
    assert nickserv is not None
    nickserv.sweeping.sweep()
    assert again.node.network.registry.named("ann") is None
