"""A link that loses its connection goes on with the next one, and nobody but operators reads of it.

docs/federation.md; the machine alone is tested in test_resume.py and test_resume_random.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client, House
from mesh import Mesh, Pipe, Stranger, Wire, block
from states import opered
from street import all_agree, the

from chatnet.links.codecs.solanum import OURS
from chatnet.links.draining import Drain
from chatnet.links.lifetimes import close_all, sweep
from chatnet.links.neighbour.connection import Nowhere
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State
from chatnet.links.neighbour.resume import State as Session


class Pair:
    """Two linked houses, ann on a and bob on b, who are both in #c; ann is an operator who reads notices."""

    def __init__(self, dialling: str = "a", **sections: Any) -> None:
        self.mesh = Mesh("a", "b", **sections)
        self.dialling, self.answering = (dialling, "b" if dialling == "a" else "a")
        self.mesh.link(self.dialling, self.answering)
        self.ann, self.bob = self.mesh["a"].client("ann"), self.mesh["b"].client("bob")
        opered(self.ann, "routing", "see-all", snomask="x")
        for client in (self.ann, self.bob):
            client >> "JOIN #c"
            self.mesh.settle()
        self.mesh.advance(1)
        self.forget()

    def forget(self) -> None:
        for client in (self.ann, self.bob):
            client.lines()

    def link(self, name: str) -> Link:
        link = self.mesh[name].parts.links.neighbour("b.test" if name == "a" else "a.test")
        assert link is not None
        return link

    def reset(self, **arrived: int) -> None:
        self.mesh.reset("a", "b", **arrived)

    def back(self, dialling: str = "") -> Wire:
        """Dial again, and deliver everything."""
        dialling = dialling or self.dialling
        wire = self.mesh.link(dialling, "b" if dialling == "a" else "a")
        self.mesh.settle()
        return wire

    def notices(self) -> list[str]:
        """What operators were told."""
        self.mesh.settle()
        return [line.split(" -- ", 1)[1] for line in self.ann.lines() if " :*** " in line]


def heard(client: Client) -> list[str]:
    """The texts of what a client read in channels; nothing else may have come."""
    lines = [line for line in client.lines() if " NOTICE " not in line]
    assert all(" PRIVMSG #c :" in line for line in lines), lines
    return [line.rpartition(":")[2] for line in lines]


@pytest.mark.parametrize("again", ["a", "b"])
@pytest.mark.parametrize("dialling", ["a", "b"])
def test_nobody_reads_of_a_reset_and_nothing_is_lost(dialling: str, again: str) -> None:
    pair = Pair(dialling)
    for number in range(3):
        pair.ann >> f"PRIVMSG #c :a{number}"
        pair.bob >> f"PRIVMSG #c :b{number}"
    pair.reset()
    for number in range(3, 6):
        pair.ann >> f"PRIVMSG #c :a{number}"
        pair.bob >> f"PRIVMSG #c :b{number}"
    pair.mesh.advance(9.8)
    assert heard(pair.ann) == heard(pair.bob) == []
    pair.back(again)
    assert heard(pair.bob) == [f"a{number}" for number in range(6)]
    assert heard(pair.ann) == [f"b{number}" for number in range(6)]
    pair.mesh.check()


def test_nothing_leads_to_a_connection_that_is_lost() -> None:
    """The attempt that made it lives until a collection; its buffers and its TLS need not."""
    pair = Pair()
    old = pair.mesh.wire("a", "b")
    pair.reset()
    new = pair.back()
    for name in "ab":
        assert isinstance(old.connections[name].exit, Nowhere)
        greeting = new._made[name]
        assert greeting.greeting.heir is pair.link(name) and isinstance(greeting.exit, Nowhere)
        assert pair.link(name).exit is new.pipes[name]


def test_operators_read_it_in_words() -> None:
    pair = Pair()
    pair.reset()
    assert pair.notices() == ["Link to b.test suspended: Connection reset by peer"]
    for number in range(212):
        pair.ann >> f"PRIVMSG #c :{number}"
    pair.mesh.advance(9.8)
    pair.back()
    assert pair.notices() == ["Link to b.test resumed after 9.8 s, 212 lines replayed"]
    assert "Link to a.test resumed after 9.8 s, 0 lines replayed" in pair.mesh["b"].log.lines


def test_what_the_new_connection_says() -> None:
    """PASS, CAPAB, CNRES, SERVER; PASS, CAPAB, CNRES, SERVER, SVINFO; SVINFO; and no burst."""
    pair = Pair()
    pair.ann >> "PRIVMSG #c :late"
    pair.reset()
    pair.back()
    one, two = pair.mesh.said("a", "b"), pair.mesh.said("b", "a")
    assert [line.split()[0] for line in one[:5]] == ["PASS", "CAPAB", "CNRES", "SERVER", "SVINFO"]
    assert [line.split()[0] for line in two[:5]] == ["PASS", "CAPAB", "CNRES", "SERVER", "SVINFO"]
    assert one[5].endswith(" PRIVMSG #c :late") and len(one) == 6 and len(two) == 5
    streams = pair.link("a").streams
    assert one[2] == f"CNRES 1 {streams.epoch} {streams.session} {streams.applied}"
    assert two[2] == f"CNRES 1 {streams.theirs} {streams.session} {streams.sent - 1}"


@pytest.mark.parametrize("arrived", range(0, 130, 7))
def test_a_line_that_came_in_part_comes_once(arrived: int) -> None:
    pair = Pair()
    for number in range(4):
        pair.ann >> f"PRIVMSG #c :a{number}"
    pair.reset(a=arrived)
    pair.back()
    assert heard(pair.bob) == ["a0", "a1", "a2", "a3"]


@pytest.mark.parametrize("arrived", range(0, 500, 23))
def test_the_handshake_may_be_lost_anywhere(arrived: int) -> None:
    """Of a's hello and of b's answer; whatever was decided, both come to the same in the end."""
    for there, here in ((arrived, 0), (1000, arrived)):
        pair = Pair()
        pair.ann >> "PRIVMSG #c :a0"
        pair.reset()
        pair.bob >> "PRIVMSG #c :b0"
        pair.mesh.link("a", "b")
        pair.reset(a=there, b=here)
        pair.ann >> "PRIVMSG #c :a1"
        pair.back()
        assert heard(pair.bob) == ["a0", "a1"] and heard(pair.ann) == ["b0"]
        pair.mesh.check()


def test_again_and_again() -> None:
    pair = Pair()
    for number in range(20):
        pair.ann >> f"PRIVMSG #c :a{number}"
        pair.bob >> f"PRIVMSG #c :b{number}"
        pair.reset(a=number * 11 % 120, b=number * 17 % 120)
        pair.back("ab"[number % 2])
    assert heard(pair.bob) == [f"a{number}" for number in range(20)]
    assert heard(pair.ann) == [f"b{number}" for number in range(20)]


def test_an_old_connection_that_is_still_open_is_closed_first() -> None:
    pair = Pair()
    old = pair.mesh.wire("a", "b")
    pair.ann >> "PRIVMSG #c :a0"
    # a has lost it, b does not know; what b says goes nowhere.
    old.connections["a"].connection_lost("Connection reset by peer")
    pair.bob >> "PRIVMSG #c :b0"
    pair.mesh.wires.remove(old)
    pair.back()
    assert old.pipes["b"].ended
    assert heard(pair.bob) == ["a0"] and heard(pair.ann) == ["b0"]
    old.connections["b"].receive(b":0AA SQUIT 0BA :from the grave\r\n")
    old.connections["b"].connection_lost("Connection reset by peer")
    pair.mesh.check()
    assert not pair.link("b").suspended


def test_an_older_connection_does_not_take_the_place_of_a_newer_one() -> None:
    """It is one that the neighbour has given up; its hello was held up on the way."""
    pair = Pair()
    pair.reset()
    late = pair.mesh.link("a", "b")
    late.connections["a"].connection_lost("Connection reset by peer")
    pair.mesh.wires.remove(late)
    pair.mesh.clock.advance(1)
    pair.back()
    pair.ann >> "PRIVMSG #c :a0"
    for line in late.pipes["a"].lines:
        late.connections["b"].receive(line)
    pair.mesh.settle()
    assert heard(pair.bob) == ["a0"]
    assert late.links["b"].gone and not pair.link("b").suspended
    pair.mesh.check()


def test_an_offer_that_comes_too_late_changes_nothing() -> None:
    """Of two connections that a made at once, the second one is read when the first has gone on."""
    pair = Pair()
    pair.bob >> "PRIVMSG #c :b0"
    pair.reset()
    late = pair.mesh.link("a", "b")
    pair.mesh.wires.remove(late)
    pair.back()
    pair.mesh.advance(1)
    for line in late.pipes["a"].lines:
        late.connections["b"].receive(line)
    pair.mesh.settle()
    assert late.pipes["b"].ended and not late.pipes["b"].lines, "nothing is answered"
    assert heard(pair.ann) == ["b0"]
    pair.mesh.check()


def test_an_offer_that_is_given_up_ends_nothing() -> None:
    """It may arrive later, and be taken: an ERROR behind it would end the session."""
    pair = Pair()
    pair.ann >> "PRIVMSG #c :a0"
    pair.reset()
    wire = pair.mesh.link("a", "b")
    hello = list(wire.pipes["a"].lines)
    for _ in range(11):
        pair.mesh.clock.advance(1)
        sweep(pair.mesh["a"].parts.links)
    assert wire.links["a"].reason == "It did not say in time who it is"
    assert not any(line.startswith("ERROR") for line in wire.pipes["a"].said)
    pair.mesh.wires.remove(wire)
    for line in hello:
        wire.connections["b"].receive(line)
    assert not pair.link("b").suspended
    wire.connections["b"].connection_lost("Connection closed")
    pair.back()
    assert heard(pair.bob) == ["a0"]
    pair.mesh.check()


@pytest.mark.parametrize("first", ["a", "b"])
def test_both_dial_at_the_same_moment(first: str) -> None:
    pair = Pair()
    pair.ann >> "PRIVMSG #c :a0"
    pair.bob >> "PRIVMSG #c :b0"
    pair.reset()
    one, two = pair.mesh.link("a", "b"), pair.mesh.link("b", "a")
    for _ in range(8):
        for wire in (one, two) if first == "a" else (two, one):
            for name in wire.ends:
                wire.deliver(name)
    pair.mesh.settle()
    assert heard(pair.bob) == ["a0"] and heard(pair.ann) == ["b0"]
    assert pair.link("a").connection is one.connections["a"], "the one of the lower SID"
    assert pair.link("b").connection is one.connections["b"]
    assert all(connection.link is None for connection in two.connections.values())


def test_whoever_cannot_show_who_it_is_changes_nothing() -> None:
    pair = Pair()
    pair.reset()
    streams = pair.link("a").streams
    hello = f"CNRES 1 {streams.theirs} {streams.session} {streams.sent}"
    impostor = Stranger(pair.mesh["a"], "b.test", "0BA")
    impostor >> "PASS guessed TS 6 :0BA" >> f"CAPAB :{' '.join(OURS)}" >> hello >> "SERVER b.test 1 :x"
    assert impostor.gone == "Invalid credentials"
    no_certificate = Identity("192.0.2.66", secure=True, vouched=lambda settings: False)
    links = pair.mesh["a"].parts.links
    link = links.open(Pipe(), no_certificate)
    for line in ("PASS linkpw TS 6 :0BA", f"CAPAB :{' '.join(OURS)}", hello, "SERVER b.test 1 :x"):
        link.connection.receive(line.encode() + b"\r\n")
    assert link.gone
    assert pair.link("a").suspended
    pair.back()
    assert not pair.link("a").suspended


def test_from_another_address() -> None:
    pair = Pair()
    pair.reset()
    elsewhere = Identity("203.0.113.9", secure=True, vouched=lambda settings: True)
    pipe = Pipe(16384)
    links = pair.mesh["a"].parts.links
    link = links.open(pipe, elsewhere)
    streams = pair.link("b").streams
    for line in (
        "PASS linkpw TS 6 :0BA",
        f"CAPAB :{' '.join(OURS)}",
        streams.offer().line().decode(),
        "SERVER b.test 1 :A chatnet server",
        f"SVINFO 6 6 0 :{int(pair.mesh.clock.time())}",
    ):
        link.connection.receive(line.encode() + b"\r\n")
    assert not pair.link("a").suspended
    assert pair.link("a").identity is elsewhere and pair.link("a").connection is link.connection


# splits


def test_after_the_grace_there_is_one_netsplit_and_then_a_fresh_link() -> None:
    pair = Pair()
    pair.reset()
    pair.forget()
    pair.mesh.advance(29)
    pair.bob.silent()
    pair.mesh.advance(1)
    pair.bob << ":ann!~ann@* QUIT :b.test a.test"
    assert len(pair.mesh["b"].node.network.servers) == 1
    assert [line for line in pair.mesh["b"].log.lines if "a.test" in line][-2:] == [
        "Link to a.test was not back after 30.0 s",
        "The link to a.test ended: Connection reset by peer",
    ]
    pair.back()
    pair.bob << ":ann!~ann@* JOIN #c"
    pair.mesh.check()


def test_one_side_has_split_and_the_other_waits_still() -> None:
    """The answer is another session: who waits splits, too, before the burst."""
    for early in "ab":
        pair = Pair()
        pair.reset()
        pair.link(early).expire()
        pair.back()
        pair.mesh.check()
        for name in "ab":
            assert pair.link(name).streams.state is Session.UP
        assert pair.link("a").streams.session == pair.link("b").streams.session
        for line in (pair.bob.lines(), pair.ann.lines()):
            assert [" QUIT " in text for text in line].count(True) == 1


def test_who_was_started_anew_begins_anew() -> None:
    """A new process has another epoch and no session: the old one is split first, and then they burst."""
    pair = Pair()
    old = pair.mesh.wire("a", "b")
    new = Mesh("a", "b")
    new.clock.advance(10)
    pair.mesh.wires.remove(old)
    pair.mesh.houses["b"] = new["b"]
    pair.mesh.advance(10)
    pair.mesh.link("b", "a")
    pair.mesh.settle()
    pair.ann.until(":bob!~bob@* QUIT :a.test b.test")
    assert len(pair.mesh["a"].node.network.servers) == 2
    pair.mesh.check()


def test_too_much_for_who_is_suspended_splits() -> None:
    pair = Pair(links={"resume_lines": 100})
    pair.reset()
    for number in range(101):
        pair.ann >> f"PRIVMSG #c :{number}"
    link = pair.link("a")
    assert not link.suspended
    pair.mesh.settle()
    assert link.gone and link.streams.buffer == []
    pair.ann.until(":bob!~bob@* QUIT :a.test b.test")
    assert "Too much waited for b.test" in pair.mesh["a"].log.lines
    pair.back()
    pair.mesh.check()


def test_too_many_bytes_for_who_is_suspended_split() -> None:
    pair = Pair(links={"resume_buffer": 65536})
    pair.reset()
    for _ in range(160):
        pair.ann >> "PRIVMSG #c :" + "x" * 400
    pair.mesh.settle()
    assert pair.mesh["a"].parts.links.neighbour("b.test") is None


def test_a_link_that_was_too_slow_splits_at_its_loss() -> None:
    pair = Pair(links={"resume_lines": 100})
    for number in range(101):
        pair.ann >> f"PRIVMSG #c :{number}"
    link = pair.link("a")
    assert not link.gone
    pair.reset()
    assert link.gone, "what it may lack is not kept"
    pair.back()
    pair.mesh.check()


def test_a_slow_one_that_has_caught_up_can_be_resumed() -> None:
    pair = Pair(links={"resume_lines": 100})
    for number in range(101):
        pair.ann >> f"PRIVMSG #c :{number}"
    pair.mesh.settle()
    pair.mesh.advance(1)
    pair.reset()
    assert pair.link("a").suspended


def test_error_ends_it_at_once() -> None:
    pair = Pair()
    pair.link("a").close("Off")
    pair.mesh.settle()
    assert pair.mesh["b"].parts.links.neighbour("a.test") is None


def test_squit_of_a_suspended_link() -> None:
    pair = Pair()
    pair.reset()
    pair.forget()
    pair.ann >> "SQUIT b.test :enough"
    pair.ann.until(":bob!~bob@* QUIT :a.test b.test")
    assert pair.mesh["a"].parts.links.neighbour("b.test") is None
    assert pair.link("b").suspended
    pair.back("b")
    assert pair.link("a").streams.session == pair.link("b").streams.session
    pair.mesh.check()


def test_the_end_of_the_server_ends_a_suspended_link() -> None:
    pair = Pair()
    pair.reset()
    link = pair.link("a")
    close_all(pair.mesh["a"].parts.links, "Off for repairs")
    assert link.gone


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("CNACK 100000", "CNACK for more lines than there were"),
        ("CNACK x", "CNACK: 'x' is no number"),
        ("CNACK", "CNACK with too few parameters"),
        ("CNRES 1 A B 0", "CNRES twice"),
    ],
)
def test_violations_split_at_once(line: str, why: str) -> None:
    pair = Pair()
    link = pair.link("a")
    pair.mesh.wire("a", "b").connections["a"].receive(line.encode() + b"\r\n")
    assert link.reason == why
    pair.mesh.settle()
    assert pair.mesh["b"].parts.links.neighbour("a.test") is None


def test_a_line_between_server_and_svinfo_is_a_violation() -> None:
    pair = Pair()
    pair.reset()
    wire = pair.mesh.link("a", "b")
    for _ in range(4):
        wire.deliver("a")
    assert not pair.link("b").suspended
    wire.connections["b"].receive(b":0AA PING a.test\r\n")
    assert wire.links["b"].reason == "PING before SVINFO"
    pair.mesh.settle()
    assert pair.mesh["a"].parts.links.neighbour("b.test") is None


def test_a_count_that_cannot_be_begins_anew() -> None:
    pair = Pair()
    pair.reset()
    pair.link("a").streams.applied += 1
    pair.back()
    pair.bob.until(":ann!~ann@* QUIT :b.test a.test")
    assert "Link to a.test begins anew: its count of lines cannot be" in pair.mesh["b"].log.lines
    pair.bob.until(":ann!~ann@* JOIN #c")
    pair.mesh.check()


# confirming


def acks(pair: Pair, name: str) -> list[str]:
    other = "b" if name == "a" else "a"
    return [line for line in pair.mesh.said(name, other) if line.startswith("CN")]


def test_many_lines_are_confirmed_at_once() -> None:
    pair = Pair()
    base = pair.link("b").streams.applied
    acks(pair, "b")
    for number in range(130):
        pair.ann >> f"PRIVMSG #c :{number}"
    pair.mesh.settle()
    assert acks(pair, "b") == [f"CNACK {base + 64}", f"CNACK {base + 128}"]


def test_few_lines_are_confirmed_in_a_moment() -> None:
    pair = Pair()
    base = pair.link("b").streams.applied
    acks(pair, "b")
    pair.ann >> "PRIVMSG #c :1"
    pair.mesh.settle()
    pair.mesh.advance(0.1)
    pair.ann >> "PRIVMSG #c :2"
    pair.mesh.settle()
    assert acks(pair, "b") == []
    pair.mesh.advance(0.1)
    assert acks(pair, "b") == [f"CNACK {base + 2}"]
    assert pair.link("a").streams.buffer == []
    pair.mesh.advance(10)
    assert acks(pair, "b") == [], "it is not said again"


def test_a_neighbour_is_asked_when_much_waits() -> None:
    pair = Pair(links={"resume_lines": 200})
    base = pair.link("b").streams.applied
    acks(pair, "a"), acks(pair, "b")
    for number in range(60):
        pair.ann >> f"PRIVMSG #c :{number}"
    pair.mesh.settle()
    assert acks(pair, "a") == ["CNREQ"]
    assert acks(pair, "b") == [f"CNACK {base + 50}"]
    assert pair.link("a").streams.waiting == 10


def test_who_is_to_stop_waits_until_all_is_applied() -> None:
    pair = Pair()
    pair.ann >> "PRIVMSG #c :last words"
    acks(pair, "a"), acks(pair, "b")
    drain = Drain(pair.mesh["a"].parts.links)
    assert not drain.look() and not drain.look()
    pair.mesh.settle()
    assert drain.look()
    assert acks(pair, "a") == ["CNREQ"] and len(acks(pair, "b")) == 1


def test_who_is_to_stop_waits_for_what_is_said_meanwhile() -> None:
    pair = Pair()
    drain = Drain(pair.mesh["a"].parts.links)
    assert drain.look()
    acks(pair, "a")
    pair.ann >> "PRIVMSG #c :last words"
    assert not drain.look()
    pair.ann >> "PRIVMSG #c :and one more"
    assert not drain.look()
    pair.mesh.settle()
    assert not drain.look(), "of the last line nobody knows"
    assert acks(pair, "a") == ["CNREQ", "CNREQ"]
    pair.mesh.settle()
    assert drain.look() and pair.link("a").streams.waiting == 0


def test_who_is_to_stop_waits_for_who_is_suspended() -> None:
    pair = Pair()
    pair.ann >> "PRIVMSG #c :last words"
    pair.reset()
    drain = Drain(pair.mesh["a"].parts.links)
    pair.mesh.settle()
    assert not drain.look()
    pair.back()
    assert not drain.look()
    assert acks(pair, "a")[-1] == "CNREQ", "the other one was lost"
    pair.mesh.settle()
    assert drain.look()
    pair.bob >> "PRIVMSG #c :not mine"
    assert drain.look()
    drain = Drain(pair.mesh["b"].parts.links)
    assert not drain.look()
    pair.link("b").close("Off")
    assert drain.look()


def test_who_is_to_stop_waits_for_what_is_held_for_the_end_of_its_burst() -> None:
    pair = Pair(links={"burst_slice": 1})
    pair.mesh.cut("a", "b")
    pair.mesh.settle()
    pair.mesh.link("a", "b")
    while (link := pair.mesh["a"].parts.links.neighbour("b.test")) is None or not link.streams.sent:
        pair.mesh.deliver_one(0)
    pair.ann >> "AWAY :held"
    assert link.held
    drain = Drain(pair.mesh["a"].parts.links)
    assert not drain.look()
    pair.mesh.settle()
    drain.look()
    pair.mesh.settle()
    assert drain.look()


# what goes on


def test_a_message_of_several_lines_goes_on() -> None:
    pair = Pair()
    cap = "draft/multiline message-tags batch"
    cid, dan = pair.mesh["a"].client("cid", caps=cap), pair.mesh["b"].client("dan", caps=cap)
    for client in (cid, dan):
        client >> "JOIN #c"
        pair.mesh.settle()
    dan.lines()
    cid >> "BATCH +1 draft/multiline #c"
    for number in range(4):
        cid >> f"@batch=1 PRIVMSG #c :part {number}"
    cid >> "BATCH -1"
    pair.mesh.deliver("a", "b", 3)
    pair.reset(a=10)
    pair.back()
    assert [line.rpartition(":")[2] for line in dan.lines() if " PRIVMSG " in line] == [
        f"part {number}" for number in range(4)
    ]


def test_a_question_is_answered_late() -> None:
    pair = Pair()
    pair.ann >> "WHOIS bob bob"
    pair.reset()
    pair.back()
    pair.ann.until(":b.test 317 ann bob *")


def bursting(mesh: Mesh) -> Link:
    """a's link to b, in the middle of a's burst."""
    wire = mesh.link("a", "b")
    for name in "aaaabbbb":  # PASS, CAPAB, CNRES, SERVER
        assert wire.deliver(name)
    mesh.clock.step()
    link = wire.links["a"]
    assert link.bursting is not None and link.held is not None and link.streams.sent
    return link


def test_a_burst_goes_on() -> None:
    mesh = Mesh("a", "b", links={"burst_slice": 3})
    people = [mesh["a"].client(f"user{number}") for number in range(20)]
    link = bursting(mesh)
    mesh.reset("a", "b")
    late = mesh["a"].client("late")
    late >> "JOIN #x"
    said = link.streams.sent
    mesh.settle()
    assert link.streams.sent == said and link.held, "it does not go on while it is suspended"
    mesh.link("a", "b")
    mesh.settle()
    assert link.state is State.LINKED
    assert len(mesh["b"].node.network.users) == len(people) + 1
    assert mesh["b"].node.network.channel("#x") is not None
    mesh.check()


def test_too_much_held_for_a_burst_that_is_suspended_splits() -> None:
    mesh = Mesh("a", "b", links={"burst_slice": 1, "resume_buffer": 65536})
    people = [mesh["a"].client(f"user{number}") for number in range(5)]
    link = bursting(mesh)
    mesh.reset("a", "b")
    for number in range(200):
        people[0] >> f"AWAY :{number}" + "x" * 300
    mesh.settle()
    assert link.gone


def test_who_joins_and_leaves_meanwhile_is_known() -> None:
    pair = Pair()
    pair.reset()
    cid = pair.mesh["a"].client("cid")
    cid >> "JOIN #c"
    pair.bob >> "NICK rob" >> "TOPIC #c :late"
    pair.ann >> "PART #c"
    pair.back()
    all_agree(pair.mesh)
    assert {user.nick for user in pair.mesh["a"].node.network.users.values()} == {"ann", "cid", "rob"}
    assert {user.nick for user in the(pair.mesh["a"]).members} == {"cid", "rob"}


# time


def test_silence_suspends() -> None:
    pair = Pair()
    houses = list(pair.mesh)
    pair.mesh.wires.clear()  # nothing arrives any more
    for _ in range(27):
        pair.mesh.clock.advance(1)
        for house in houses:
            sweep(house.parts.links)
    assert pair.link("a").suspended and pair.link("b").suspended
    assert any("suspended: Ping timeout" in line for line in houses[0].log.lines)
    pair.back()
    assert not pair.link("a").suspended and not pair.link("b").suspended
    pair.mesh.check()


@pytest.mark.parametrize("first", ["the time", "what has come"])
def test_who_stood_still_for_longer_than_the_others_wait_waits_for_nobody(first: str) -> None:
    """Otherwise it would tell one neighbour of people behind another, who are about to be split from."""
    pair = Pair(links={"ping_timeout": 25.0, "resume_grace": 30.0})
    pair.mesh.clock.elapsed += 56  # the process was stopped: nothing of it ran
    link = pair.link("a")
    if first == "the time":
        sweep(pair.mesh["a"].parts.links)
    else:
        # What was said before waits in the system, and is read first.
        link.connection.receive(b":0BA PING :b.test\r\n")
        assert not link.gone
        link.connection_lost("Connection reset by peer")
    assert pair.mesh["a"].parts.links.neighbour("b.test") is None
    assert not any("suspended" in line for line in pair.mesh["a"].log.lines)


def test_who_stood_still_goes_on_with_a_neighbour_that_is_back_before_all_else() -> None:
    """What is read first then is the hello of a connection that was made meanwhile."""
    pair = Pair(links={"ping_timeout": 25.0, "resume_grace": 30.0})
    old = pair.mesh.wire("a", "b")
    pair.mesh.clock.elapsed += 30
    old.connections["b"].connection_lost("Ping timeout")
    pair.bob >> "PRIVMSG #c :b0"
    pair.mesh.wires.remove(old)
    pair.mesh.clock.elapsed += 28
    pair.mesh.link("b", "a")
    pair.mesh.settle()
    assert old.pipes["a"].ended and heard(pair.ann) == ["b0"]
    assert not pair.link("a").suspended and not pair.link("b").suspended
    pair.mesh.check()


def test_nobody_asks_a_suspended_link_for_a_sign_of_life() -> None:
    pair = Pair()
    pair.reset()
    for _ in range(25):
        pair.mesh.clock.advance(1)
        sweep(pair.mesh["a"].parts.links)
    assert pair.link("a").streams.buffer == []


# settings


@pytest.mark.parametrize("both", [True, False])
def test_without_grace_there_is_no_resuming(both: bool) -> None:
    """But what is confirmed is known, and what is not may be lost."""
    none: dict[str, Any] = {"links": {"resume_grace": 0}}
    pair = Pair(**none) if both else Pair(sections_of={"b": none})
    assert not pair.link("a").resumable and not pair.link("b").resumable
    assert pair.link("a").streams.numbered and pair.link("b").streams.numbered
    pair.ann >> "PRIVMSG bob :arrives"
    pair.mesh.advance(1)
    for client, to in ((pair.ann, "bob"), (pair.bob, "ann")):
        client >> f"PRIVMSG {to} :on its way"
    pair.forget()
    pair.reset()
    pair.mesh.settle()
    assert all(
        house.parts.links.neighbour(f"{name}.test") is None
        for name, house in zip("ba", pair.mesh, strict=True)
    )
    for client, to in ((pair.ann, "bob"), (pair.bob, "ann")):
        lost = [line for line in client.lines() if " 401 " in line]
        assert len(lost) == 1 and lost[0].endswith(
            f" {to} :The link to their server was lost, your last messages may not have arrived"
        )
    pair.back()
    assert pair.link("a").settled
    pair.mesh.check()


def test_who_ends_a_link_since_too_much_is_unconfirmed_says_so() -> None:
    pair = Pair(links={"resume_buffer": 65536})
    for number in range(400):
        pair.ann >> f"PRIVMSG #c :{number} {'x' * 300}"
    pair.reset()
    assert "b.test had not confirmed more than is kept (links.resume_buffer)" in pair.notices()


def test_servers_of_other_makes_are_split_from_at_once() -> None:
    house = House(link=[block("so1")])
    there = Stranger(house, "so1.test", "1SO")
    there >> "PASS linkpw TS 6 :1SO" >> "CAPAB :QS EX IE ENCAP CNRES" >> "SERVER so1.test 1 :x"
    assert not any(line.startswith("CNRES") for line in there.pipe.said), "it did not say CNRES"
    there >> "SVINFO 6 6 0 :1700000000" >> "PING :1SO"
    there.link.connection_lost("Connection reset by peer")
    assert there.gone == "Connection reset by peer"


def test_a_reload_without_the_block_ends_a_suspended_link() -> None:
    pair = Pair()
    pair.reset()
    link = pair.link("a")
    pair.mesh["a"].reload(link=[])
    assert link.reason == "It is not in the configuration any more"


def test_a_reload_changes_what_a_suspended_link_may_keep() -> None:
    pair = Pair()
    pair.reset()
    link = pair.link("a")
    pair.mesh["a"].reload(link=[block("b", sendq=100_000)])
    assert link.suspended and link.streams.most == 100_000
    pair.mesh["a"].reload(links={"resume_lines": 100})
    assert link.streams.most_lines == 100
    pair.back()
    assert not link.suspended and link.exit.sendq == 100_000


@pytest.mark.parametrize(("grace", "more"), [(60.0, 40.0), (20.0, 0.0), (25.0, 5.0), (0.0, 0.0)])
def test_a_reload_changes_for_how_long_a_link_waits(grace: float, more: float) -> None:
    pair = Pair()
    pair.reset()
    link = pair.link("a")
    pair.mesh.advance(20)
    pair.mesh["a"].reload(links={"resume_grace": grace})
    if more:
        pair.mesh.advance(more - 0.1)
        assert link.suspended
    pair.mesh.advance(0.2)
    assert link.gone


def test_a_reload_that_sets_it_up_otherwise_does_not_end_it() -> None:
    """Limits and names concern those who agree on them, and not the lines that wait."""
    pair = Pair()
    pair.mesh["b"].reload(limits={"nick": 20}, server={"network": "Elsewhere"})
    pair.bob.lines()
    pair.reset()
    pair.bob >> "PRIVMSG #c :b0"
    pair.back()
    assert pair.notices()[1:] == [
        "Link to b.test resumed after 0.0 s, 0 lines replayed",
        "b.test is not set up as this server is: limits.nick is 30 here and 20 there",
        "b.test is not set up as this server is: server.network is CHATNET here and ELSEWHERE there",
    ]
    pair.reset()
    pair.back()
    assert pair.notices()[1:] == ["Link to b.test resumed after 0.0 s, 0 lines replayed"], "nothing is new"
    pair.mesh.check()


def test_a_reload_after_which_it_speaks_otherwise_ends_it() -> None:
    pair = Pair("b")
    pair.mesh["b"].reload(links={"converge": False})
    pair.reset()
    pair.back()
    assert "Link to b.test begins anew: it speaks in another way than before" in pair.notices()
    pair.mesh.check()


def test_a_reload_with_another_password_counts_for_the_next_connection() -> None:
    pair = Pair()
    pair.reset()
    pair.mesh["b"].reload(link=[block("a", password="another")])
    pair.back()
    assert pair.link("a").suspended and pair.link("b").suspended
    pair.mesh["b"].reload(link=[block("a")])
    pair.back()
    assert not pair.link("a").suspended


# what people see of it


def test_links_map_and_stats_show_it() -> None:
    pair = Pair()
    pair.reset()
    pair.forget()
    pair.mesh.clock.advance(5)
    pair.bob >> "LINKS"
    pair.bob << ":b.test 364 bob b.test *" << ":b.test 364 bob a.test b.test :1 A chatnet server (suspended)"
    pair.bob.lines()
    pair.bob >> "MAP"
    pair.bob << "*" << "*a.test* | Hops: 1 | Suspended"
    pair.ann >> "PRIVMSG #c :late"
    pair.ann.lines()
    pair.ann >> "STATS l"
    pair.ann << ":a.test 211 ann b.test * * * * * :6 suspended 5s, 1 lines wait"
