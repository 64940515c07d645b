"""A server that gives up one neighbour for another is in the network once, and nobody has to wait for it.

docs/federation.md, "Several ways to be linked"
"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client
from mesh import Mesh, Stranger, Wire, read_away
from street import PEOPLE, the

from chatnet.links import lifetimes
from chatnet.links.meeting import leaving
from chatnet.links.neighbour.link import Link
from chatnet.model.ids import SID
from chatnet.model.server import Server


class Moving:
    """c is linked to a, and a to b; both lose a, and c comes to b. People of each are in #c."""

    def __init__(self, **links: Any) -> None:
        self.mesh = Mesh("a", "b", "c", links=links)
        self.mesh.link("c", "a")
        self.mesh.link("a", "b")
        self.people = [self.mesh[name].client(nick) for name, nick in zip("abc", PEOPLE, strict=True)]
        self.mesh.settle()
        for person in self.people:
            person >> "JOIN #c"
            self.mesh.settle()
        read_away(self.people)

    def link(self, name: str, other: str) -> Link:
        link = self.mesh[name].parts.links.neighbour(f"{other}.test")
        assert link is not None
        return link

    def part(self) -> None:
        """a is lost for both; what cid said at last is known there, and on its way to b."""
        cid = self.people[2]
        for number in range(30):
            cid >> f"PRIVMSG #c :{number}"
            self.mesh["c"].settle()
            self.mesh.wire("c", "a").deliver("c")
        self.mesh["a"].settle()
        self.mesh.reset("c", "a")
        self.mesh.reset("a", "b")

    def move(self) -> Wire:
        """c gives a up, and comes to b."""
        self.link("c", "a").expire()
        wire = self.mesh.link("c", "b")
        self.mesh.settle()
        return wire

    def forbid(self, name: str, **policy: Any) -> None:
        """Its neighbours may not do something to `name`."""
        node = self.mesh[name].node
        settings = node.settings.model_dump(by_alias=True)
        settings["link"] = [{**each, **policy} for each in settings["link"]]
        node.change_settings(type(node.settings).model_validate(settings))
        for link in self.mesh[name].parts.links.neighbours():
            link.settings = self.mesh[name].parts.links.block(link.name)

    def told(self, name: str) -> list[str]:
        """What operators of a house were told."""
        return self.mesh[name].log.lines

    def check(self) -> None:
        """Everybody knows every server and everybody once, and all hear each other."""
        for house in self.mesh:
            servers = [server.name for server in house.node.network.servers.values()]
            assert sorted(servers) == ["a.test", "b.test", "c.test"]
            assert sorted(user.nick for user in the(house).members) == sorted(PEOPLE)
            house.check()
        for person in self.people:
            read_away(self.people)
            person >> "PRIVMSG #c :all here"
            self.mesh.settle()
            for other in self.people:
                assert other is person or other.lines()[-1].endswith("PRIVMSG #c :all here")


def test_who_lost_the_same_hub_is_taken_in_at_once() -> None:
    moving = Moving()
    _, bob, cid = moving.people
    moving.part()
    read_away(moving.people)
    moving.move()
    lines = bob.lines()
    assert any(" QUIT :a.test c.test" in line for line in lines)
    assert any(line.startswith(":cid!") and " JOIN #c" in line for line in lines)
    cid >> "PRIVMSG #c :here again"
    moving.mesh.settle()
    assert bob.lines()[-1].endswith("PRIVMSG #c :here again")


@pytest.mark.parametrize("gave_up", [False, True])
def test_the_hub_that_was_cut_off_learns_who_has_left_it(gave_up: bool) -> None:
    """What it said of them meanwhile, even that they are gone, is not so, and nobody's fault."""
    moving = Moving()
    ann, bob, cid = moving.people
    moving.part()
    moving.move()
    if gave_up:
        moving.link("a", "c").expire()
    read_away(moving.people)
    moving.mesh.link("a", "b")
    moving.mesh.settle()
    assert not moving.link("b", "a").suspended and not moving.link("b", "a").conduct.strikes
    for house in moving.mesh:
        assert {server.name for server in house.node.network.servers.values()} == {
            "a.test",
            "b.test",
            "c.test",
        }
        assert {user.nick for user in the(house).members} == set(PEOPLE)
        house.check()
    assert not any(" QUIT " in line for line in bob.lines()), "cid is there, and stays"
    for person, others in ((ann, (bob, cid)), (cid, (ann, bob))):
        read_away(moving.people)
        person >> "PRIVMSG #c :all here"
        moving.mesh.settle()
        assert all(other.lines()[-1].endswith("PRIVMSG #c :all here") for other in others)
    # What the hub says of it from now on counts: it may ask for its end.
    moving.mesh.advance(1)
    server = moving.link("b", "c").server
    assert server is not None and not moving.link("b", "a").has_lost(server)


# whose hub is there, but not for the leaf


@pytest.fixture(params=["both know", "only the leaf knows"])
def cut_off(request: pytest.FixtureRequest) -> Moving:
    """c has lost a, which is well otherwise."""
    moving = Moving()
    cut(moving, only="c" if request.param == "only the leaf knows" else "")
    return moving


def cut(moving: Moving, only: str = "") -> None:
    if only:
        wire = moving.mesh.wire("c", "a")
        moving.mesh.wires.remove(wire)
        wire.connections[only].connection_lost("Connection reset by peer")
    else:
        moving.mesh.reset("c", "a")
    moving.mesh.settle()
    read_away(moving.people)


def comings(client: Client) -> list[str]:
    """The words about who came and who went that a client has read."""
    words = [line.split(" :")[0].split()[1:2] for line in client.lines()]
    return [word[0] for word in words if word and word[0] in ("QUIT", "JOIN", "PART")]


def test_a_leaf_that_alone_has_lost_its_hub_is_taken_in_by_the_next_at_once(cut_off: Moving) -> None:
    assert not cut_off.move().links["c"].gone
    assert [comings(person) for person in cut_off.people[:2]] == [["QUIT", "JOIN"]] * 2
    cut_off.check()
    assert "c.test comes here: a.test is asked to let it go" in cut_off.told("b")
    assert "The link to c.test ended: It went to b.test" in cut_off.told("a")
    cut_off.mesh.advance(100)
    cut_off.check()


def test_it_is_never_in_two_places(cut_off: Moving) -> None:
    """Line by line."""
    cut_off.link("c", "a").expire()
    cut_off.mesh.link("c", "b")
    for choice in range(10_000):
        if not cut_off.mesh.deliver_one(choice):
            break
        for house in cut_off.mesh:
            names = [server.name for server in house.node.network.servers.values()]
            assert len(set(names)) == len(names)
        cut_off.mesh.check()
    cut_off.check()


def test_what_was_said_for_its_people_meanwhile_may_be_lost(cut_off: Moving) -> None:
    ann, bob, _ = cut_off.people
    for person in (ann, bob):
        person >> "PRIVMSG cid :hello"
    cut_off.mesh.settle()
    cut_off.move()
    assert [" 401 " in line for person in (ann, bob) for line in person.lines()].count(True) == 2


@pytest.mark.parametrize("only", ["", "c"])
def test_with_damping_nobody_reads_of_it(only: str) -> None:
    moving = Moving(split_damping=8.0)
    cut(moving, only)
    moving.move()
    moving.mesh.advance(30)
    assert [comings(person) for person in moving.people] == [[], [], []]
    moving.check()


def test_whoever_may_end_no_link_may_take_in_who_has_left_it(cut_off: Moving) -> None:
    """The name of the session is the proof."""
    cut_off.forbid("a", allow_squit_others=False)
    cut_off.move()
    cut_off.check()


@pytest.mark.parametrize("allowed", [True, False])
def test_the_same_when_the_next_has_lost_the_hub_as_well(allowed: bool) -> None:
    moving = Moving()
    moving.forbid("a", allow_squit_others=allowed)
    moving.part()
    moving.move()
    read_away(moving.people)
    moving.mesh.link("a", "b")
    moving.mesh.settle()
    moving.check()


def test_the_next_may_lose_the_hub_while_it_asks(cut_off: Moving) -> None:
    cut_off.link("c", "a").expire()
    cut_off.mesh.link("c", "b")
    cut_off.mesh.settle_between("c", "b")
    assert [link.sid for link in cut_off.mesh["b"].parts.links.all if link.greeting.waits] == ["0CA"]
    cut_off.mesh.reset("a", "b")
    cut_off.mesh.settle()
    assert cut_off.link("b", "c").server is not None
    cut_off.mesh.link("a", "b")
    cut_off.mesh.settle()
    cut_off.check()


def test_who_does_not_say_that_it_left_is_refused() -> None:
    """It may have been started anew, or be in a ring."""
    cut_off = Moving()
    cut(cut_off)
    cut_off.link("c", "a").expire()
    cut_off.mesh["c"].parts.links.leaving._left.clear()
    wire = cut_off.mesh.link("c", "b")
    cut_off.mesh.settle()
    assert wire.links["c"].gone
    cut_off.mesh.advance(31)
    cut_off.mesh.link("c", "b")
    cut_off.mesh.settle()
    cut_off.mesh.advance(31)
    cut_off.check()


def test_a_hub_that_has_its_leaf_back_keeps_it() -> None:
    """c has given a up, and begun anew with it; then it tries b, as in a ring."""
    moving = Moving()
    cut(moving)
    moving.link("c", "a").expire()
    moving.mesh.link("c", "a")
    moving.mesh.settle()
    wire = moving.mesh.link("c", "b")
    moving.mesh.settle()
    assert not any(line.startswith("CNLEFT") for line in wire.pipes["c"].said)
    assert wire.links["c"].gone
    moving.check()


@pytest.mark.parametrize("session", ["ANOTHER", "*"])
def test_a_session_that_is_not_the_one_ends_nothing(session: str) -> None:
    moving = Moving()
    cut(moving)
    there = moving.link("c", "a")
    left = moving.mesh["c"].parts.links.leaving
    left.lines = lambda greeted: [b"CNLEFT 0AA " + session.encode()]  # type: ignore[method-assign]
    wire = moving.mesh.link("c", "b")
    moving.mesh.settle()
    assert not wire.links["c"].gone
    for _ in range(12):
        moving.mesh.advance(1)
        lifetimes.sweep(moving.mesh["b"].parts.links)
    moving.mesh.settle()
    assert wire.links["c"].gone
    assert "The connection to c.test ended: It was not let go in time where it was" in moving.told("b")
    moving.mesh.link("c", "a")
    moving.mesh.settle()
    assert not there.suspended
    moving.check()


def test_who_comes_again_while_it_waits_is_there_once(cut_off: Moving) -> None:
    cut_off.link("c", "a").expire()
    first = cut_off.mesh.link("c", "b")
    cut_off.mesh.settle_between("c", "b")
    cut_off.mesh.wires.remove(first)
    for link in list(cut_off.mesh["c"].parts.links.all):
        link.drop("no answer")
    second = cut_off.mesh.link("c", "b")
    cut_off.mesh.settle()
    assert first.links["b"].gone and not second.links["b"].gone
    cut_off.check()


def test_a_hub_that_is_told_of_its_leaf_twice_refuses_the_second() -> None:
    """While b waits, c is back at a, as a tells in the same moment."""
    moving = Moving()
    cut(moving)
    moving.link("c", "a").expire()
    wire = moving.mesh.link("c", "b")
    moving.mesh.settle_between("c", "b")
    moving.mesh.deliver("b", "a")
    moving.mesh.link("c", "a")
    moving.mesh.settle_between("c", "a")
    data = b"".join(moving.mesh.wire("a", "b").pipes["a"].lines)
    moving.mesh.wire("a", "b").pipes["a"].lines.clear()
    assert b" SQUIT " in data and b" SID " in data
    moving.mesh.wire("a", "b").connections["b"].receive(data)
    moving.mesh.settle()
    assert wire.links["c"].gone
    moving.check()


def test_the_hub_that_dials_the_leaf_finds_it_free_the_next_time(cut_off: Moving) -> None:
    cut_off.link("c", "a").expire()
    first = cut_off.mesh.link("b", "c")
    cut_off.mesh.settle()
    assert first.links["b"].gone
    second = cut_off.mesh.link("b", "c")
    cut_off.mesh.settle()
    cut_off.mesh.wires.remove(first)
    assert not second.links["b"].gone
    cut_off.check()


@pytest.mark.parametrize("dialling", ["a", "b"])
def test_bursts_that_cross_tell_of_it_and_end_no_link(cut_off: Moving, dialling: str) -> None:
    """The hubs begin anew, and the one that was left has the leaf in its burst still."""
    answering = "b" if dialling == "a" else "a"
    cut_off.mesh.reset("a", "b")
    cut_off.move()
    cut_off.link(dialling, answering).expire()
    wire = cut_off.mesh.link(dialling, answering)
    cut_off.mesh.settle()
    assert all(not link.gone for link in wire.links.values())
    assert not cut_off.link("b", "a").conduct.strikes
    cut_off.check()
    cut_off.mesh.advance(1)
    cut_off.check()
    server = cut_off.link("b", "c").server
    assert server is not None and not cut_off.link("b", "a").has_lost(server), (
        "what is said of it counts again"
    )


# who was started anew, and cannot prove that it left


@pytest.mark.parametrize("allowed", [True, False])
def test_a_suspended_link_gives_way_to_where_its_server_is(allowed: bool) -> None:
    """b has lost a as well; it takes c in, which was started anew, and a learns of it when b is back."""
    moving = Moving()
    moving.forbid("a", allow_squit_others=allowed)
    moving.part()
    moving.link("c", "a").expire()
    moving.mesh["c"].parts.links.leaving._left.clear()
    moving.mesh.link("c", "b")
    moving.mesh.settle()
    moving.mesh.link("a", "b")
    moving.mesh.settle()
    moving.check()
    words = "b.test may not end the link to c.test (allow_squit_others): It has left a.test"
    assert (words in moving.told("a")) is not allowed
    if not allowed:
        assert "The link to c.test ended: It is linked to b.test now" in moving.told("a")


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"may_introduce": ("hub*.test",)}, "it may not introduce c.test"),
        ({"role": "leaf"}, "it is a leaf, and may not introduce c.test"),
    ],
)
def test_it_does_not_for_who_may_not_have_it_behind(policy: dict[str, Any], why: str) -> None:
    moving = Moving()
    cut(moving)
    moving.forbid("a", allow_squit_others=False, **policy)
    moving.link("a", "b").connection.receive(b":0BA SID c.test 2 0CA :stolen\r\n")
    moving.mesh.settle()
    assert f"The link to b.test ended: {why}" in moving.told("a")
    assert moving.link("a", "c").suspended


def test_a_link_that_is_there_does_not_give_way() -> None:
    moving = Moving()
    moving.link("a", "b").connection.receive(b":0BA SID c.test 2 0CA :stolen\r\n")
    assert "The link to b.test ended: the server c.test (0CA) exists already" in moving.told("a")
    assert not moving.link("a", "c").suspended


# what may be said of it, and when


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("CNLEFT 0AA",), "CNLEFT with too few parameters"),
        (("SERVER c.test 1 :c", "CNLEFT 0AA X"), None),
    ],
)
def test_out_of_place(lines: tuple[str, ...], why: str | None) -> None:
    moving = Moving()
    there = Stranger(moving.mesh["b"], "c.test", "0CA")
    there >> "PASS linkpw TS 6 :0CA" >> "CAPAB :QS EX IE ENCAP CN1 CNRES"
    for line in lines:
        there >> line
    assert there.gone is not None
    if why:
        assert there.gone == why


def test_it_is_said_of_so_many_and_no_longer_than_it_matters() -> None:
    moving = Moving()
    left = moving.mesh["c"].parts.links.leaving
    link = moving.link("c", "a")
    assert left.lines("b.test") == []
    moving.mesh.cut("c", "a")
    server = link.server
    assert server is not None
    assert len(left.lines("b.test")) == 1
    assert left.lines("a.test") == [], "it knows"
    for number in range(20):
        link.server = Server(SID(f"{number:03}"), f"{number}.test", "", 1, server.uplink)
        left.ended(link)
    lines = left.lines("b.test")
    assert len(lines) == leaving.MOST and lines[-1].startswith(b"CNLEFT 019 ")
    moving.mesh.clock.advance(200)
    assert left.lines("b.test") == []
