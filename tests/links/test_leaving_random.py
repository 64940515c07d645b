"""Servers that lose each other and go elsewhere, in any order and between any two lines: all meet again.

A leaf, two hubs of which either may be its uplink, and a server behind the first of them.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import Mesh, read_away
from profiles import runs
from street import snapshot

from chatnet.links.neighbour.link import State

WAYS = (("c", "a"), ("c", "b"), ("b", "a"), ("d", "a"))
"""Who dials whom; c wants one of the first two."""

steps = st.one_of(
    st.tuples(st.just("deliver"), st.integers(0, 40), st.integers(0, 63)),
    st.tuples(st.just("lose"), st.integers(0, 7), st.integers(0, 400)),
    st.tuples(st.just("lose alone"), st.integers(0, 7), st.integers(0, 1)),
    st.tuples(st.just("give up"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("move"), st.integers(0, 1), st.integers(0, 400)),
    st.tuples(st.just("dial"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("say"), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 12), st.just(0)),
)


class Moves:
    """Four servers, and what happens to them."""

    def __init__(self) -> None:
        self.mesh = Mesh("a", "b", "c", "d")
        self.people = {name: self.mesh[name].client(f"nick{name}") for name in "abcd"}
        for one, two in (("b", "a"), ("d", "a"), ("c", "a")):
            self.mesh.link(one, two)
        self.mesh.settle()
        for person in self.people.values():
            person >> "JOIN #c"
            self.mesh.settle()

    def do(self, what: str, number: int, more: int) -> None:
        mesh = self.mesh
        if what == "deliver":
            for _ in range(number):
                mesh.deliver_one(more)
        elif what == "lose" and mesh.wires:
            wire = mesh.wires.pop(number % len(mesh.wires))
            wire.lose({wire.ends[more % 2]: more})
        elif what == "lose alone" and mesh.wires:
            # One end knows; nothing arrives at the other any more, which does not.
            wire = mesh.wires.pop(number % len(mesh.wires))
            wire.connections[wire.ends[more]].connection_lost("Connection timed out")
        elif what == "give up":
            waiting = [x for house in mesh for x in house.parts.links.neighbours() if x.suspended]
            if waiting:
                waiting[number % len(waiting)].expire()
        elif what == "move":
            self.move(number, more)
        elif what == "dial":
            self.dial(*WAYS[number])
        elif what == "say":
            name = "abcd"[number]
            self.people[name] >> f"PRIVMSG #c :{more}" >> f"TOPIC #c :{name}{more}"
            mesh[name].settle()
        elif what == "wait":
            mesh.clock.advance(number)
        for house in mesh:
            names = [server.name for server in house.node.network.servers.values()]
            assert len(set(names)) == len(names)
            house.check()

    def move(self, alone: int, arrived: int) -> None:
        """c loses its hub, which may not know, gives it up, and dials the other one."""
        for hub, other in (("a", "b"), ("b", "a")):
            link = self.mesh["c"].parts.links.neighbour(f"{hub}.test")
            if link is None:
                continue
            for wire in [wire for wire in self.mesh.wires if link.connection in wire.connections.values()]:
                self.mesh.wires.remove(wire)
                if alone:
                    link.connection_lost("Connection timed out")
                else:
                    wire.lose({"c": arrived})
            link.expire()
            self.dial("c", other)
            return

    def dial(self, one: str, two: str) -> None:
        """Dial where a dialler would: what is suspended, or is not in the network."""
        links = self.mesh[one].parts.links
        there = links.neighbour(f"{two}.test")
        if any(link.dialled and link.state is State.GREETING for link in links.all):
            return  # one at a time
        wanted = [two] if one != "c" else ["a", "b"]
        linked = [x for name in wanted if (x := links.neighbour(f"{name}.test")) is not None]
        if there is not None and not there.suspended:
            return
        if there is None and (linked or links.server(f"{two}.test") is not None):
            return
        self.mesh.link(one, two)

    def heal(self) -> None:
        """Time passes, and all dial until they are one network."""
        for _ in range(12):
            alive = [connection for wire in self.mesh.wires for connection in wire.connections.values()]
            for house in self.mesh:
                for link in list(house.parts.links.all):
                    if not link.suspended and link.connection not in alive:
                        link.lose("Ping timeout")
            for one, two in WAYS:
                self.dial(one, two)
                self.mesh.settle()
            self.mesh.advance(5)


@settings(max_examples=runs(25, 3000), deadline=None)
@given(st.lists(steps, max_size=40))
def test_however_they_move_they_are_one_network_in_the_end(several: list[tuple[str, int, int]]) -> None:
    moves = Moves()
    for step in several:
        moves.do(*step)
    moves.heal()
    mesh = moves.mesh
    first, *others = [snapshot(house) for house in mesh]
    assert all(other == first for other in others)
    for house in mesh:
        assert len(house.node.network.servers) == 4
        assert len(house.node.network.users) == 4
        house.check()
    read_away(moves.people.values())
    for name, person in moves.people.items():
        person >> f"PRIVMSG #c :all here, {name}"
        mesh.settle()
        for other in moves.people.values():
            assert other is person or other.lines()[-1].endswith(f" PRIVMSG #c :all here, {name}")
