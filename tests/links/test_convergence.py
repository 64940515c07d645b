"""Servers that stamp what they change end in the same state, whatever is said where and when.

Commands on all of them, one-line deliveries in any order, lost links and links that are made again: after all
was delivered every server knows the same of every channel.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest
import staff
from conversation import Client, House
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs
from street import snapshot

from chatnet.links.exchange import digests
from chatnet.links.lifetimes import sweep
from chatnet.links.stamps.registers import Registers
from chatnet.model.entities import Topic
from chatnet.model.facts import Killed, ModeChange, ModesChanged, ModesLocked

TREES: Final = {
    "abc": [("a", "b"), ("c", "b")],
    "abcde": [("a", "b"), ("b", "c"), ("c", "d"), ("c", "e")],
}
LEAF: Final = "abcz"
"""A tree of which z is a server of another make, to the others: it does not stamp."""
COMMANDS: Final = [
    "JOIN #{c}",
    "JOIN #{c} key",
    "PART #{c} :bye",
    "JOIN 0",
    "TOPIC #{c} :one",
    "TOPIC #{c} :two",
    "TOPIC #{c} :",
    "KICK #{c} {n} :out",
    "MODE #{c} +o {n}",
    "MODE #{c} -o {n}",
    "MODE #{c} +hv {n} {n}",
    "MODE #{c} -hv {n} {n}",
    "MODE #{c} +mi-t",
    "MODE #{c} -mi+t",
    "MODE #{c} +kl key 7",
    "MODE #{c} -k+l * 99",
    "MODE #{c} +k other",
    "MODE #{c} -l+j 9:9",
    "MODE #{c} -j",
    "MODE #{c} +WE 10 2:60",
    "MODE #{c} +NW 20",
    "TBAN #{c} 20s *!*@{n}",
    "TBAN #{c} 1h *!*@{n}",
    "MODE #{c} -NWE",
    "MODE #{c} +be *!*@{n} {n}!*@*",
    "MODE #{c} -b+I *!*@{n} {n}!*@*",
    "MODE #{c} -be $q:{n}!*@* {n}!*@*",
    "INVITE {n} #{c}",
    "!op",
    "!stay",
    "!go",
    "!lock nt",
    "!lock ",
    "!kill",
    "QUIT :gone",
]


LIVES: Final = [
    *["JOIN #{c}"] * 4,
    *["PART #{c}"] * 4,
    *["KICK #{c} {n}"] * 2,
    "MODE #{c} +m",
    "MODE #{c} -m",
    "MODE #{c} +o {n}",
    "MODE #{c} -o {n}",
    "MODE #{c} +b *!*@x",
    "MODE #{c} -b *!*@x",
    "TOPIC #{c} :a",
    "TOPIC #{c} :b",
    "!op",
    "QUIT :x",
]
"""Of channels that end and are made anew all the time."""
STAYS: Final = [*LIVES, *["!stay"] * 6, *["!go"] * 2, *["!kill"] * 2]
"""The same, but many stay though nobody is in them, while people are killed."""


ODD: Final = [
    ":{sid} SJOIN {ts} #{c} +nt :@{uid}",
    ":{sid} SJOIN {ts} #{c} +mk key :{uid}",
    ":{sid} SJOIN {ts} #{c} +P :",
    ":{uid} JOIN {ts} #{c} +",
    ":{uid} TMODE {ts} #{c} +mo {uid}",
    ":{sid} BMASK {ts} #{c} b :*!*@odd",
    ":{sid} MLOCK {ts} #{c} :m",
    ":{sid} ETB {ts} #{c} {now} odd :odd",
    ":{sid} TB #{c} {ts} odd :odd",
]
"""What servers of other makes may say."""
ODD_TIMES: Final = [0, 0, 1, -1, 10**6 - 5, 10**6, 10**6 + 5, 10**6 + 3600, 10**6 + 10**9, 9 * 10**17]
"""TS, or from 10**6 on what the clock shows, and how much later."""


class World:
    """Houses in a tree, with one client each; steps are words for what happens."""

    def __init__(self, tree: str, **sections: Any) -> None:
        flood = {"enabled": False, "rename_period": 0}
        plain = {"z": {"links": {**sections.get("links", {}), "converge": False}}}
        self.mesh = Mesh(*tree, flood=flood, sections_of=plain, **sections)
        self.edges = TREES[tree] if tree in TREES else [*TREES["abc"], ("z", "c")]
        self.clients: dict[str, Client] = {}
        self.names = tree
        self.generation = 0
        self.killed = False  # somebody
        for edge in self.edges:
            self.mesh.link(*edge)
        for name in tree:
            self.clients[name] = self.mesh[name].client(f"{name}0")
        self.mesh.settle()
        for name in tree:
            self.clients[name] >> "JOIN #x"
            self.mesh.settle()
        for name in tree:
            self.op(name, "x")
        self.mesh.settle()
        self.agree()

    def op(self, name: str, channel: str) -> None:
        """The server makes its client an operator, if it is there."""
        house = self.mesh[name]
        found = house.node.network.channel("#" + channel)
        user = self.clients[name].user
        if found is not None and user in found.members and not found.members[user] & 4:
            change = ModeChange(True, "o", None, user)
            house.node.commit(ModesChanged(found, (change,), house.node.network.me, house.clock.time()))

    def special(self, name: str, what: str, channel: str, other: str) -> None:
        house = self.mesh[name]
        network = house.node.network
        if what == "!kill":
            self.killed = True
            user = network.users.get(self.clients[other].user.uid)
            if user is not None:
                house.node.commit(Killed(user, network.me, "no", house.clock.time()))
            return
        found = network.channel("#" + channel)
        if found is None:
            return
        if what == "!op":
            self.op(name, channel)
        elif what in ("!stay", "!go"):
            adding = what == "!stay"
            if ("P" in found.flags) is not adding:
                change = ModeChange(adding, "P")
                house.node.commit(ModesChanged(found, (change,), network.me, house.clock.time()))
        else:
            letters = what.partition(" ")[2]
            if letters != found.locked:
                house.node.commit(ModesLocked(found, letters, network.me, house.clock.time()))

    def say(self, name: str, command: str, channel: str, other: str) -> None:
        if command.startswith("!"):
            self.special(name, command, channel, other)
            return
        nick = self.clients[other].user.nick
        self.clients[name] >> command.format(c=channel, n=nick)

    def odd(self, line: str, ts: int, channel: str) -> None:
        """The server of another make says something that it does not do itself, with some TS or other."""
        house = self.mesh["z"]
        link = house.parts.links.neighbour("c.test")
        if link is not None:
            now = int(house.clock.time())
            me, user = house.node.network.me.sid, self.clients["z"].user.uid
            text = line.format(
                sid=me, uid=user, ts=ts if ts < 10**6 else now + ts - 10**6, c=channel, now=now
            )
            link.send(text.encode())

    def replace(self) -> None:
        """Others come for those who are gone."""
        for name, client in self.clients.items():
            if client.session.closed:
                self.generation += 1
                self.clients[name] = self.mesh[name].client(f"{name}{self.generation}")
                self.clients[name] >> "JOIN #x"

    def linked(self, edge: tuple[str, str]) -> bool:
        for wire in list(self.mesh.wires):
            if any(link.gone or link.suspended for link in wire.links.values()):
                self.mesh.wires.remove(wire)
                wire.lose({})
        return any(set(wire.ends) == set(edge) for wire in self.mesh.wires)

    def step(self, step: tuple[Any, ...]) -> None:
        kind = step[0]
        if kind == "say":
            _, who, command, channel, other = step
            names = self.names
            self.say(names[who % len(names)], command, channel, names[other % len(names)])
        elif kind == "deliver":
            for number in range(step[2]):
                self.mesh.deliver_one(step[1] + number * 7)
        elif kind == "wait":
            self.mesh.clock.advance(step[1])
        elif kind == "settle":
            self.mesh.settle()
        elif kind == "clock":
            self.mesh.step_clock(self.names[step[1] % len(self.names)], step[2])
        elif kind == "odd":
            self.odd(*step[1:])
        else:
            edge = self.edges[step[1] % len(self.edges)]
            if kind == "cut" and self.linked(edge):
                self.mesh.cut(*edge)
            elif kind == "reset" and self.linked(edge):
                self.mesh.reset(*edge, **{edge[0]: step[2], edge[1]: step[3]})
            elif kind == "link" and not self.linked(edge):
                self.mesh.link(*edge)
        self.replace()

    def heal(self) -> None:
        """Make every link, again if one was given up meanwhile, and deliver everything."""
        self.mesh.settle()
        while missing := [edge for edge in self.edges if not self.linked(edge)]:
            for edge in missing:
                self.mesh.link(*edge)
            self.mesh.settle()

    def agree(self) -> None:
        self.mesh.check()
        networks = [house.node.network for house in self.mesh]
        alive = {user.uid for each in networks for user in each.users.values() if user.server is each.me}
        for each in networks:
            assert each.users.keys() == alive  # no ghosts, and nobody is missing
        first, *others = [self.known(name) for name in self.names if name != "z"]
        for other in others:
            assert other == first

    def known(self, name: str) -> dict[str, Any]:
        """What a house knows of channels, and how it spells them.

        A ban that is over by one of the clocks is there for those whose clock is behind, and for no others.
        """
        found = snapshot(self.mesh[name])
        latest = max(house.clock.time() for house in self.mesh)
        for channel in found.values():
            for letter, entries in channel["lists"].items():
                channel["lists"][letter] = {
                    key: entry for key, entry in entries.items() if entry[3] is None or entry[3] > latest
                }
        for folded, channel in self.mesh[name].node.network.channels.items():
            found[folded]["name"] = channel.name
        if self.killed:  # Where they were killed before, an entry is one of their server.
            for channel in found.values():
                for entries in channel["lists"].values():
                    entries.update({key: (text, at, until) for key, (text, _, at, until) in entries.items()})
        return found

    def compare(self) -> int:
        """Have all neighbours compare digests; how many channels they found different, ever."""
        self.mesh.clock.advance(61)
        for house in self.mesh:
            for link in house.parts.links.stamped(None):
                if link.sid is not None and house.node.network.me.sid < link.sid:
                    digests.begin(house.parts.links, link)
        self.mesh.settle()
        return sum(registers(house).desyncs for house in self.mesh)


def registers(house: House) -> Registers:
    found = house.parts.links.registers
    assert found is not None
    return found


@cache
def steps(*kinds: str, most: int = 60) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    every = {
        "live": st.tuples(
            st.just("say"), st.integers(0, 4), st.sampled_from(LIVES), st.sampled_from("yyYx"),
            st.integers(0, 4),
        ),
        "stay": st.tuples(
            st.just("say"), st.integers(0, 4), st.sampled_from(STAYS), st.sampled_from("yyYx"),
            st.integers(0, 4),
        ),
        "say": st.tuples(
            st.just("say"), st.integers(0, 4), st.sampled_from(COMMANDS), st.sampled_from("xxyY"),
            st.integers(0, 4),
        ),
        "deliver": st.tuples(st.just("deliver"), st.integers(0, 9), st.integers(1, 6)),
        "wait": st.tuples(st.just("wait"), st.sampled_from([0.0004, 1.0, 30.0])),
        "cut": st.tuples(st.just("cut"), st.integers(0, 3)),
        "link": st.tuples(st.just("link"), st.integers(0, 3)),
        "reset": st.tuples(st.just("reset"), st.integers(0, 3), st.integers(0, 300), st.integers(0, 300)),
        "settle": st.tuples(st.just("settle")),
        "clock": st.tuples(
            st.just("clock"), st.integers(0, 4), st.sampled_from([30, -30, 3600, -3600, 7, -7])
        ),
        "odd": st.tuples(
            st.just("odd"), st.sampled_from(ODD), st.sampled_from(ODD_TIMES), st.sampled_from("xxyY")
        ),
    }  # fmt: skip
    return st.lists(st.one_of(*(every[kind] for kind in kinds)), min_size=5, max_size=most)


def run(tree: str, story: list[tuple[Any, ...]], **sections: Any) -> World:
    world = World(tree, **sections)
    for step in story:
        world.step(step)
    world.heal()
    return world


EVERYTHING: Final = (
    *("say", "say", "say", "say", "deliver", "deliver", "wait", "cut", "link", "link", "reset", "settle"),
)
PLAIN: Final = {"converge": False}


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_in_any_order(tree: str, data: st.DataObject) -> None:
    """Nothing is lost, but each line comes when it likes."""
    run(tree, data.draw(steps("say", "say", "say", "deliver", "wait"))).agree()


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_when_links_are_lost_and_made_again(tree: str, data: st.DataObject) -> None:
    world = run(tree, data.draw(steps(*EVERYTHING)))
    world.agree()
    assert world.compare() == 0


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_when_links_are_lost_within_a_burst(tree: str, data: st.DataObject) -> None:
    """A burst is handed out in little slices, between which everything happens."""
    run(tree, data.draw(steps(*EVERYTHING)), links={"burst_slice": 2}).agree()


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_channels_that_end_and_begin(tree: str, data: st.DataObject) -> None:
    kinds = ["live" if kind == "say" else kind for kind in (*EVERYTHING, "say", "say", "say")]
    run(tree, data.draw(steps(*kinds, most=90)), links={"burst_slice": 2}).agree()


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_channels_that_stay_while_people_are_killed(tree: str, data: st.DataObject) -> None:
    kinds = ["stay" if kind == "say" else kind for kind in (*EVERYTHING, "say", "say", "say")]
    run(tree, data.draw(steps(*kinds, most=90)), links={"burst_slice": 2}).agree()


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(15, 3000))
@given(data=st.data())
def test_when_clocks_differ_from_each_server_to_the_next(tree: str, data: st.DataObject) -> None:
    """As much as they may between neighbours, so that it is more from one end to the other."""
    run(tree, data.draw(steps(*EVERYTHING)), clocks={"a": -4.5, "c": 4.5}).agree()


@pytest.mark.parametrize("tree", TREES)
@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_when_clocks_are_set_while_links_are_there(tree: str, data: st.DataObject) -> None:
    """By half a minute or an hour, ahead and back, once and again."""
    world = run(tree, data.draw(steps(*EVERYTHING, "clock", "clock")))
    world.agree()
    assert world.compare() == 0


@pytest.mark.parametrize("span", ["20s", "30m"])
def test_a_ban_for_a_time_by_a_clock_that_is_behind(span: str) -> None:
    """It is over elsewhere as soon as it is heard of; where it was set it holds until its end."""
    steps_taken = [("clock", 1, -3600), ("say", 1, f"TBAN #{{c}} {span} *!*@{{n}}", "x", 0)]
    world = run("abcde", steps_taken)
    world.agree()
    assert world.compare() == 0


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("heard", [0, 1, 9])
def test_a_channel_gets_several_names_at_one_moment(order: int, heard: int) -> None:
    """The latest holds on all servers as soon as all have heard of it, whoever heard what first."""
    world = World("abcde")
    world.clients["a"] >> "RENAME #x #y"
    world.clients["d"] >> "RENAME #x #z"
    for number in range(heard):
        world.mesh.deliver_one(order + 3 * number)
    world.clients["b"] >> "MODE #x +m" >> "TOPIC #z :of b"
    world.mesh.clock.advance(0.001)
    name = next(iter(world.mesh["a"].node.network.channels.values())).name
    world.clients["a"] >> f"RENAME {name} #w" >> "JOIN #other"
    for number in range(99):
        world.mesh.deliver_one(order + 7 * number)
    world.heal()
    world.agree()
    assert [sorted(house.node.network.channels) for house in world.mesh] == [["#other", "#w"]] * 5
    assert world.compare() == 0


@settings(deadline=None, max_examples=runs(25, 5000))
@given(data=st.data())
def test_a_leaf_that_says_any_ts(data: st.DataObject) -> None:
    run(LEAF, data.draw(steps(*EVERYTHING, "odd", "odd", "odd"))).agree()


@settings(deadline=None, max_examples=runs(30, 3000))
@given(data=st.data())
def test_a_leaf_of_another_make(data: st.DataObject) -> None:
    """Which changes what it likes, without stamps: all the others agree."""
    run(LEAF, data.draw(steps("say", "say", "say", "deliver", "wait"))).agree()


@settings(deadline=None, max_examples=runs(30, 3000))
@given(data=st.data())
def test_a_leaf_of_another_make_and_links_that_are_lost(data: st.DataObject) -> None:
    run(LEAF, data.draw(steps(*EVERYTHING))).agree()


def agrees(story: list[tuple[Any, ...]], **sections: Any) -> bool:
    try:
        run("abc", story, **sections).agree()
    except AssertionError:
        return False
    return True


def test_without_stamps_they_do_not() -> None:
    """What proves that the tests above can fail."""
    found = find(
        steps("say"),  # which finds one soonest
        lambda story: not agrees(story, links=PLAIN),
        settings=settings(
            max_examples=2000, deadline=None, database=None, derandomize=True, phases=[Phase.generate]
        ),
    )
    assert not agrees(found, links=PLAIN)
    assert agrees(found)


def say(who: int, command: str, other: int = 0, channel: str = "x") -> tuple[Any, ...]:
    return ("say", who, command, channel, other)


RACES: Final = {
    "two keys": [say(0, "MODE #{c} +k one"), say(1, "MODE #{c} +k two")],
    "two topics": [say(0, "TOPIC #{c} :one"), say(1, "TOPIC #{c} :two")],
    "set and unset": [
        say(0, "MODE #{c} +m"),
        ("settle",),
        say(0, "MODE #{c} -m"),
        say(1, "MODE #{c} -m"),
        say(1, "MODE #{c} +m"),
    ],
    "kicked while coming back": [say(0, "KICK #{c} {n} :out", 1), say(1, "PART #{c}"), say(1, "JOIN #{c}")],
    "an operator no more": [say(0, "MODE #{c} -o {n}", 1), say(1, "PART #{c}"), say(1, "JOIN #{c}")],
}


@pytest.mark.parametrize("race", RACES)
def test_a_race(race: str) -> None:
    run("abc", RACES[race]).agree()


@pytest.mark.parametrize("race", ["two keys", "two topics", "set and unset", "kicked while coming back"])
def test_a_race_that_nobody_wins_without_stamps(race: str) -> None:
    """As on all TS6 networks: each side has what it heard last."""
    assert not agrees(RACES[race], links=PLAIN)


FOUND: Final = {
    "a mode of who was split away meanwhile": [say(0, "MODE #{c} -o {n}", 2), ("cut", 1)],
    "a kick that was lost with the link, of a channel made anew": [
        say(2, "KICK #{c} {n} :out", 1),
        ("cut", 1),
        say(2, "QUIT :gone", 3),
    ],
    "a KILL that is late, of who was lost and told of anew meanwhile": [
        ("cut", 1),
        say(0, "!kill", 2),
        ("reset", 0, 27, 254),
    ],
    "who comes back while their server has no neighbour": [
        say(0, "PART #{c}"),
        ("cut", 0),
        say(0, "JOIN #{c}"),
    ],
}


@pytest.mark.parametrize("story", FOUND)
def test_what_once_went_wrong(story: str) -> None:
    run("abc", FOUND[story]).agree()


def deliver(choice: int, lines: int) -> tuple[Any, ...]:
    return ("deliver", choice, lines)


def test_a_channel_without_members_is_the_older_one_where_somebody_is() -> None:
    """It stayed by +P, which the older one does not have: for a moment it is none."""
    story = [
        say(1, "JOIN #{c}", 3, "y"),
        deliver(7, 5),
        say(0, "JOIN #{c}", 3, "y"),
        say(1, "PART #{c}", 2, "y"),
        say(1, "JOIN #{c}", 0, "y"),
        say(1, "!stay", 3, "y"),
        say(1, "KICK #{c} {n}", 1, "y"),
    ]
    run("abc", story, links={"burst_slice": 2}).agree()


def test_a_channel_becomes_older_while_it_is_told_in_a_burst() -> None:
    """It is told as the younger one first, and the older one as it was without those of the younger."""
    story = [
        say(3, "JOIN #{c}", 1, "y"),
        ("cut", 3),
        say(2, "JOIN #{c}", 1, "y"),
        deliver(9, 6),
        ("cut", 0),
        ("link", 2),
        deliver(4, 6),
        ("link", 3),
        say(1, "JOIN #{c}", 4, "y"),
        deliver(5, 4),
        deliver(3, 4),
        deliver(6, 3),
        deliver(5, 1),
        ("reset", 3, 1, 216),
    ]
    run("abc", story, links={"burst_slice": 2}).agree()


def test_a_channel_ends_and_is_another_one_while_it_waits_for_its_turn_in_a_burst() -> None:
    story = [
        ("cut", 1),
        say(0, "JOIN #{c}", 0, "y"),
        say(2, "JOIN #{c}", 1, "y"),
        ("link", 1),
        deliver(9, 1),
        deliver(5, 6),
        say(2, "TOPIC #{c} :a", 0, "y"),
        ("reset", 1, 122, 240),
        say(3, "JOIN #{c}", 1, "y"),
        say(2, "QUIT :x", 2, "y"),
        say(2, "JOIN #{c}", 0, "y"),
    ]
    run("abcde", story, links={"burst_slice": 2}).agree()


def test_a_channel_that_ended_is_remembered_when_it_lost_and_the_winner_ended_too() -> None:
    story = [
        say(1, "JOIN #{c}", 2, "y"),
        ("wait", 1.0),
        say(0, "JOIN #{c}", 3, "y"),
        ("wait", 30.0),
        say(3, "PART #{c}", 4, "y"),
        say(4, "KICK #{c} {n}", 1, "y"),
        say(1, "JOIN #{c}", 0, "y"),
        say(1, "PART #{c}", 0, "y"),
        deliver(7, 5),
        deliver(8, 5),
        deliver(8, 4),
        say(3, "JOIN #{c}", 3, "y"),
    ]
    run("abc", story, links={"burst_slice": 2}).agree()


def test_who_left_and_came_back_within_a_burst_is_no_operator() -> None:
    """The burst tells of them as they came back, of the channel that is younger; before, as they were."""
    story = [
        say(0, "PART #{c}", 3),
        ("cut", 0),
        say(3, "JOIN #{c}", 0, "y"),
        ("link", 0),
        deliver(3, 6),
        deliver(4, 2),
        ("reset", 0, 123, 222),
        say(3, "PART #{c}", 3, "y"),
        say(3, "JOIN #{c}", 1, "y"),
    ]
    run("abc", story, links={"burst_slice": 2}).agree()


LEAVES: Final = {
    "a channel is made anew within the second in which it ended": [
        say(3, "JOIN #{c}", 0, "y"),
        say(3, "MODE #{c} -k+l * 99", 2, "y"),
        say(3, "JOIN 0", 2),
        say(3, "JOIN #{c}", 0, "y"),
    ],
    "it goes on with a channel that ended": [
        say(2, "MODE #{c} +mi-t", 1),
        ("cut", 1),
        say(2, "JOIN 0", 3),
        ("reset", 2, 206, 114),
        ("wait", 30.0),
    ],
    "it knows the older channel, which is remembered": [
        say(1, "JOIN 0", 4),
        ("reset", 2, 48, 35),
        ("reset", 1, 292, 41),
        ("reset", 3, 279, 79),
        ("wait", 30.0),
        say(2, "QUIT :gone", 4),
        ("link", 1),
    ],
    "it knows an older channel, of which nobody else does": [
        say(3, "QUIT :x", 4, "y"),
        say(3, "JOIN #{c}", 0, "y"),
        ("wait", 1.0),
        deliver(1, 6),
        say(1, "JOIN #{c}", 1, "y"),
        deliver(0, 5),
        say(1, "PART #{c}", 4, "y"),
    ],
    "it says that its channel is older, with the operator that it has anyhow": [
        say(3, "JOIN #{c}", 0, "y"),
        ("odd", ":{sid} SJOIN {ts} #{c} +nt :@{uid}", 999_995, "y"),
    ],
    "a mode of a channel that lost to an older one": [
        say(4, "QUIT :x", 4, "y"),
        say(4, "JOIN #{c}", 2, "y"),
        ("wait", 30.0),
        say(4, "PART #{c}", 0, "y"),
        say(2, "JOIN #{c}", 1, "y"),
        deliver(8, 4),
        deliver(5, 6),
        say(2, "PART #{c}", 0, "y"),
        deliver(7, 3),
        say(0, "!stay", 2, "y"),
    ],
}


@pytest.mark.parametrize("story", LEAVES)
def test_what_once_went_wrong_with_a_leaf(story: str) -> None:
    run(LEAF, LEAVES[story], links={"burst_slice": 2}).agree()


@pytest.mark.parametrize(
    ("before", "near", "far"),
    [
        ("MODE #x +m", "MODE #x -m", "MODE #x -m+m"),
        ("MODE #x +i", "MODE #x +k near", "MODE #x +k far"),
        ("MODE #x +i", "MODE #x +b a!*@*", "MODE #x +b-b a!*@* a!*@*"),
        ("TOPIC #x :tea", "TOPIC #x :near", "TOPIC #x :far"),
        ("MODE #x -o z0", "MODE #x +o z0", "MODE #x +m"),
    ],
)
def test_a_leaf_is_told_again_what_holds(before: str, near: str, far: str) -> None:
    """It hears our change after its own, which came later to us."""
    world = World(LEAF)
    for name, line in (("c", before), ("c", near), ("z", far)):
        for each in line.replace("-m+m", "-m|MODE #x +m").replace("+b-b a!*@*", "+b|MODE #x -b").split("|"):
            world.clients[name] >> each
        if line == before:
            world.mesh.settle()
    world.mesh.settle()
    world.agree()
    core, leaf = (snapshot(world.mesh[name], "lists") for name in "cz")
    assert core["#x"]["modes"] == leaf["#x"]["modes"]
    assert core["#x"]["topic"] is None or core["#x"]["topic"].text == leaf["#x"]["topic"].text


def test_a_channel_that_had_ended_stays_while_a_younger_one_is_there() -> None:
    """+P is on the way to it."""
    story = [
        say(3, "!stay", 4),
        say(1, "JOIN #{c}", 3, "y"),
        ("wait", 30.0),
        ("deliver", 6, 3),
        say(0, "!stay", 3, "y"),
        say(1, "QUIT :gone", 1, "y"),
        say(4, "JOIN #{c}", 4, "y"),
    ]
    run("abcde", story).agree()


@pytest.mark.parametrize(("near", "far"), [("#tea", "#Tea"), ("#Tea", "#tea")])
def test_of_two_spellings_of_one_moment_one_holds_everywhere(near: str, far: str) -> None:
    """Whichever was the older one, or if they are of one second."""
    for wait in (0.0, 2.0):
        world = World("abcde")
        world.clients["a"] >> f"JOIN {near}"
        world.mesh.clock.advance(wait)
        world.clients["e"] >> f"JOIN {far}"
        world.mesh.settle()
        world.clients["c"] >> "JOIN #TEA"
        world.mesh.settle()
        names = {channel.name for house in world.mesh if (channel := house.node.network.channel("#tea"))}
        assert len(names) == 1 and names <= {near, far}
        world.agree()


def test_who_makes_a_channel_by_a_line_that_was_carried_on_spells_it_as_the_others() -> None:
    """Its own one, which the neighbour spells in another way, had ended a moment ago."""
    story = [
        ("odd", ":{sid} SJOIN {ts} #{c} + :{uid}", 0, "y"),
        say(0, "JOIN #{c}", 1, "Y"),
        say(3, "JOIN #{c}", 2, "Y"),
        ("deliver", 6, 6),
        say(0, "PART #{c}", 0, "y"),
    ]
    run(LEAF, story).agree()


# digests


def test_a_difference_is_found_told_and_mended() -> None:
    """There is none by itself: here somebody lays hands on a server."""
    world = World("abc", **staff.sections({"name": "root", "class": "admin", "password": staff.HASH}))
    ann = staff.oper(world.mesh["a"], "ann")
    ann >> "MODE ann +s +x"
    world.mesh.settle()
    channel = world.mesh["b"].node.network.channel("#x")
    assert channel is not None
    channel.flags.add("m")
    channel.topic = Topic("odd", "eve", 5)
    ann.lines()
    assert world.compare() == 2  # a and c each found it
    world.agree()
    text = "b.test knows #x in another way: both tell each other all of it"
    ann.until(f":a.test NOTICE * :* Notice -- {text}")
    ann.lines()
    ann >> "STATS w"
    ann << ":a.test 249 ann w :* stamp(s), 0 channel(s) that ended"
    ann << ":a.test 249 ann w :1 channel(s) known in another way by a neighbour"
    assert world.compare() == 2


def test_digests_are_compared_after_a_burst_and_now_and_then() -> None:
    world = World("abc")
    wire = world.mesh.wire("a", "b")
    for seconds, times in ((1, 0), (29, 0), (1, 1), (300, 0), (300, 1), (599, 0), (1, 1)):
        for _ in range(seconds):
            world.mesh.clock.advance(1)
            for house in world.mesh:
                sweep(house.parts.links)
            world.mesh.settle()
        said = [line for line in wire.pipes["a"].said if " CNDIG " in line]
        wire.pipes["a"].said.clear()
        assert len(said) == times, seconds
        assert not [line for line in wire.pipes["b"].said if " CNDIG " in line]
    world.agree()
