"""Who said something to one person that was on its way when a link ended reads that it may be lost.

docs/decisions/0010-lost-on-the-way.md
"""

from __future__ import annotations

import pytest
from conversation import Client
from mesh import Mesh, Stranger, block, stranger
from street import user

from chatnet.links.neighbour import undelivered
from chatnet.links.neighbour.link import Link


class Row:
    """c, a and b in a row, in which cid, ann and bob live; a's link to b will be lost."""

    def __init__(self, **links: object) -> None:
        self.mesh = Mesh("a", "b", "c", links=links)
        self.mesh.link("a", "b")
        self.mesh.link("c", "a")
        self.ann = self.mesh["a"].client("ann", caps="draft/multiline batch")
        self.bob = self.mesh["b"].client("bob")
        self.cid = self.mesh["c"].client("cid")
        self.mesh.settle()
        self.mesh.advance(1)
        self.forget()

    def forget(self) -> None:
        for client in (self.ann, self.bob, self.cid):
            client.lines()

    @property
    def link(self) -> Link:
        link = self.mesh["a"].parts.links.neighbour("b.test")
        assert link is not None
        return link

    def warnings(self, client: Client) -> list[str]:
        """What a client reads of messages that may be lost; of each target once."""
        self.mesh.settle()
        return [line for line in client.lines() if " 401 " in line]


def maybe_lost(by: str, to: str) -> str:
    return (
        f":a.test 401 {by} {to} :The link to their server was lost, your last messages may not have arrived"
    )


def test_what_was_not_confirmed_when_the_grace_ends_may_be_lost() -> None:
    row = Row()
    row.mesh.reset("a", "b")
    for number in range(3):
        row.ann >> f"PRIVMSG bob :{number}"
    row.ann >> "PRIVMSG ann :to myself"
    row.mesh.settle()
    assert row.warnings(row.ann) == []
    row.mesh.advance(31)
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]
    assert row.warnings(row.cid) == []


def test_what_was_confirmed_is_not_lost() -> None:
    row = Row()
    row.ann >> "PRIVMSG bob :hello"
    row.mesh.settle()
    row.mesh.advance(1)
    row.mesh.reset("a", "b")
    row.mesh.advance(31)
    assert row.warnings(row.ann) == []


def test_what_goes_on_is_not_lost() -> None:
    row = Row()
    row.ann >> "PRIVMSG bob :hello"
    row.mesh.reset("a", "b")
    row.mesh.link("a", "b")
    row.mesh.settle()
    assert row.bob.lines()[-1].endswith("PRIVMSG bob :hello")
    row.mesh.advance(60)
    assert row.warnings(row.ann) == []


def test_whoever_is_on_another_server_is_told_there() -> None:
    row = Row()
    row.mesh.reset("a", "b")
    row.cid >> "PRIVMSG bob :hello"
    row.mesh.settle()
    row.mesh.advance(31)
    assert row.warnings(row.cid) == [maybe_lost("cid", "bob")]
    assert row.warnings(row.ann) == []


def test_a_message_of_several_lines_may_be_lost() -> None:
    row = Row()
    row.mesh.reset("a", "b")
    row.ann >> "BATCH +1 draft/multiline bob" >> "@batch=1 PRIVMSG bob :one" >> "@batch=1 PRIVMSG bob :two"
    row.ann >> "BATCH -1"
    row.mesh.settle()
    row.mesh.advance(31)
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]


def test_nothing_answers_to_a_notice_and_channels_have_what_was_said_filled_in() -> None:
    """https://modern.ircdocs.horse/#notice-message: "automatic replies must never be sent" """
    row = Row()
    for client in (row.ann, row.bob):
        client >> "JOIN #c"
        row.mesh.settle()
    row.mesh.reset("a", "b")
    row.ann >> "NOTICE bob :hello" >> "PRIVMSG #c :hello"
    row.mesh.settle()
    row.mesh.advance(31)
    assert row.warnings(row.ann) == []


@pytest.mark.parametrize("how", ["squit", "error", "restart"])
def test_however_the_link_ends(how: str) -> None:
    row = Row()
    row.ann >> "PRIVMSG bob :hello"
    row.mesh["a"].settle()
    if how == "squit":
        row.link.close("Off")
    elif how == "error":
        row.link.connection.receive(b"ERROR :Closing Link: 192.0.2.200 (Off)\r\n")
    else:
        row.mesh.reset("a", "b")
        row.mesh["b"].parts.links.epoch = "ANOTHERPROCESS"
        there = row.mesh["b"].parts.links.neighbour("a.test")
        assert there is not None
        there.expire()
        row.mesh.link("b", "a")
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]


def test_more_than_is_kept_while_it_is_suspended() -> None:
    """What is said in the same moment counts as well."""
    row = Row(resume_lines=100)
    row.mesh.reset("a", "b")
    row.cid >> "PRIVMSG bob :hello"
    row.mesh["c"].settle()
    row.mesh.deliver("c", "a")
    for number in range(100):
        row.ann >> f"AWAY :{number}"
    assert not row.link.suspended and not row.link.gone
    row.ann >> "PRIVMSG bob :and one more"
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]
    assert row.warnings(row.cid) == [maybe_lost("cid", "bob")]


def overflown() -> Row:
    """More was said than is kept, and nothing of it is confirmed yet."""
    row = Row(resume_lines=100)
    row.ann >> "PRIVMSG bob :hello"
    for number in range(200):
        row.cid >> f"AWAY :{number}"
    row.mesh.settle_between("c", "a")
    assert not row.link.streams.is_whole
    return row


def test_more_than_is_kept_while_it_is_up() -> None:
    row = overflown()
    row.mesh.reset("a", "b")
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]


def test_what_was_too_much_and_is_confirmed_is_not_lost() -> None:
    row = overflown()
    row.mesh.advance(1)
    assert row.link.streams.is_whole
    row.mesh.reset("a", "b")
    row.mesh.advance(31)
    assert row.warnings(row.ann) == []


def test_what_waits_for_the_end_of_a_burst_may_be_lost() -> None:
    row = Row(burst_slice=1)
    for number in range(30):
        row.ann >> f"JOIN #{number}"
    row.mesh.cut("a", "b")
    row.mesh.settle()
    wire = row.mesh.link("a", "b")
    while row.mesh["a"].node.network.user("bob") is None:
        if not wire.deliver("b"):
            row.mesh.deliver_one(0)
    link = wire.links["a"]
    row.ann.lines()
    row.ann >> "PRIVMSG bob :hello"
    row.mesh["a"].settle()
    assert link.held
    row.mesh.reset("a", "b")
    link.expire()
    assert row.warnings(row.ann) == [maybe_lost("ann", "bob")]


def test_who_is_gone_is_told_nothing_and_nobody_is_told_of_who_is_gone() -> None:
    row = Row()
    row.mesh.reset("a", "b")
    eve = row.mesh["a"].client("eve")
    eve >> "PRIVMSG bob :hello"
    eve >> "QUIT"
    row.mesh.advance(31)
    assert row.warnings(row.ann) == []


def test_a_server_of_another_make_confirms_nothing_and_nothing_is_kept() -> None:
    row = Row()
    house = row.mesh["a"]
    settings = house.node.settings.model_dump(by_alias=True)
    settings["link"] = [*settings["link"], block("so1")]
    house.node.change_settings(type(house.node.settings).model_validate(settings))
    there: Stranger = stranger(house, "so1.test", "1SO")
    user(there, "pat")
    row.ann >> "PRIVMSG pat :hello"
    house.settle()
    there.link.connection_lost("Connection reset by peer")
    assert row.warnings(row.ann) == []


def test_it_has_an_end() -> None:
    doubts: undelivered.Doubts = {}
    line = b"@time=2026-11-23T13:20:00.123Z :%03dAAAAAA PRIVMSG 0BAAAAAAA :x\r\n"
    undelivered.doubt(doubts, (line % (number % 1000) for number in range(5000)))
    assert len(doubts) == 1000
    undelivered.doubt(doubts, (line.replace(b"0BA", b"%03d" % n) % 1 for n in range(1000) for _ in range(2)))
    undelivered.doubt(doubts, [b":0AAAAAAAA PRIVMSG #c :x", b":0AAAAAAAA NOTICE 0BAAAAAAA :x", b""])
    assert len(doubts) == 2000
