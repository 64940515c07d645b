"""REPORT and REPORTS: who is told, what is kept with it, and what becomes of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from archive import Archive, talk
from club import Club, plain
from clubs import Clubs
from conversation import Client, House
from mesh import block, stranger
from states import opered

from chatnet.commands.reporting import FORM
from chatnet.services.reports import GIVEN, Report
from chatnet.storage.interfaces import StoreError

CLASS = {"name": "staff", "privileges": ["reports"]}
NONE = "There is no such report"


@pytest.fixture
def house() -> Archive:
    return Archive()


def staff(house: House, nick: str = "root") -> Client:
    root = house.client(nick, address="198.51.100.1")
    opered(root, "reports", snomask="p")
    return root


def read(client: Client) -> list[str]:
    return [line.rpartition(f" NOTICE {client.user.nick} :")[2] for line in client.lines()]


def said(client: Client, line: str) -> list[str]:
    client >> line
    return [text for text in read(client) if "*** Notice" not in text]


def in_a_channel(house: Archive) -> tuple[Client, Client, Client]:
    """ann is operator of #lobby; bob and eve are members, and eve spams."""
    ann, bob, eve = (house.member(nick, caps="") for nick in ("ann", "bob", "eve"))
    for client in (ann, bob, eve):
        client >> "JOIN #lobby"
    talk([eve, ann], ["buy tea", "no"], "#lobby")
    for client in (ann, bob, eve):
        client.lines()
    return ann, bob, eve


def kept(club: Club) -> dict[str, Report]:
    return {key: Report.read(text) for key, text in club.done(_kept(club))}


async def _all(club: Club) -> list[tuple[str, str]]:
    return list(await club.store.reports())


async def _kept(club: Club) -> list[tuple[str, str]]:
    return [each for each in await club.store.reports() if each[1] != GIVEN]


def test_a_report_reaches_the_operators_of_the_channel_with_what_was_said(house: Archive) -> None:
    root = staff(house)
    ann, bob, eve = in_a_channel(house)
    thanks = "Thank you. Your report 0CN-1 is with the operators of #lobby"
    assert said(bob, "REPORT eve spam in #lobby") == [thanks]
    assert read(ann) == ["bob reports eve in #lobby: spam in #lobby (/REPORTS SHOW 0CN-1)"]
    root.silent()
    eve.silent()
    head = "2023-11-14 22:13 UTC 0CN-1 bob about eve in #lobby: spam in #lobby"
    assert said(ann, "REPORTS LIST #lobby") == [head, "End of REPORTS: 1 open"]
    shown = [
        head,
        "0CN-1 is open; 2 messages",
        "[2023-11-14 22:13:20] <eve> buy tea",
        "[2023-11-14 22:13:21] <ann> no",
    ]
    assert said(ann, "REPORTS SHOW 0cn-1") == said(root, "REPORTS SHOW 0CN-1") == shown
    assert said(root, "REPORTS LIST") == [head, "End of REPORTS: 1 open"]
    assert said(ann, "REPORTS CLOSE 0CN-1 :she was warned") == ["0CN-1 is closed"]
    assert read(bob) == ["Your report 0CN-1 about eve was closed: she was warned"]
    assert said(root, "REPORTS CLOSE 0CN-1 :again") == [
        ":irc.test FAIL REPORTS NO_SUCH_REPORT 0CN-1 :ann has closed it: she was warned"
    ]
    assert said(root, "REPORTS LIST") == ["End of REPORTS: none open"]
    house.check()


def test_without_operators_there_it_is_for_those_of_the_network(house: Archive) -> None:
    root = staff(house)
    ann, bob, eve = in_a_channel(house)
    thanks = "Thank you. Your report 0CN-{} is with the operators of the network"
    assert said(bob, "REPORT ann #lobby :she kicks everybody") == [thanks.format(1)]  # she is the one there
    assert [line for line in root.lines() if "bob reports ann in #lobby: she kicks" in line]
    ann.silent()
    assert said(ann, "REPORTS SHOW 0CN-1") == [f":irc.test FAIL REPORTS NO_SUCH_REPORT 0CN-1 :{NONE}"]
    assert said(ann, "REPORTS LIST #lobby") == ["End of REPORTS: none open"]
    assert said(bob, "REPORT #lobby :they sell things") == [thanks.format(2)]
    assert said(ann, "REPORTS LIST #lobby") == ["End of REPORTS: none open"]
    assert len(said(root, "REPORTS LIST")) == 3
    assert said(eve, "REPORT bob he insults me") == [thanks.format(3)]
    house.check()


def test_nobody_reports_what_they_cannot_read(house: Archive) -> None:
    root = staff(house)
    ann, bob, eve = in_a_channel(house)
    zoe = house.member("zoe", caps="")
    talk([eve], ["psst"], "bob")
    talk([zoe], ["hello eve"], "eve")
    for client in (ann, bob, eve, zoe):
        client.lines()
    said(zoe, "REPORT eve spam in #lobby")  # who is not in it
    assert said(root, "REPORTS SHOW 0CN-1")[1:] == ["0CN-1 is open; no messages"]
    said(zoe, "REPORT eve insults")  # their own talk, and not that of bob
    assert said(root, "REPORTS SHOW 0CN-2")[2:] == ["[2023-11-14 22:13:23] <zoe> hello eve"]
    opered(zoe, "history", "see-all")
    said(zoe, "REPORT eve once more #lobby")  # what a privilege lets read is not what a reporter reads
    assert said(root, "REPORTS SHOW 0CN-3")[1:] == ["0CN-3 is open; no messages"]
    ann >> "MODE #lobby +s"
    dan = house.member("dan", caps="")
    assert said(dan, "REPORT #lobby :secret")[0].startswith(":irc.test FAIL REPORT INVALID_TARGET #lobby ")


def test_a_message_is_named_by_its_id(house: Archive) -> None:
    root = staff(house)
    ann, bob, eve = in_a_channel(house)
    bob >> "CAP REQ :message-tags"
    bob.lines()
    eve >> "PRIVMSG #lobby :buy more"
    (line,) = bob.lines()
    msgid = next(tag[6:] for tag in line[1:].split(" ")[0].split(";") if tag.startswith("msgid="))
    assert "is with the operators of #lobby" in said(bob, f"REPORT {msgid} #lobby :this")[-1]
    assert "bob reports eve in #lobby: this" in read(ann)[-1]
    assert any("buy more" in line for line in said(root, "REPORTS SHOW 0CN-1"))
    zoe = house.member("zoe", caps="")
    assert said(zoe, f"REPORT {msgid} #lobby :this") == [
        f":irc.test FAIL REPORT INVALID_TARGET {msgid} :You can read no such message there"
    ]


def test_who_has_left_meanwhile_is_reported_all_the_same(house: Archive) -> None:
    _, bob, eve = in_a_channel(house)
    root = staff(house)
    eve >> "QUIT"
    assert "is with the operators of #lobby" in said(bob, "REPORT eve spam in #lobby")[-1]
    assert any("<eve> buy tea" in line for line in said(root, "REPORTS SHOW 0CN-1"))


def test_what_is_refused(house: Archive) -> None:
    ann, bob, _ = in_a_channel(house)
    for line, why in (
        ("REPORT nobody :x", "FAIL REPORT INVALID_TARGET nobody :There is nobody and nothing of that name"),
        ("REPORT #none :x", "FAIL REPORT INVALID_TARGET #none :There is nobody and nothing of that name"),
        ("REPORT bob :x", "FAIL REPORT INVALID_TARGET bob :That is nobody to report"),
        ("REPORT NickServ :x", "FAIL REPORT INVALID_TARGET NickServ :That is nobody to report"),
        ("REPORT eve", "461 bob REPORT :Not enough parameters"),
        ("REPORT eve : ", "461 bob REPORT :Not enough parameters"),
        ("REPORTS", f"FAIL REPORTS INVALID_PARAMS * :{FORM}"),
        ("REPORTS SHOW", f"FAIL REPORTS INVALID_PARAMS SHOW :{FORM}"),
        (
            "REPORTS CLOSE 0CN-1",
            "FAIL REPORTS INVALID_PARAMS CLOSE :Say what became of it: REPORTS CLOSE <id> :<word>",
        ),
        ("REPORTS EAT 0CN-1", f"FAIL REPORTS INVALID_PARAMS EAT :{FORM}"),
        (
            "REPORTS LIST",
            "FAIL REPORTS INVALID_PARAMS * :Which channel? REPORTS LIST <channel>, if you are its operator",
        ),
        ("REPORTS LIST #lobby", "481 bob :Permission Denied- You're not an IRC operator"),
        ("REPORTS SHOW 0CN-9", f"FAIL REPORTS NO_SUCH_REPORT 0CN-9 :{NONE}"),
        ("REPORTS SHOW nonsense", f"FAIL REPORTS NO_SUCH_REPORT NONSENSE :{NONE}"),
    ):
        assert said(bob, line) == [f":irc.test {why}"], line
    assert not house.store.audits
    ann.silent()


def test_a_channel_that_somebody_else_began_later_is_another_one(house: Archive) -> None:
    ann, bob, eve = in_a_channel(house)
    said(bob, "REPORT eve spam in #lobby")
    for client in (ann, bob, eve):
        client >> "PART #lobby"
    house.clock.advance(100 * 3600)
    mal = house.member("mal", caps="")
    mal >> "JOIN #lobby"
    mal.lines()
    assert said(mal, "REPORTS LIST #lobby") == ["End of REPORTS: none open"]
    assert said(mal, "REPORTS SHOW 0CN-1")[0].endswith(f"NO_SUCH_REPORT 0CN-1 :{NONE}")


def test_who_was_away_reads_it_when_they_are_back_also_after_a_restart(house: Archive) -> None:
    root = staff(house)
    _, bob, _ = in_a_channel(house)
    guest = house.client("guest")
    said(bob, "REPORT eve spam in #lobby")
    said(guest, "REPORT eve more")
    bob >> "QUIT"
    guest >> "QUIT"
    said(root, "REPORTS CLOSE 0CN-1 :done")
    said(root, "REPORTS CLOSE 0CN-2 :done")
    other = house.killed()
    assert [each.told for each in kept(other).values()] == [False, True]  # nobody can be told for the guest
    back = other.client("bob", caps="sasl")
    back >> "NS IDENTIFY bob :correct horse"
    assert "Your report 0CN-1 about eve was closed: done" in read(back)
    assert all(each.told for each in kept(other).values())
    back >> "QUIT"
    again = other.client("bob")
    again >> "NS IDENTIFY bob :correct horse"
    assert not [line for line in again.lines() if "Your report" in line]


def test_who_comes_back_logged_in_reads_it_as_well(house: Archive) -> None:
    root = staff(house)
    _, bob, _ = in_a_channel(house)
    said(bob, "REPORT eve spam in #lobby")
    bob >> "QUIT"
    said(root, "REPORTS CLOSE 0CN-1 :done")
    back = house.connecting()
    back >> "NICK bob" >> "USER bob 0 * :x"
    plain(back, "bob")
    back >> "CAP END"
    assert "Your report 0CN-1 about eve was closed: done" in read(back)


def test_reports_are_few_of_each_and_nobody_fills_the_place_of_others() -> None:
    club = Club(flood={"enabled": True, "penalty_scale": 0.0001}, reports={"most": 100, "rate": 3})
    root = staff(club)
    club.account("vic")
    vic = club.client("vic", address="192.0.2.77")
    vic >> "NS IDENTIFY vic :correct horse"
    vic.lines()
    assert said(vic, "REPORT root :the one that matters")[0].startswith("Thank you")
    for number in range(100):  # from many addresses
        for time in range(4):
            eve = club.client(f"e{number}x{time}", address=f"203.0.{number}.9")
            heard = said(eve, "REPORT vic :x")
            assert ("TOO_MANY_REPORTS" in heard[0]) is (time == 3), heard
            eve >> "QUIT"
    assert said(root, "REPORTS LIST")[-2:] == [
        "Nothing, or not all, from irc.test: it has 100 open, and shows the newest 50",
        "End of REPORTS: 50 open",
    ]
    assert len(kept(club)) == 100
    assert any(each.reason == "the one that matters" for each in kept(club).values())
    club.check()


def test_they_are_gone_when_their_time_is_over_and_a_full_disk_breaks_nothing() -> None:
    club = Club(reports={"keep": 2})
    root, ann = staff(club), club.client("ann")
    ann >> "REPORT root :x"
    club.clock.advance(3 * 86400)
    assert said(root, "REPORTS LIST") == ["End of REPORTS: none open"]
    assert not kept(club)
    club.store.broken = True
    ann.lines()
    root.lines()
    assert said(ann, "REPORT root :y")[0].startswith("Thank you. Your report 0CN-2")
    assert [line for line in root.lines() if "Reports are kept in memory only" in line]
    assert len(said(root, "REPORTS LIST")) == 2
    club.check()


def test_stats_counts_them_also_after_a_restart(house: Archive) -> None:
    house.client("ann")
    bob, root = house.client("bob"), staff(house)
    said(bob, "REPORT ann :one")
    said(bob, "REPORT ann :two")
    said(root, "REPORTS CLOSE 0CN-1 :done")
    again = house.killed()
    root, guest = staff(again), again.client("guest")
    root.lines()
    root >> "STATS r"
    root << ":irc.test 249 root r :1 report(s) open, 1 closed, of 1000 at most" << ":irc.test 219 root r :*"
    guest >> "STATS R" << ":irc.test 481 guest *" << ":irc.test 219 guest R :*"


def test_no_number_is_given_twice(house: Archive) -> None:
    """Not after a restart either, when those that had the last numbers are gone."""
    house.client("ann")
    assert said(house.client("bob"), "REPORT ann :one")[0].startswith("Thank you. Your report 0CN-1 ")
    house.clock.advance(91 * 86400)
    assert said(staff(house), "REPORTS LIST") == ["End of REPORTS: none open"]
    again = house.killed()
    assert not kept(again)
    again.client("ann")
    bob = again.client("bob")
    assert said(bob, "REPORT ann :two")[0].startswith("Thank you. Your report 0CN-2 ")
    assert said(bob, "REPORT ann :three")[0].startswith("Thank you. Your report 0CN-3 ")
    assert [key for key, _ in again.done(_all(again))] == ["0CN-2", "0CN-3"]


def test_nor_while_those_that_are_kept_cannot_be_read(
    house: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.client("ann")
    said(house.client("bob"), "REPORT ann :one")
    again = house.killed()

    async def unreadable() -> list[tuple[str, str]]:
        raise StoreError("The disk is away")

    again.client("ann")
    bob, root = again.client("bob"), staff(again)
    with monkeypatch.context() as patch:
        patch.setattr(again.store, "reports", unreadable)
        assert "Your report 0CN-1 " not in said(bob, "REPORT ann :two")[0]
    assert len(said(root, "REPORTS LIST")) == 3
    assert [each.reason for each in kept(again).values()] == ["one", "two"]


def test_ten_thousand_reports_are_kept_listed_and_closed(house: Archive) -> None:
    house.reload(reports={"most": 10_000})
    bob, root = house.member("bob", caps=""), staff(house)
    house.client("eve")
    reports, owner = house.parts.sessions.reports, "x"
    for number in range(10_000):
        report = Report("", house.clock.time(), "bob", f"a{number}", "eve", None, "", f"spam {number}")
        house.done(reports.add(report, owner, bob.user.uid))
    texts = said(root, "REPORTS LIST")
    assert len(texts) == 52 and texts[0].endswith(" 0CN-10000 bob about eve: spam 9999")
    assert texts[-2] == "Nothing, or not all, from irc.test: it has 10000 open, and shows the newest 50"
    assert said(root, "REPORTS CLOSE 0CN-9999 :seen to") == ["0CN-9999 is closed"]
    assert "0CN-9999" not in "".join(said(root, "REPORTS LIST"))
    heard = said(bob, "REPORT eve :one more")
    assert heard[0] == "Your report 0CN-9999 about eve was closed: seen to"
    assert heard[1].startswith("Thank you. Your report 0CN-10001 ")
    assert len(kept(house)) == 10_000


def test_what_its_author_erases_is_gone_from_reports(house: Archive) -> None:
    root = staff(house)
    _, bob, eve = in_a_channel(house)
    talk([eve], ["psst"], "bob")
    said(bob, "REPORT eve spam in #lobby")
    said(bob, "REPORT eve insults")
    assert "psst" in str(kept(house)) and "buy tea" in str(kept(house))
    house.clock.advance(1)
    erasures = house.parts.erasures
    assert erasures is not None
    erasures.erase(house.named("eve").id, house.ms())
    assert [line.partition("> ")[2] for line in said(root, "REPORTS SHOW 0CN-1")[2:]] == ["no"]
    assert said(root, "REPORTS SHOW 0CN-2")[1:] == ["0CN-2 is open; no messages"]
    assert "psst" not in str(kept(house)) and "buy tea" not in str(kept(house))
    opered(root, "accounts", "reports")
    root >> "NS ERASE bob"
    code = root.lines()[-1].split()[-1]
    root >> f"NS ERASE bob {code}"
    assert "0CN-1 (erased) about eve in #lobby: (erased)" in said(root, "REPORTS SHOW 0CN-1")[-3]


# over links


def full(*names: str, **given: Any) -> Clubs:
    clubs = Clubs(*names, oper_class=[CLASS], **given)
    for near, far in pairwise(names):
        clubs.link(near, far)
    clubs.settle()
    return clubs


def say(clubs: Clubs, client: Client, line: str) -> list[str]:
    client >> line
    clubs.settle()
    return read(client)


def test_reports_of_all_servers_are_listed_shown_and_closed_from_anywhere() -> None:
    clubs = full("a", "b", "c")
    root = clubs["a"].client("root", address="198.51.100.1")
    ann, bob, eve = clubs["b"].client("ann"), clubs["c"].client("bob"), clubs["c"].client("eve")
    clubs.settle()
    opered(root, "reports", snomask="p")
    for client in (ann, bob, eve):
        client >> "JOIN #lobby"
        clubs.settle()
    ann.lines()
    assert say(clubs, bob, "REPORT eve spam in #lobby")[-1].endswith("with the operators of #lobby")
    assert read(ann)[-1].startswith("bob reports eve in #lobby: spam")
    assert say(clubs, bob, "REPORT eve insults")[-1].endswith("with the operators of the network")
    assert [line for line in root.lines() if "bob reports eve: insults (/REPORTS SHOW 0CA-2)" in line]
    listed = say(clubs, root, "REPORTS LIST")
    assert len(listed) == 3 and listed[-1] == "End of REPORTS: 2 open"
    assert say(clubs, ann, "REPORTS LIST #lobby")[-1] == "End of REPORTS: 1 open"
    assert say(clubs, ann, "REPORTS SHOW 0CA-1")[1] == "0CA-1 is open; no messages"
    assert "NO_SUCH_REPORT 0CA-2" in say(clubs, ann, "REPORTS SHOW 0CA-2")[0]
    bob.lines()
    assert say(clubs, ann, "REPORTS CLOSE 0CA-1 :warned") == ["0CA-1 is closed"]
    assert read(bob) == ["Your report 0CA-1 about eve was closed: warned"]
    clubs.cut("b", "c")
    clubs.settle()
    root.lines()
    assert "NO_SUCH_REPORT 0CA-2" in say(clubs, root, "REPORTS SHOW 0CA-2")[0]
    clubs.link("b", "c")
    clubs.settle()
    root.lines()
    bob.lines()
    assert say(clubs, root, "REPORTS CLOSE 0CA-2 :calmed") == ["0CA-2 is closed"]
    assert read(bob)[-1] == "Your report 0CA-2 about eve was closed: calmed"
    assert [each.detail for each in clubs["a"].store.audits] == ["CLOSE: calmed"]
    # Whoever has the report notes it, too: a server need not tell what its operators read.
    noted = [(each.by, each.verb, each.about, each.detail) for each in clubs["c"].store.audits]
    assert noted == [("root (root)", "REPORTS", "0CA-2", "CLOSE: calmed (by order of a.test)")]
    clubs.check()


def test_a_server_that_may_not_order_reads_and_closes_nothing() -> None:
    caps = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1 CNORD"
    for rights in ({}, {"allow_orders": True}):
        club = Club(link=[block("leaf", **rights)])
        ann, bob = club.client("ann"), club.client("bob")
        ann >> "JOIN #lobby"
        bob >> "REPORT ann #lobby :x"
        leaf = stranger(club, "leaf.test", "0ZA", caps=caps)
        leaf >> ":0ZA EUID zoe 1 1 +io ~zoe h.test 192.0.2.66 0ZAAAAAAA h.test * :Zoe"
        leaf >> ":0ZAAAAAAA OPER zoe staff"  # a class that grants nothing here
        leaf.lines()
        for words in ('"LIST", ""', '"SHOW", "0CN-1"', '"CLOSE", "0CN-1", "x"', '"EAT"'):
            leaf >> f':0ZA CNORD 7 0CN 0ZAAAAAAA :["REPORTS", {words}]'
            heard = [line.partition("0ZA ")[2] for line in leaf.lines() if " CNDID " in line]
            assert heard == ["END"] or heard[0].startswith("NO :"), heard
        assert [each.word for each in kept(club).values()] == [None]
        club.check()
