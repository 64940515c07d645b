"""Two machines of ``neighbour/resume.py`` on bad connections: nothing is lost, doubled or turned round.

Each side is as small as can be: it says numbered lines, dials, gives connections up, crashes.  Connections
lose what is on its way at any byte, in the middle of a line as well as in the handshake; an end that does not
know yet goes on writing into nothing; whatever is not delivered for a time is a stall.

``HYPOTHESIS_PROFILE=nightly scripts/test tests/links/test_resume_random.py`` makes 5,000 runs of 600 steps.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any, Final
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.links.neighbour import resume
from chatnet.links.neighbour.resume import Decision, Offer, State, Streams, agree, decide, token
from chatnet.wire.lines import LineBuffer

GRACE: Final = 30.0
MOST_LINES: Final = 24
CONFIRM: Final = 4
"""Lines after which a side confirms."""


class End:
    """One end of a connection: what it wrote and has not arrived, and who reads what arrives."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.other: End = self
        self.out = bytearray()
        self.lost = False  # nothing leaves or arrives any more; `side` may not know yet
        self.reader: Greeting | Session | None = None
        self.lines = LineBuffer(500)

    def write(self, line: bytes) -> None:
        if not self.lost:
            self.out += line

    def deliver(self, count: int) -> None:
        """So many bytes of what it wrote arrive."""
        data = bytes(self.out[:count])
        del self.out[:count]
        other = self.other
        for line in other.lines.feed(data):
            if other.reader is not None:
                other.reader.take(line)
        if isinstance(other.reader, Session):
            other.reader.confirm()

    def lose(self) -> None:
        """Both ends lose what is on its way."""
        for end in (self, self.other):
            end.lost = True
            end.out.clear()

    def notice(self) -> None:
        """This end hears of it, or takes it for lost."""
        self.lose()
        reader, self.reader = self.reader, None
        if reader is not None:
            reader.connection_lost()


class Greeting:
    """A handshake."""

    def __init__(self, end: End, dialled: bool) -> None:
        self.end = end
        self.side = end.side
        self.dialled = dialled
        self.streams = Streams(self.side.epoch)
        self.streams.step("connected")
        self.offered: Offer | None = None
        self.offer: Offer | None = None
        end.reader = self
        if dialled:
            session = self.side.session
            self.greet(session.streams.offer() if session is not None else self.streams.offer())

    def greet(self, offer: Offer) -> None:
        self.offered = offer
        self.end.write(offer.line() + b"\r\nSERVER\r\n")

    def take(self, line: bytes) -> None:
        if line.startswith(b"CNRES "):
            self.offer = Offer.parse(line.decode().split(" ")[1:])
        elif line == b"SERVER":
            self.meet()
        else:
            assert line == b"ERROR", f"{line!r} in a handshake"
            self.over()

    def connection_lost(self) -> None:
        self.over()

    def over(self) -> None:
        self.streams.step("ended")
        self.end.reader = None

    def meet(self) -> None:
        side, old = self.side, self.side.session
        streams = old.streams if old is not None else None
        assert self.offer is not None
        if self.dialled:
            assert self.offered is not None
            decision = agree(streams, self.offered, self.offer, side.world.now)
        else:
            decision = decide(streams, self.offer, side.world.now)
        if decision is Decision.RESUME:
            assert old is not None
            side.world.note(self.end, ("resumed", self.offer.session))
            old.go_on(self)
            return
        if decision is Decision.STALE:
            self.over()
            self.end.lose()
            return
        if old is not None:
            old.split("ended", tell=True)
        if self.dialled and decision is not Decision.NOTHING:
            self.end.write(b"ERROR\r\n")
            self.over()
            return
        if not self.dialled:
            self.greet(Offer(side.epoch, token(12), 0))
        assert self.offered is not None
        name = self.offer.session if self.dialled else self.offered.session
        side.world.note(self.end, ("fresh", name))
        self.end.write(b"SVINFO\r\n")
        self.streams.begin(name, self.offer.epoch)
        self.streams.bound(1_000_000, MOST_LINES)
        side.session = Session(self.end, self.streams)


class Session:
    """A session, and the connection it has."""

    def __init__(self, end: End, streams: Streams) -> None:
        self.end: End | None = end
        self.side = end.side
        self.streams = streams
        self.early = True
        end.reader = self
        side = self.side
        # What each side said in this session, and how much of it the other took in.
        self.mine = side.world.truth.setdefault((streams.session, side.name), [])
        self.theirs = side.world.truth.setdefault((streams.session, side.other), [])

    def say(self) -> None:
        line = b"%d %b\r\n" % (next(self.side.world.numbers), b"x" * (len(self.mine) % 7))
        self.mine.append(line[:-2])
        if self.streams.keep(line):
            if self.streams.crowded():
                self.write(b"CNREQ\r\n")
            elif self.streams.state is State.SPLIT:
                self.split("overflowed")
                return
        self.write(line)

    def write(self, line: bytes) -> None:
        if self.end is not None:
            self.end.write(line)

    def take(self, line: bytes) -> None:
        streams = self.streams
        if self.early:
            if line == b"SVINFO":
                self.early = False
            else:
                assert line == b"ERROR", f"{line!r} before SVINFO"
                self.split("ended")
        elif line == b"CNREQ":
            self.write(streams.confirm() + b"\r\n")
        elif line.startswith(b"CNACK "):
            assert streams.confirmed(int(line[6:])), "more is confirmed than was said"
        elif line == b"ERROR":
            self.split("ended")
        else:
            assert streams.applied < len(self.theirs), f"{line!r} was not said, or is doubled"
            wanted = self.theirs[streams.applied]
            assert line == wanted, f"{line!r} came in the place of {wanted!r}"
            streams.applied += 1
            self.side.world.applied += 1

    def confirm(self, least: int = CONFIRM) -> None:
        if not self.early and self.streams.applied - self.streams.told >= least:
            self.write(self.streams.confirm() + b"\r\n")

    def connection_lost(self) -> None:
        self.end = None
        if not self.streams.lose(self.side.world.now + GRACE):
            self.split("ended")

    def go_on(self, greeting: Greeting) -> None:
        assert greeting.offer is not None
        self.streams.confirmed(greeting.offer.applied)
        if self.end is not None:
            self.end.notice()
        assert self.streams.state is State.SUSPENDED
        greeting.streams.step("handed over")
        self.end = greeting.end
        self.end.reader = self
        self.early = True
        if not greeting.dialled:
            self.end.write(self.streams.offer().line() + b"\r\nSERVER\r\n")
        self.end.write(b"SVINFO\r\n")
        for line in self.streams.resume(self.streams.base):
            self.end.write(line)
            self.side.world.replayed += 1

    def split(self, happened: str, tell: bool = False) -> None:
        if tell:
            self.write(b"ERROR\r\n")
        if self.end is not None:
            self.end.reader = None
        if self.streams.state is not State.SPLIT:
            self.streams.step(happened)
        self.streams.step("told")
        self.side.session = None
        self.side.world.splits += 1


class Side:
    """One of two processes."""

    def __init__(self, world: World, name: str, other: str) -> None:
        self.world = world
        self.name = name
        self.other = other
        self.epoch = token(16)
        self.session: Session | None = None

    def dial(self) -> None:
        if self.session is None or self.session.streams.state is State.SUSPENDED:
            self.world.connect(self, self.world.sides[self.other])

    def expire(self) -> None:
        session = self.session
        if session is None or session.streams.state is not State.SUSPENDED:
            return
        if self.world.now >= session.streams.until:
            session.split("expired")

    def crash(self) -> None:
        self.epoch = token(16)
        self.session = None
        for end in self.world.ends:
            if end.side is self:
                end.reader = None
                end.lose()


class World:
    """Two sides, and all connections there ever were between them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.numbers = iter(range(1, 1_000_000))
        self.truth: dict[tuple[str, str], list[bytes]] = {}
        self.verdicts: dict[int, tuple[str, str]] = {}
        self.ends: list[End] = []
        self.kept: list[End] = []  # so that no id is used twice
        self.applied = self.replayed = self.splits = self.resumed = 0
        self.sides = {"a": Side(self, "a", "b"), "b": Side(self, "b", "a")}

    def connect(self, one: Side, two: Side) -> None:
        left, right = End(one), End(two)
        left.other, right.other = right, left
        there = [end for end in self.ends if not (end.lost and end.reader is None)]
        self.ends = [*there[-10:], left, right]
        Greeting(right, dialled=False)
        Greeting(left, dialled=True)

    def note(self, end: End, verdict: tuple[str, str]) -> None:
        """Both ends of a connection come to the same: never is one resumed and the other fresh."""
        other = self.verdicts.get(id(end.other))
        assert other is None or other == verdict, f"{verdict} here, {other} there"
        self.verdicts[id(end)] = verdict
        self.kept.append(end)
        self.resumed += verdict[0] == "resumed"

    # steps: each takes a number that says how, and of what

    def do(self, step: int) -> None:
        STEPS[step % len(STEPS)](self, step // len(STEPS))

    def side(self, number: int) -> Side:
        return self.sides["ab"[number & 1]]

    def say(self, number: int) -> None:
        session = self.side(number).session
        for _ in range(1 + (number >> 1) % 5):
            if session is not None and session.streams.state in (State.UP, State.SUSPENDED):
                session.say()

    def deliver(self, number: int) -> None:
        busy = [end for end in self.ends if end.out]
        if busy:
            busy[number % len(busy)].deliver(1 + (number >> 2) % 90)

    def deliver_all(self, number: int) -> None:
        for end in self.ends:
            end.deliver(len(end.out))

    def cut(self, number: int) -> None:
        if self.ends:
            end = self.ends[number % len(self.ends)]
            end.deliver((number >> 3) % 60)
            end.lose()

    def notice(self, number: int) -> None:
        if self.ends:
            self.ends[number % len(self.ends)].notice()

    def dial(self, number: int) -> None:
        self.side(number).dial()

    def confirm(self, number: int) -> None:
        session = self.side(number).session
        if session is not None and session.end is not None:
            session.confirm(1)

    def wait(self, number: int) -> None:
        self.now += number % 12
        for name in "ab" if number & 1 else "ba":
            self.sides[name].expire()

    def crash(self, number: int) -> None:
        if number % 4 == 0:
            self.side(number >> 2).crash()

    def squit(self, number: int) -> None:
        session = self.side(number >> 2).session
        if number % 4 == 0 and session is not None:
            session.split("ended", tell=True)

    def settle(self) -> None:
        """All faults end: they are linked again, and all that was said in that session is known."""
        at = [side.session.end for side in self.sides.values() if side.session is not None]
        for end in [*self.ends, *at]:
            if end is not None:
                end.notice()
        for _ in range(3):
            self.sides["a"].dial()
            while any(end.out for end in self.ends):
                self.deliver_all(0)
            sessions = [side.session for side in self.sides.values()]
            if all(session is not None and session.streams.state is State.UP for session in sessions):
                break
        one, two = sessions
        assert one is not None and two is not None
        assert one.streams.session == two.streams.session
        for session, other in ((one, two), (two, one)):
            assert session.streams.state is State.UP
            assert session.streams.applied == len(session.theirs), "lost"
            assert other.streams.sent == len(session.theirs)


STEPS: Final[list[Callable[[World, int], None]]] = [
    *[World.say] * 5,
    *[World.deliver] * 9,
    *[World.deliver_all] * 2,
    *[World.cut] * 2,
    *[World.notice] * 2,
    *[World.dial] * 4,
    World.confirm,
    World.wait,
    World.crash,
    World.squit,
]
"""What may happen, each as often as it stands here."""


def run(steps: list[int]) -> World:
    world = World()
    world.sides["a"].dial()
    world.deliver_all(0)
    for step in steps:
        world.do(step)
    world.settle()
    return world


LENGTH: Final = runs(200, 600)
NUMBERS: Final = st.integers(0, 1 << 16)


@settings(max_examples=runs(100, 5000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(NUMBERS, min_size=LENGTH, max_size=LENGTH))
def test_nothing_is_lost_doubled_or_turned_round(steps: list[int]) -> None:
    run(steps)


def chance(seed: int) -> list[int]:
    source = random.Random(seed)
    return [source.randrange(1 << 16) for _ in range(600)]


def test_the_runs_are_worth_something() -> None:
    """They resume, split, begin anew, and say things again."""
    worlds = [run(chance(seed)) for seed in range(20)]
    assert sum(world.resumed for world in worlds) > 100
    assert sum(world.replayed for world in worlds) > 100
    assert sum(world.splits for world in worlds) > 100
    assert sum(world.applied for world in worlds) > 1000


def _forgets_one(self: Streams, applied: int) -> list[bytes]:
    self.step("resumed")
    self._drop(applied)
    return self.buffer[1:]


def _believes(old: Streams | None, offer: Offer, now: float) -> Decision:
    if old is None or offer.session == resume.NOTHING or old.state not in (State.UP, State.SUSPENDED):
        return Decision.NOTHING
    return Decision.RESUME if old.session == offer.session else Decision.UNKNOWN


def _always_agrees(old: Streams | None, offered: Offer, answer: Offer, now: float) -> Decision:
    same = answer.session == offered.session
    return Decision.RESUME if same and old is not None else Decision.NOTHING


def _never_stale(self: Streams, offer: Offer) -> bool:
    return True


def _drops_the_oldest(self: Streams) -> bool:
    del self.buffer[:-4]
    return False


HERE: Final = sys.modules[__name__]
MUTATIONS: Final[dict[str, tuple[Any, str, Any]]] = {
    "says again what is known": (Streams, "confirmed", lambda self, applied: True),
    "forgets a line": (Streams, "resume", _forgets_one),
    "drops lines and keeps their numbers": (Streams, "crowded", _drops_the_oldest),
    "does not look at the count": (HERE, "decide", _believes),
    "agrees to anything": (HERE, "agree", _always_agrees),
    "takes a late answer": (Streams, "still", _never_stale),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_machine_with_a_mistake_is_found_out(mutation: str) -> None:
    """So the test above can fail."""
    where, name, mistake = MUTATIONS[mutation]
    with mock.patch.object(where, name, mistake), pytest.raises((AssertionError, KeyError, IndexError)):
        for seed in range(200):
            run(chance(seed))
