"""What comes and goes leaves nothing in memory, but for what a setting bounds: docs/operators.md, "Memory".

Each round is something that happens again and again in a network of three servers.  After some rounds, and
the time for which things are remembered, the objects that can be reached from a server are counted, and
counted again after many more rounds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import pytest
from census import ITEMS, census
from conversation import Client, House
from mesh import Mesh, read_away

from chatnet.links.lifetimes import sweep
from chatnet.links.stamps.registers import ENDED
from chatnet.model.entities import Channel
from chatnet.model.ids import Folded, UIDs
from chatnet.session import rates

SECTIONS: Final[dict[str, Any]] = {
    "limits": {"whowas": 5, "former_names": 5},
    "links": {"stamp_memory": 60},
    "history": {"messages": 10},
    "flood": {"enabled": False, "rename_period": 0, "knock_period": 0},
    "connection_class": [{"name": "all", "ping_interval": 86400}],
}
WARM: Final = 8
ROUNDS: Final = 20


class World:
    """Three servers in a row, ann, bob and cid on them, who are in #c; `number` counts the rounds."""

    def __init__(self, **links: Any) -> None:
        sections = {**SECTIONS, "links": {**SECTIONS["links"], **links}}
        self.mesh = Mesh("a", "b", "c", **sections)
        self.mesh.link("a", "b")
        self.mesh.link("c", "b")
        self.ann, self.bob, self.cid = (
            self.mesh[name].client(nick) for name, nick in zip("abc", ("ann", "bob", "cid"), strict=True)
        )
        self.number = 0
        self.say(self.ann, "JOIN #c")
        self.say(self.bob, "JOIN #c")
        self.say(self.cid, "JOIN #c")

    @property
    def clients(self) -> list[Client]:
        return [self.ann, self.bob, self.cid]

    def say(self, client: Client, *lines: str) -> None:
        for line in lines:
            client >> line
        self.mesh.settle()
        read_away(self.clients)

    def talk(self) -> None:
        """Everybody says something to everybody, and changes the channel."""
        for client in self.clients:
            others = [other.user.nick for other in self.clients if other is not client]
            self.say(client, "PRIVMSG #c :hello", *(f"PRIVMSG {nick} :hello" for nick in others))
        self.say(self.ann, "MODE #c +b *!*@x", "TOPIC #c :one", "MODE #c -b *!*@x", "MODE #c +v bob")

    def rest(self) -> None:
        """Nothing happens for longer than anything is remembered; then the same as ever."""
        for _ in range(12):
            self.pass_time(30)
        for _ in range(12):
            self.talk()
        for _ in range(12):
            self.pass_time(30)

    def pass_time(self, seconds: float) -> None:
        self.mesh.advance(seconds)
        for house in self.mesh:
            sweep(house.parts.links)
            house.parts.sessions.sweep()
            house.parts.history.sweep(house.clock.time())
            house.parts.admission.sweep()
        self.mesh.settle()
        read_away(self.clients)

    # rounds

    def reset(self) -> None:
        """Both links lose their connections, and go on; whoever dials."""
        for edge, far in (("a", self.ann), ("c", self.cid)):
            self.mesh.reset(edge, "b")
            self.talk()
            assert self.mesh["b"].node.network.user(far.user.nick) is not None, "nobody is gone"
            self.mesh.link(*((edge, "b") if self.number % 2 else ("b", edge)))
            self.mesh.settle()
        self.talk()

    def split(self) -> None:
        """Both links are lost for long, one after the other."""
        for edge in "ac":
            self.mesh.cut(edge, "b")
            self.talk()
            self.mesh.link(edge, "b")
            self.mesh.settle()
        self.talk()

    def cut_in_burst(self) -> None:
        """A split, and while both tell all they know, another one."""
        self.mesh.cut("a", "b")
        self.mesh.link("a", "b")
        for _ in range(3 * (self.number % WARM)):
            self.mesh.deliver_one(0)
        self.mesh.reset("a", "b")
        self.talk()
        for house in self.mesh:
            for link in list(house.parts.links.neighbours()):
                if link.suspended:
                    link.expire()
        self.mesh.link("a", "b")
        self.mesh.settle()
        self.talk()

    def start_anew(self) -> None:
        """A server is killed, and started anew; its people come back."""
        self.mesh.reset("c", "b")
        settings = self.mesh["c"].node.settings.model_dump(by_alias=True, exclude_unset=True)
        house = self.mesh.houses["c"] = House(clock=self.mesh.clock, **settings)
        house.node.uids = UIDs(house.node.network.me.sid, 1000 * (self.number + 1))
        self.mesh.link("c", "b")
        self.mesh.settle()
        self.cid = house.client("cid")
        self.say(self.cid, "JOIN #c")
        self.talk()

    def come_and_go(self) -> None:
        """Somebody new is here for a moment, and does all that leaves marks with others."""
        nick = f"eve{self.number}"
        eve = self.mesh["a"].client(nick)
        self.mesh.settle()
        self.say(
            eve, "JOIN #c", "PRIVMSG bob :x", "NOTICE cid :x", "INVITE bob #c", "ACCEPT bob", "AWAY :x",
            "MONITOR + bob,cid,zed", "WHOIS cid cid", "VERSION c.test", "MODE eve +g",
        )  # fmt: skip
        self.say(self.bob, f"ACCEPT {nick}", f"PRIVMSG {nick} :x", f"MONITOR + {nick}")
        self.say(self.cid, f"PRIVMSG {nick} :x", "JOIN #new", f"INVITE {nick} #new", "PART #new")
        self.say(eve, f"NICK {nick}x", f"PRIVMSG {nick}x :to myself", "JOIN #own")
        self.say(eve, "QUIT :gone") if self.number % 2 else self.lose(eve)
        self.say(self.bob, f"MONITOR - {nick}", f"ACCEPT -{nick}")
        self.talk()

    def lose(self, client: Client) -> None:
        client.session.connection_lost("Connection reset by peer")
        self.mesh.settle()

    def make_and_end(self) -> None:
        """A channel is made, by all sides, used, renamed, and ended."""
        name, other = f"#made{self.number}", f"#named{self.number}"
        for client in self.clients:
            self.say(client, f"JOIN {name}", f"PRIVMSG {name} :x")
        self.say(
            self.ann, f"MODE {name} +bkl *!*@x key 5", f"MODE {name} +ovI bob cid *!*@y", f"TOPIC {name} :x",
            f"MODE {name} +j 3:3", f"INVITE cid {name}", f"RENAME {name} {other} :x",
        )  # fmt: skip
        for client in self.clients:
            self.say(client, f"KNOCK {other}", f"PART {name}", f"PART {other}")
        self.talk()

    def make_in_a_split(self) -> None:
        """A channel is made on both sides of a lost link, with different TS, and ended before they meet."""
        name = f"#both{self.number}"
        self.mesh.cut("a", "b")
        self.say(self.ann, f"JOIN {name}", f"MODE {name} +n", f"PART {name}")
        self.mesh.clock.advance(2)
        self.say(self.bob, f"JOIN {name}", f"MODE {name} +b *!*@x")
        self.mesh.link("a", "b")
        self.mesh.settle()
        self.say(self.bob, f"PART {name}")
        self.talk()


@pytest.mark.parametrize(
    "what",
    [
        World.reset,
        World.split,
        World.cut_in_burst,
        World.start_anew,
        World.come_and_go,
        World.make_and_end,
        World.make_in_a_split,
    ],
    ids=lambda what: what.__name__,
)
@pytest.mark.parametrize("damping", [0, 5])
def test_what_comes_and_goes_leaves_nothing(
    what: Callable[[World], None], damping: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MOST", 4)  # one more and half of them are forgotten: the same after each two
    world = World(split_damping=damping)

    def go(rounds: int) -> None:
        for _ in range(rounds):
            what(world)
            world.number += 1
            world.pass_time(20)
        world.rest()
        if what is World.make_in_a_split:
            # A link keeps the stamps that it was told last, as long as it lives: more or less, by the minute.
            world.mesh.cut("a", "b")
            world.mesh.link("a", "b")
            world.mesh.settle()
            world.rest()

    go(WARM)
    before = {name: census(house) for name, house in world.mesh.houses.items()}
    go(ROUNDS)
    for name, house in world.mesh.houses.items():
        house.check()
        more = census(house) - before[name]
        assert not more, f"{name} has {dict(more)} more"


def test_a_neighbour_that_stays_away_costs_so_much_and_no_more() -> None:
    """Until it is back nothing is too old to be remembered, but what is remembered is bounded."""
    most = 1000
    world = World(stamps=most)
    world.mesh.cut("c", "b")
    house = world.mesh["b"]
    registers, network = house.parts.links.registers, house.node.network
    assert registers is not None and network.memory.ended is not None
    eve = house.client("eve")
    for number in range(2 * most):
        eve >> f"JOIN #x{number}" >> f"MODE #x{number} +m"
        if number % 2:
            eve >> f"PART #x{number}"
        else:
            eve >> "QUIT :gone"
            eve = house.client("eve")
        if not number % 50:
            world.pass_time(1)
            read_away([eve])
    world.pass_time(100)
    ended = sum(map(len, network.memory.ended.values()))
    assert most // 2 < len(registers) <= most
    assert most // ENDED // 2 < ended <= most // ENDED
    assert len(network.memory.beaten) <= most
    now = house.clock.time()
    for number in range(2 * most):
        registers.lost(Channel(f"#y{number}", Folded(f"#y{number}"), int(now)))
    sweep(house.parts.links)
    assert len(registers._touched) == most, "at once, since so much is new"
    house.check()


def test_a_suspended_link_costs_its_lines_and_nothing_else() -> None:
    mesh = Mesh("a", "b", history={"messages": 0}, links={"resume_buffer": 100_000})
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    mesh.reset("a", "b")
    link = mesh["a"].parts.links.neighbour("b.test")
    assert link is not None and link.suspended
    streams = link.streams

    def speak(lines: int) -> None:
        for number in range(lines):
            ann >> f"PRIVMSG #c :{'x' * (1 + number % 300)}"
        mesh.settle()
        read_away([ann, bob])

    speak(10)
    before, there = census(mesh["a"]), len(streams.buffer)
    speak(300)
    assert len(streams.buffer) == there + 300
    assert census(mesh["a"]) - before == {ITEMS: 300}
    memory = sys.getsizeof(streams.buffer) + sum(map(sys.getsizeof, streams.buffer))
    assert memory <= streams.size <= 100_000, "it counts for more than it is"
    speak(100)
    assert link.gone and not streams.buffer and not streams.size, "beyond that it ends, and costs nothing"
