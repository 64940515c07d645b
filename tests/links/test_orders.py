"""What operators have other servers do, and tell: AUDIT from all of them; and who is not obeyed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from clubs import Clubs
from conversation import Client
from mesh import Stranger, block, stranger
from states import opered

PRIVILEGES = ["audit", "bans", "kill", "see-all", "force"]
CLASS = {"name": "staff", "privileges": PRIVILEGES}
CAPS = (
    "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1 CNACK CNHIST"
    " CNKEEP CNMETA CNORD CNSEAT CNREG"
)


def full(*names: str, **given: Any) -> Clubs:
    clubs = Clubs(*names, oper_class=[CLASS], **given)
    for near, far in pairwise(names):
        clubs.link(near, far)
    clubs.settle()
    for name in names:  # they write that they are there
        nickserv = clubs[name].parts.nickserv
        assert nickserv is not None
        nickserv.sweeping.sweep()
    clubs.settle()
    return clubs


@pytest.fixture
def clubs() -> Clubs:
    return full("a", "b", "c")


def root(clubs: Clubs, name: str, *privileges: str) -> Client:
    found = clubs[name].client(f"root{name}", address="198.51.100.1")
    clubs.settle()
    opered(found, *(privileges or PRIVILEGES))
    clubs.settle()
    return found


def say(clubs: Clubs, client: Client, line: str) -> list[str]:
    client >> line
    clubs.settle()
    return [text.partition(" :")[2] for text in client.lines()]


def test_the_audit_is_gathered_from_all_full_servers(clubs: Clubs) -> None:
    ann, bob, eve = (root(clubs, name) for name in "abc")
    for client in (ann, bob, eve):
        say(clubs, client, f"UBAN ADD name:{client.user.nick}x")
        clubs.advance(60)
    heard = say(clubs, ann, "AUDIT UBAN")
    assert heard == [
        "2023-11-14 22:15 UTC [c.test] rootc (rootc) UBAN name:rootcx: for ever",
        "2023-11-14 22:14 UTC [b.test] rootb (rootb) UBAN name:rootbx: for ever",
        "2023-11-14 22:13 UTC [a.test] roota (roota) UBAN name:rootax: for ever",
        "End of AUDIT: 3 notes",
    ]
    assert say(clubs, bob, "AUDIT rootc") == [heard[0], "End of AUDIT: 1 note"]
    clubs.cut("b", "c")
    clubs.settle()
    assert say(clubs, ann, "AUDIT UBAN")[-2:] == [
        "Nothing, or not all, from c.test: it is away",
        "End of AUDIT: 2 notes",
    ]
    clubs.link("b", "c")
    clubs.settle()
    clubs.advance(5)
    assert say(clubs, ann, "AUDIT UBAN") == heard
    clubs.check()


def test_who_does_not_answer_in_time_is_named_and_what_comes_later_is_nothing(clubs: Clubs) -> None:
    ann, eve = root(clubs, "a"), root(clubs, "c")
    say(clubs, eve, "UBAN ADD name:x")
    clubs["c"].store.held = True
    assert say(clubs, ann, "AUDIT") == []
    clubs.advance(6)
    assert [line.partition(" :")[2] for line in ann.lines()] == [
        "Nothing, or not all, from c.test: It did not answer in time",
        "End of AUDIT: no notes",
    ]
    clubs["c"].store.release()
    clubs.settle()
    ann.silent()
    assert say(clubs, ann, "AUDIT")[-1] == "End of AUDIT: 1 note"
    clubs.cut("a", "b")
    clubs.settle()
    assert [line for line in say(clubs, ann, "AUDIT") if line.startswith("Nothing")] == [
        "Nothing, or not all, from b.test: it is away",
        "Nothing, or not all, from c.test: it is away",
    ]
    clubs.check()


def test_a_server_that_is_lost_meanwhile_is_not_waited_for(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    clubs["c"].store.held = True
    assert say(clubs, ann, "AUDIT") == []
    clubs.cut("b", "c")
    clubs.settle()
    assert "Nothing, or not all, from c.test: It was lost meanwhile" in [
        line.partition(" :")[2] for line in ann.lines()
    ]


def test_much_is_told_in_slices_and_no_more_than_the_settings_say() -> None:
    clubs = full("a", "b", sections_of={"a": {"audit": {"lines": 1000}}, "b": {"audit": {"lines": 450}}})
    ann = root(clubs, "a")

    async def note() -> None:
        for number in range(600):
            await clubs["b"].store.audit("bob", "KILL", f"v{number}", "", float(number))

    clubs["b"].done(note())
    heard = say(clubs, ann, "AUDIT")
    assert heard[0].endswith("[b.test] bob KILL v599")
    assert heard[-2:] == [
        "Nothing, or not all, from b.test: it shows no more than 450 (audit.lines)",
        "End of AUDIT: 451 notes",
    ]
    clubs.check()


def test_the_class_has_to_grant_it_there_as_well() -> None:
    clubs = full("a", "b", sections_of={"b": {"oper_class": [{"name": "staff", "privileges": ["kill"]}]}})
    ann = root(clubs, "a")
    assert say(clubs, ann, "AUDIT") == [
        "Nothing, or not all, from b.test: you are of the class staff, which does not grant audit on b.test",
        "End of AUDIT: no notes",
    ]


def leaf(clubs: Clubs, **more: Any) -> Stranger:
    """A chatnet server that the test plays, at b; its user zoe is an operator of the class staff."""
    it = stranger(clubs["b"], "leaf.test", "0ZA", caps=CAPS)
    it >> ":0ZA EUID zoe 1 1 +io ~zoe h.test 192.0.2.66 0ZAAAAAAA h.test * :Zoe"
    it >> ":0ZAAAAAAA OPER zoe staff"
    it.lines()
    return it


ORDER = """:0ZA CNORD 7 {sid} {uid} :["AUDIT", "", "0", "10"]"""


def answers(it: Stranger, clubs: Clubs) -> list[str]:
    clubs.settle()
    found = [line.partition("CNDID ")[2] for line in it.lines() if " CNDID " in line]
    return [line.partition(" 0ZA ")[2] for line in found]


REFUSED = "NO :b.test obeys no operators of leaf.test (allow_orders)"


@pytest.mark.parametrize(
    ("rights", "refused"),
    [
        ({}, True),
        ({"allow_orders": False, "believe_accounts": True}, True),
        ({"allow_opers": False, "allow_orders": True}, True),
        ({"allow_orders": True}, False),
        ({"believe_accounts": True}, False),
    ],
)
def test_who_is_obeyed_stands_in_the_block_of_the_link(rights: dict[str, Any], refused: bool) -> None:
    clubs = full("a", "b", link=[block("leaf", **rights)])
    bob = root(clubs, "b")
    say(clubs, bob, "UBAN ADD name:x")
    it = leaf(clubs)
    it >> ORDER.format(sid="0BA", uid="0ZAAAAAAA")
    heard = answers(it, clubs)
    if refused:
        assert heard == [REFUSED]
    else:
        assert heard == [':[1700000000.0, "rootb (rootb)", "UBAN", "name:x", "for ever"]', "END"]
    clubs.check()


def test_nonsense_and_the_names_of_others_are_not_obeyed() -> None:
    clubs = full("a", "b", link=[block("leaf", allow_orders=True)])
    bob = root(clubs, "b")
    it = leaf(clubs)
    for text, why in (
        ("[]", "It cannot be understood"),
        ("[1]", "It cannot be understood"),
        ("[" * 5000, "It cannot be understood"),
        ('["AUDIT", "", "x", "10"]', "It cannot be understood"),
        ('["AUDIT", "", "0", "-1"]', "It cannot be understood"),
        ('["KILL", "roota"]', "b.test does not know KILL"),
    ):
        it >> f":0ZA CNORD 7 0BA 0ZAAAAAAA :{text}"
        assert answers(it, clubs)[-1] == f"NO :{why}", text
    # in the name of an operator who is elsewhere, and of nobody
    for uid in (bob.user.uid, "0ZAAAAAAZ"):
        it >> f""":0ZA CNORD 8 0BA {uid} :["AUDIT", "", "0", "10"]"""
        assert answers(it, clubs) == ["NO :Nobody is there who could order it"]
    # by somebody who is no operator
    it >> ":0ZA EUID yan 1 1 +i ~yan h.test 192.0.2.66 0ZAAAAAAB h.test * :Yan"
    it >> """:0ZA CNORD 9 0BA 0ZAAAAAAB :["AUDIT", "", "0", "10"]"""
    assert answers(it, clubs) == ["NO :you are no operator, which does not grant audit on b.test"]
    assert it.gone is None


def test_answers_that_nobody_asked_for_or_of_another_server_are_nothing(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    clubs["c"].store.held = True
    assert say(clubs, ann, "AUDIT") == []
    numbers = [line for line in clubs.said("a", "b") if " CNORD " in line]
    number = next(line.split(" ")[2] for line in numbers if line.split(" ")[3] == "0CA")
    there = clubs.wire("a", "b").links["a"].connection
    for line in (
        f""":0BA CNDID {number} 0AA :[1, "eve", "KILL", "x", "forged"]""",
        f":0BA CNDID {number} 0AA END",
        f""":0CA CNDID {number} 0AA :["x"]""",
        f""":0CA CNDID {number} 0AA :[1e999, "eve", "KILL", "x", "odd"]""",
        """:0CA CNDID 99 0AA :[1, "eve", "KILL", "x", "odd"]""",
    ):
        there.receive(line.encode() + b"\r\n")
    clubs.settle()
    ann.silent()
    clubs["c"].store.release()
    clubs.settle()
    assert [line.partition(" :")[2] for line in ann.lines()] == ["End of AUDIT: no notes"]


def test_no_word_of_an_order_ends_a_line() -> None:
    """JSON may have in it what no line has: ends of lines, NUL, half of a sign."""
    clubs = full("a", "b", link=[block("leaf", allow_orders=True)])
    it, bob, cyd = leaf(clubs), clubs["b"].client("bob"), clubs["b"].client("cyd")
    for client in (bob, cyd):
        say(clubs, client, "JOIN #c")
    bob.lines()
    words = rf"""["SAPART", "{cyd.user.uid}", "#c", "bye\r\n:x PRIVMSG cyd :forged\u0000\ud800"]"""
    it >> f":0ZA CNORD 7 0BA 0ZAAAAAAA :{words}"
    assert answers(it, clubs) == ["END"]
    assert [line for line in bob.lines() if "cyd!" in line] == [
        ":cyd!~cyd@192.0.2.1 PART #c :bye :x PRIVMSG cyd :forged \ufffd"
    ]
    it >> r""":0ZA CNORD 8 0BA 0ZAAAAAAA :["X\r\n:0BA SQUIT 0AA"]"""
    assert answers(it, clubs) == ["NO :b.test does not know X :0BA SQUIT 0AA"]
    assert it.gone is None
    clubs.check()


def test_a_time_before_and_after_all_times_is_understood(clubs: Clubs) -> None:
    ann, bob = root(clubs, "a"), root(clubs, "b")
    say(clubs, bob, "UBAN ADD name:x")
    for since in ("90y", "1900-01-01", "9999-12-31"):
        heard = say(clubs, ann, f"AUDIT UBAN {since}")
        assert not any("Nothing, or not all" in line for line in heard)
        assert heard[-1] == f"End of AUDIT: {'no notes' if since == '9999-12-31' else '1 note'}"


def test_addresses_are_for_those_who_may_see_them(clubs: Clubs) -> None:
    ann, bob = root(clubs, "a", "audit"), root(clubs, "b")
    vic = clubs["b"].client("vic", address="192.0.2.9")
    clubs.settle()
    for line in ("KILL vic :was 192.0.2.9.", "UBAN ADD 192.0.2.0/24 FORCE", "UBAN ADD 2001:db8::1 :as ::1"):
        say(clubs, bob, line)
    assert vic.session.closed
    first = "2023-11-14 22:13 UTC [b.test] rootb (rootb)"
    assert sorted(say(clubs, ann, "AUDIT")) == [
        f"{first} KILL vic!~vic@an address: was an address.",
        f"{first} UBAN a network: for ever",
        f"{first} UBAN an address: for ever: as an address",
        "End of AUDIT: 3 notes",
    ]
    assert say(clubs, ann, "AUDIT 192.0.2.9") == ["End of AUDIT: no notes"]  # who guesses finds nothing
    assert say(clubs, ann, "AUDIT vic")[-1] == "End of AUDIT: 1 note"
    assert say(clubs, bob, "AUDIT 192.0.2.9")[0] == f"{first} KILL vic!~vic@192.0.2.9: was 192.0.2.9."
