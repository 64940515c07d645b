"""Several nodes in memory, linked: lines between them wait until a test delivers them, one by one or all.

``mesh = Mesh("a", "b", "c")`` makes houses ``a.test``, ``b.test`` and ``c.test``, which share a clock;
``mesh.link("a", "b")`` connects two of them (``a`` dials), and ``mesh.settle()`` delivers everything.
``mesh.cut("a", "b")`` loses the connection for longer than a link waits; after ``mesh.reset("a", "b")`` the
links wait for another ``mesh.link``.
A :class:`Stranger` is a server of another make, played by the test line by line.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from conversation import Client, House, ManualClock, matches
from solanum import Solanum

from chatnet.links.dialling.attempts import Attempt
from chatnet.links.neighbour.connection import Connection
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State

SECRET = "linkpw"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Pipe:
    """One direction of a connection: the exit of one link, which leads to the other end."""

    def __init__(self, longest: int = 510) -> None:
        self.longest = longest  # bytes of a line without its tags
        self.lines: deque[bytes] = deque()
        self.sendq = 0
        self.ended = False
        self.paused = False
        self.said: list[str] = []  # all that ever went in

    @property
    def waiting(self) -> int:
        return sum(map(len, self.lines))

    def send(self, line: bytes) -> None:
        if self.ended:
            return
        assert line.endswith(b"\r\n") and line.count(b"\n") == 1, line
        text = line[:-2].decode("utf-8", "surrogateescape")
        body = text.partition(" ")[2] if text.startswith("@") else text
        assert len(body.encode("utf-8", "surrogateescape")) <= self.longest, text
        self.lines.append(line)
        self.said.append(text)

    def close(self) -> None:
        """Nothing more goes in; what is in comes out."""
        self.ended = True

    def abort(self) -> None:
        """What is in is lost as well."""
        self.ended = True
        self.lines.clear()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Wire:
    """A connection between two houses, by their names; ``connections`` and ``pipes`` are those of each.

    It may be the one that an `attempt` of the first is for.
    """

    def __init__(self, mesh: Mesh, dialling: str, answering: str, attempt: Attempt | None = None) -> None:
        self.ends = (dialling, answering)
        self.pipes = {dialling: Pipe(16384), answering: Pipe(16384)}
        self.connections: dict[str, Connection[Link]] = {}
        self._made: dict[str, Link] = {}
        for name, other in (self.ends[::-1], self.ends):
            links = mesh[name].parts.links
            block = links.block(f"{other}.test") if name == dialling else None
            assert name != dialling or block is not None
            if attempt is not None and name == dialling:
                self._made[name] = attempt.opened(self.pipes[name], trusted())
            else:
                self._made[name] = links.open(self.pipes[name], trusted(), block)
            self.connections[name] = self._made[name].connection

    @property
    def links(self) -> dict[str, Link]:
        """The link that each house made of it, or the one that went on with it."""
        return {name: link.greeting.heir or link for name, link in self._made.items()}

    def other(self, name: str) -> str:
        """The end that is not `name`."""
        return self.ends[self.ends[0] == name]

    def deliver(self, name: str) -> bool:
        """Deliver one line that `name` said; False if there is none.  The end comes after the last line."""
        pipe, connection = self.pipes[name], self.connections[self.other(name)]
        if pipe.lines:
            connection.receive(pipe.lines.popleft())
            return True
        if self.is_ending(name):
            connection.connection_lost("Connection closed")
            return True
        return False

    def is_ending(self, name: str) -> bool:
        """Whether `name` has closed it and the other end does not know yet."""
        return self.pipes[name].ended and self.connections[self.other(name)].link is not None

    def lose(self, arrived: dict[str, int]) -> None:
        """Lose the connection. Of what is on its way from each, so many bytes arrive before."""
        for name in self.ends:
            data = b"".join(self.pipes[name].lines)[: arrived.get(name, 0)]
            self.pipes[name].abort()
            if data:
                self.connections[self.other(name)].receive(data)
        for name in self.ends:
            self.connections[name].connection_lost("Connection reset by peer")


class OtherClock(ManualClock):
    """The clock of a mesh, as a house reads it: its time is `ahead` by seconds, and may be set."""

    def __init__(self, clock: ManualClock, ahead: float) -> None:
        self.ahead = ahead
        for name in ("monotonic", "later", "advance", "step"):
            setattr(self, name, getattr(clock, name))
        self._clock = clock

    def time(self) -> float:
        return self._clock.time() + self.ahead

    @property
    def elapsed(self) -> float:
        return self._clock.elapsed

    @elapsed.setter
    def elapsed(self, seconds: float) -> None:
        self._clock.elapsed = seconds


EVENT = re.compile(r"@\S* :\S+ (?:S?JOIN|PART|QUIT|NICK|KICK|T?MODE|TOPIC|ETB|EBMASK|RENAME|KILL|SAVE) ")


def without(key: str, line: str) -> str:
    """A line that has tags, without one of them."""
    tags, body = line[1:].split(" ", 1)
    rest = ";".join(tag for tag in tags.split(";") if tag.partition("=")[0] != key)
    return f"@{rest} {body}" if rest else body


def unstamped(line: str) -> str:
    return without("chatnet/ts", line) if line.startswith("@chatnet/ts=") else line


class Mesh:
    """Houses by name.  `sections` are settings for all of them; ``sections_of`` gives some to one alone.

    `clocks` tells how many seconds the clocks of some are ahead of that of the others.
    """

    blocks: ClassVar[dict[str, Any]] = {}
    """What each block for another of them has beside."""

    def __init__(
        self,
        *names: str,
        sections_of: dict[str, dict[str, Any]] | None = None,
        clocks: dict[str, float] | None = None,
        **sections: Any,
    ) -> None:
        self.clock = ManualClock()
        self.wires: list[Wire] = []
        self.houses: dict[str, House] = {}
        self.clocks: dict[str, OtherClock] = {}
        for name in names:
            own = {**sections, **(sections_of or {}).get(name, {})}
            blocks = [block(other) for other in names if other != name]
            own["link"] = [*(each | self.blocks for each in blocks), *own.get("link", ())]
            number = names.index(name)
            own["server"] = {"name": f"{name}.test", "sid": f"0{LETTERS[number]}A", **own.get("server", {})}
            ahead = (clocks or {}).get(name, 0.0)
            self.clocks[name] = OtherClock(self.clock, ahead)
            self.houses[name] = self.make(clock=self.clocks[name], **own)

    def make(self, **given: Any) -> House:
        """One of the houses."""
        return House(**given)

    def __getitem__(self, name: str) -> House:
        return self.houses[name]

    def __iter__(self) -> Iterator[House]:
        return iter(self.houses.values())

    def step_clock(self, name: str, seconds: float) -> None:
        """Somebody sets the clock of a house; what waits there waits as long as before."""
        self.clocks[name].ahead += seconds

    def link(self, dialling: str, answering: str, attempt: Attempt | None = None) -> Wire:
        """Connect two houses; nothing is delivered yet."""
        wire = Wire(self, dialling, answering, attempt)
        self.wires.append(wire)
        return wire

    def wire(self, one: str, two: str) -> Wire:
        """The newest connection between two houses."""
        return next(wire for wire in reversed(self.wires) if {one, two} == set(wire.ends))

    def settle_between(self, one: str, two: str) -> None:
        """Deliver everything that two houses say to each other, and nothing else."""
        wire = self.wire(one, two)
        while self._turn() or wire.deliver(one) or wire.deliver(two):
            pass

    def cut(self, one: str, two: str) -> None:
        """Lose the connection between two houses, with all that is on its way, for long."""
        links = self.wire(one, two).links
        self.reset(one, two)
        for link in links.values():
            link.expire()

    def reset(self, one: str, two: str, **arrived: int) -> None:
        """Lose the connection between two houses, for a moment.

        ``mesh.reset("a", "b", a=20)``: of what is on its way 20 bytes of a's arrive, and nothing of b's.
        """
        wire = self.wire(one, two)
        self.wires.remove(wire)
        wire.lose(arrived)

    def said(self, by: str, to: str) -> list[str]:
        """All that `by` said to `to` since the last look, whether it was delivered or not; then forgotten.

        It is shown without its stamps, and without the ids of events.
        """
        pipe = self.wire(by, to).pipes[by]
        said, pipe.said = pipe.said, []
        return [without("msgid", each) if EVENT.match(each) else each for each in map(unstamped, said)]

    def waiting(self) -> list[tuple[Wire, str]]:
        """The directions in which something is on its way: a wire, and who said it."""
        return [
            (wire, name)
            for wire in self.wires
            for name in wire.ends
            if wire.pipes[name].lines or wire.is_ending(name)
        ]

    def deliver(self, by: str, to: str, lines: int = 1) -> None:
        """Deliver the next lines that `by` said to `to`."""
        wire = self.wire(by, to)
        for _ in range(lines):
            assert wire.deliver(by), f"{by} said nothing more to {to}"
        self._turn()

    def deliver_one(self, choice: int) -> bool:
        """Deliver one line of one direction, whichever `choice` picks; False if nothing more happens."""
        busy = self._turn()
        waiting = self.waiting()
        if not waiting:
            return busy
        wire, name = waiting[choice % len(waiting)]
        wire.deliver(name)
        self._turn()
        return True

    def settle(self) -> None:
        """Deliver everything, in turns, until nobody says anything more."""
        for round_ in itertools.count():
            assert round_ < 100_000, "they never stop"
            if not self.deliver_one(round_):
                return

    def advance(self, seconds: float) -> None:
        """Let time pass, and deliver everything."""
        self.clock.advance(seconds)
        self.settle()

    def _turn(self) -> bool:
        """End the turn of every node: bursts go on by a slice, and clients read what they are told."""
        busy = self.clock.step()
        for house in self:
            house.settle()
        return busy

    def check(self) -> None:
        """Every node is sound, and no link broke."""
        for house in self:
            house.check()
        for wire in self.wires:
            for name, link in wire.links.items():
                assert link.state is not State.GONE, f"{name} closed a link: {link.reason}"


REFUSED: list[str] = []
"""What strangers of this test would not take, and why; conftest.py looks at it when the test ends."""


class Ear(Pipe):
    """What a server of another make hears."""

    def __init__(self) -> None:
        super().__init__()
        self.there: Solanum | None = Solanum()

    def send(self, line: bytes) -> None:
        super().send(line)
        if self.there is not None and not self.ended:
            text = line[:-2].decode("utf-8", "surrogateescape")
            if (why := self.there.hear(text)) is not None:
                REFUSED.append(f"{text}: {why}")


class Stranger:
    """A neighbour of one house that the test plays: ``>>`` says a line, ``<<`` expects the next one.

    It does not answer PING.  One that is not a chatnet server takes what Solanum would take, and the test
    fails if it hears something else.
    """

    def __init__(self, house: House, name: str, sid: str) -> None:
        self.house = house
        self.name = name
        self.sid = sid
        self.pipe = Ear()
        self.link = house.parts.links.open(self.pipe, trusted())

    def __rshift__(self, line: str) -> Stranger:
        if line.startswith("CAPAB ") and "CN1" in line:
            self.pipe.there = None
        self.link.connection.receive(line.encode("utf-8", "surrogateescape") + b"\r\n")
        self._turn()
        return self

    def _turn(self) -> None:
        self.house.clock.advance(0)
        self.house.settle()
        self.pipe.lines.clear()
        assert REFUSED == []

    def lines(self) -> list[str]:
        """Everything heard since the last look; then forgotten."""
        self._turn()
        lines, self.pipe.said = self.pipe.said, []
        return lines

    def __lshift__(self, pattern: str) -> Stranger:
        self._turn()
        assert self.pipe.said, f"nothing heard, expected {pattern!r}"
        line = self.pipe.said.pop(0)
        assert matches(line, pattern), f"heard {line!r}, expected {pattern!r}; then {self.pipe.said}"
        return self

    def silent(self) -> None:
        """Nothing was heard."""
        assert (got := self.lines()) == [], got

    @property
    def gone(self) -> str | None:
        """Why the house ended the link, or None while it is up."""
        return self.link.reason if self.link.state is State.GONE else None


SOLANUM = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB"


def stranger(house: House, name: str, sid: str, caps: str = SOLANUM) -> Stranger:
    """A server that has linked to `house` and told all it knows; what it heard meanwhile is forgotten.

    The house needs a block for it: ``block("so1")`` for ``so1.test``.
    """
    it = Stranger(house, name, sid)
    it >> f"PASS {SECRET} TS 6 :{sid}" >> f"CAPAB :{caps}" >> f"SERVER {name} 1 :a stranger"
    it >> f"SVINFO 6 6 0 :{int(house.clock.time())}" >> f"PING :{sid}"
    assert it.gone is None, it.gone
    it.lines()
    return it


def block(name: str, **more: Any) -> dict[str, Any]:
    """A ``[[link]]`` for ``name.test``, which may do anything."""
    return {"name": f"{name}.test", "password": SECRET, "role": "hub", **more}


def trusted() -> Identity:
    """A neighbour with the right certificate."""
    return Identity("192.0.2.200", secure=True, vouched=lambda settings: True)


def read_away(clients: Iterable[Client]) -> None:
    """Forget what clients were told."""
    for client in clients:
        client.lines()
