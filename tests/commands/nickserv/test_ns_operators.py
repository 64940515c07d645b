"""NickServ: what operators may do, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import Club
from conversation import Client
from nickserv import ask
from states import opered

from chatnet.commands.nickserv import NICKSERV
from chatnet.dispatch import Row

WORD = "correct-horse"
DENIED = ["This is for operators with the privilege accounts."]


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    club.account("ann", WORD)
    yield club
    club.check()


def root_of(club: Club) -> Client:
    root = club.client("root")
    opered(root, "accounts", snomask="a")
    return root


@pytest.mark.parametrize("row", [row for row in NICKSERV if row.privilege], ids=lambda row: row.verb)
def test_nobody_else_may(club: Club, row: Row) -> None:
    bob = club.client("bob")
    assert ask(bob, f"{row.verb} ann x y") == DENIED
    opered(bob, "see-all")
    assert ask(bob, f"{row.verb} ann x y") == DENIED
    assert club.store.audits == []


def test_what_is_no_utf_8_is_kept_and_told_all_the_same() -> None:
    club = Club(server={"utf8_only": False})
    club.account("ann", WORD)
    root = root_of(club)
    ask(root, f"IDENTIFY ann {WORD}")
    for text in ("MARK ann a\udcffb", f"CERT ADD {'ab' * 32} a\udcffb", "SUSPEND ann a\udcffb"):
        ask(root, text)
    kept = {each.field: each.value for each in club.store.load() if each.entity == club.named().id}
    assert kept["mark"] == "root :a\ufffdb"
    assert kept["suspended"] == "0 root :a\ufffdb"
    assert "code:cert\\sa\ufffdb" in kept
    assert {each.detail for each in club.store.audits} == {"a\ufffdb"}
    club.check()


def test_nothing_is_written_that_is_no_record(club: Club) -> None:
    for given in ({"mark": "root :a\nb"}, {"mark": "root :\udcff"}, {"code:a\nb": "x"}, {"mark": "x" * 8193}):
        with pytest.raises(ValueError, match="no record"):
            club.change(club.named(), **given)


def test_a_suspension_that_is_over_is_shown_no_more(club: Club) -> None:
    root = root_of(club)
    ask(root, "SUSPEND ann +1h spam")
    assert ask(root, "LIST ann") == ["ann (suspended)", "1 account."]
    assert ask(root, "INFO ann")[1].startswith("  it is suspended until")
    club.clock.advance(3601)
    assert ask(root, "LIST ann") == ["ann", "1 account."]
    assert not any("suspended" in line for line in ask(root, "INFO ann"))


def test_who_drops_a_suspended_account_does_not_have_it_back(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    club.change(club.named(), status="dropped")
    assert ask(root, "SUSPEND ann +1h spam") == ["ann is suspended until 2023-11-14 23:13 UTC."]
    assert ask(root, "INFO ann")[1:3] == [
        "  it is dropped",
        "  once it is back it is suspended until 2023-11-14 23:13 UTC by root: spam",
    ]
    assert ask(bob, f"UNDROP ann {WORD}") == ["The account ann is suspended: spam."]
    assert ask(bob, "UNDROP ann another-horse") == ["The name or the password is incorrect."]
    club.clock.advance(3600)
    assert ask(bob, f"UNDROP ann {WORD}")[-1] == "The account ann is yours again, and you are logged in."


def test_a_suspension_of_an_older_form_is_ended_as_well(club: Club) -> None:
    root = root_of(club)
    club.change(club.named(), status="suspended 0 root :spam")
    assert ask(root, "SUSPEND ann +1h more") == ["ann is suspended until 2023-11-14 23:13 UTC."]
    assert ask(root, "UNSUSPEND ann") == ["ann is suspended no more."]
    assert ask(root, "UNSUSPEND ann") == ["ann is not suspended."]
    assert ask(root, "LIST ann") == ["ann", "1 account."]


def test_registering_for_somebody(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    assert ask(root, "SAREGISTER bob") == ["Somebody else bears this nick."]
    assert ask(root, "SAREGISTER ann") == ["Somebody has registered this name already."]
    assert ask(root, "SAREGISTER Guest12345") == ["This name is reserved."]
    assert ask(root, "SAREGISTER eve short") == ["The password is shorter than 8 characters."]
    assert ask(root, f"SAREGISTER eve {WORD}") == ["The account eve is registered."]
    [told] = ask(root, "SAREGISTER joe")
    password = told.rpartition(" ")[2]
    assert told == f"The account joe is registered. Its password, shown only now, is {password}"
    assert ask(bob, f"IDENTIFY joe {password}") == ["You are now identified for joe."]
    assert ask(bob, f"IDENTIFY eve {WORD}") == ["You are now identified for eve."]
    assert not any(password in str(each) or WORD in str(each) for each in club.store.audits)
    assert not any(password in line for line in club.log.lines)


def test_a_new_password(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    [told] = ask(root, "SETPASS ann")
    password = told.rpartition(" ")[2]
    assert told == f"The password of ann, shown only now, is {password}"
    assert ask(bob, f"IDENTIFY ann {WORD}") == ["The name or the password is incorrect."]
    assert ask(bob, f"IDENTIFY ann {password}") == ["You are now identified for ann."]
    [audit] = club.store.audits
    assert (audit.by, audit.verb, audit.about, audit.detail) == (
        "root (root)", "SETPASS", f"ann ({club.named().id})", "",
    )  # fmt: skip
    assert password not in str(audit)
    root << f":irc.test NOTICE * :*** Notice -- root (root) used SETPASS on ann ({club.named().id})"


def test_suspending(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(root, "SUSPEND nobody spam") == ["nobody is no account."]
    assert ask(root, "SUSPEND ann +3x spam") == [
        "That is no duration: a number and s, m, h, d or w, as in +3d."
    ]
    assert ask(root, "SUSPEND ann +3d") == ["Say why, too: SUSPEND <account> [+3d] <reason>"]
    assert ask(root, "UNSUSPEND ann") == ["ann is not suspended."]
    assert ask(root, "SUSPEND ann +3d spam and eggs") == ["ann is suspended until 2023-11-17 22:13 UTC."]
    assert bob.lines()[-1] == (
        "ERROR :Closing Link: 192.0.2.1 (Killed (irc.test (The account ann is suspended: spam and eggs)))"
    )
    eve = club.client("eve")
    assert ask(eve, f"IDENTIFY ann {WORD}") == ["The account ann is suspended: spam and eggs."]
    club.clock.advance(3 * 86400)
    assert ask(eve, f"IDENTIFY ann {WORD}") == ["You are now identified for ann."]
    assert ask(root, "SUSPEND ann for ever") == ["ann is suspended."]
    assert ask(root, "UNSUSPEND ann") == ["ann is suspended no more."]
    assert [each.verb for each in club.store.audits] == ["SUSPEND", "SUSPEND", "UNSUSPEND"]
    assert club.store.audits[0].detail == "2023-11-17 22:13 UTC: spam and eggs"


def test_erasing_takes_a_code(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    ask(bob, f"IDENTIFY ann {WORD}")
    [told] = ask(root, "ERASE ann")
    code = told.rpartition(" ")[2]
    assert told == f"To erase ann for good: /msg NickServ ERASE ann {code}"
    assert ask(root, "ERASE ann x") == ["That is not the code. ERASE ann tells it."]
    other = club.client("other")
    opered(other, "accounts")
    assert ask(other, f"ERASE ann {code}") == ["That is not the code. ERASE ann tells it."]
    assert ask(root, f"ERASE ann {code}") == ["The account ann is erased."]
    assert bob.user.account is None
    assert club.node.network.registry.named("ann") is None
    assert [each.verb for each in club.store.audits] == ["ERASE"]


def test_renaming(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(root, "RENAME ann bob") == ["Somebody else bears this nick."]
    assert ask(root, "RENAME ann 1st")[0].startswith("An account has a nick for its name")
    assert ask(root, "RENAME ann hannah") == ["The account ann is called hannah now."]
    assert bob.user.account == "hannah"


def test_hosts(club: Club) -> None:
    root, bob = root_of(club), club.client("bob")
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(root, "VHOST SET ann nowhere") == [
        "That is no host: labels of letters, digits and hyphens, with dots between."
    ]
    assert ask(root, "VHOST SET ann staff.example.org") == ["ann is seen under staff.example.org now."]
    assert bob.user.host == "staff.example.org"
    assert ask(root, "VHOST SET ann") == ["ann has no host now."]
    assert bob.user.host == "192.0.2.1"


def test_marks(club: Club) -> None:
    root = root_of(club)
    assert ask(root, "MARK ann is known to us") == ["ann is marked."]
    assert ask(root, "INFO ann")[-1] == "  mark by root: is known to us"
    assert ask(root, "MARK ann") == ["ann is not marked any more."]
    assert "mark" not in ask(root, "INFO ann")[-1]


def test_lists(club: Club) -> None:
    root = root_of(club)
    club.change(club.named(), **{"nick:hannah": "zzzzzzzzz.000000.0CN Hannah"})
    club.account("bob", WORD)
    club.change(club.named("bob"), status="suspended 0 root :spam")
    assert ask(root, "LIST h*") == ["ann", "1 account."]
    assert ask(root, "LIST ?o?") == ["bob (suspended)", "1 account."]
    assert ask(root, "LIST x*") == ["No accounts."]
    for number in range(100):
        club.account(f"many{number}", WORD)
    told = ask(root, "LIST *")
    assert told[-1] == "There are more. Ask for fewer, with another mask."
    assert len(told) == 101


def test_a_list_in_slices(club: Club) -> None:
    club.reload(limits={"scan_slice": 100})
    for number in range(30):
        club.account(f"many{number}", WORD)
    root, bob = root_of(club), club.client("bob")
    root >> "NS LIST many*" >> "PING 1"
    bob >> "PING 2"
    assert bob.lines() == [":irc.test PONG irc.test :2"]
    for _ in range(30):
        club.clock.advance(0)
    told = root.lines()
    assert told[-2].endswith(":30 accounts.") and told[-1] == ":irc.test PONG irc.test :1"


def test_a_list_is_no_line_behind_one_that_waits(club: Club) -> None:
    root = club.client("root", caps="draft/multiline batch")
    opered(root, "accounts")
    club.hold = True
    root >> "BATCH +1 draft/multiline NickServ" >> f"@batch=1 PRIVMSG NickServ :IDENTIFY ann {WORD}"
    root >> "@batch=1 PRIVMSG NickServ :LIST *" >> "BATCH -1"
    club.release()
    assert root.lines()[-1].endswith(":Ask that in a message of its own.")


def test_what_cannot_be_stored_is_not_done(club: Club) -> None:
    root = root_of(club)
    club.store.broken = True
    assert ask(root, "SETPASS ann") == ["Accounts cannot be used now: try again later."]
    club.store.broken = False
    assert ask(club.client("bob"), f"IDENTIFY ann {WORD}") == ["You are now identified for ann."]
