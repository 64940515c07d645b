"""Two whole nodes, people on both, and a connection that is lost again and again, for less than the grace.

Nobody quits, and everybody reads all that was said, once and in order.  ``HYPOTHESIS_PROFILE=nightly`` tries
more.
"""

from __future__ import annotations

from typing import Final
from unittest import mock

import pytest
from conversation import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh import Mesh, Wire
from profiles import runs
from street import all_agree

from chatnet.links.neighbour.link import Link, State
from chatnet.links.neighbour.resume import Streams

LONGEST: Final = 20.0
"""Seconds after which a lost connection is made anew; a link waits for 30."""


class Trial:
    """ann on a and bob on b, in #c, who number what they say."""

    def __init__(self) -> None:
        self.mesh = Mesh("a", "b", links={"ack_lines": 5})
        self.mesh.link("a", "b")
        self.people = {
            name: self.mesh[name].client(nick) for name, nick in zip("ab", ("ann", "bob"), strict=True)
        }
        self.said = {"a": 0, "b": 0}
        self.halves: list[Wire] = []  # of which one end alone knows that they are lost
        self.lost_at: float | None = None
        for client in self.people.values():
            client >> "JOIN #c"
            self.mesh.settle()
        self.mesh.advance(5)
        for client in self.people.values():
            client.lines()

    def step(self, action: str, number: int) -> None:
        getattr(self, action)(number)
        now = self.mesh.clock.elapsed
        if not any(link.suspended for link in self.links()):
            self.lost_at = None
        elif self.lost_at is None:
            self.lost_at = now
        elif now - self.lost_at > LONGEST:
            self.heal()

    def links(self) -> list[Link]:
        found = [self.mesh[name].parts.links.neighbour(f"{other}.test") for name, other in ("ab", "ba")]
        assert None not in found, [house.log.lines[-6:] for house in self.mesh]
        return [link for link in found if link is not None]

    def say(self, number: int) -> None:
        name = "ab"[number % 2]
        for _ in range(1 + number // 2 % 4):
            self.people[name] >> f"PRIVMSG #c :{self.said[name]}"
            self.said[name] += 1

    def deliver(self, number: int) -> None:
        for _ in range(number % 7):
            self.mesh.deliver_one(number)

    def reset(self, number: int) -> None:
        """Both ends hear of it."""
        if self.mesh.wires:
            wire = self.mesh.wires.pop(number % len(self.mesh.wires))
            wire.lose({"a": number % 150, "b": number // 7 % 150})

    def half(self, number: int) -> None:
        """One end hears of it, and the other does not yet."""
        if self.mesh.wires:
            wire = self.mesh.wires.pop(number % len(self.mesh.wires))
            name = "ab"[number // 3 % 2]
            wire.pipes[name].abort()
            wire.connections[name].connection_lost("Connection reset by peer")
            self.halves.append(wire)

    def notice(self, number: int) -> None:
        """The other end hears of it, too."""
        if self.halves:
            wire = self.halves.pop(number % len(self.halves))
            wire.lose({"a": number % 90, "b": number % 90})

    def dial(self, number: int) -> None:
        """Whoever knows that the connection is lost makes another, and no second one meanwhile."""
        one, two = "ab" if number % 2 else "ba"
        links = self.mesh[one].parts.links
        link = links.neighbour(f"{two}.test")
        calling = any(other.dialled and other.state is State.GREETING for other in links.all)
        if link is not None and link.suspended and not calling:
            self.mesh.link(one, two)

    def wait(self, number: int) -> None:
        self.mesh.clock.advance(number % 3)
        self.mesh.clock.step()

    def heal(self) -> None:
        for wire in [*self.halves, *self.mesh.wires]:
            wire.lose({})
        self.halves.clear()
        self.mesh.wires.clear()
        self.mesh.link("a", "b")
        self.mesh.settle()
        assert not any(link.suspended for link in self.links())

    def check(self) -> None:
        self.heal()
        self.mesh.advance(1)
        for house in self.mesh:
            house.check()
        all_agree(self.mesh)
        for name, other in ("ab", "ba"):
            assert heard(self.people[name]) == [str(number) for number in range(self.said[other])]
        for link in self.links():
            assert link.streams.buffer == [] and link.streams.waiting == 0


def heard(client: Client) -> list[str]:
    lines = client.lines()
    assert all(" PRIVMSG #c :" in line for line in lines), [line for line in lines if "PRIVMSG" not in line]
    return [line.rpartition(":")[2] for line in lines]


ACTIONS: Final = ["say"] * 4 + ["deliver"] * 5 + ["reset", "half", "notice", "wait"] + ["dial"] * 3


@settings(max_examples=runs(25, 1000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 10_000)), min_size=20, max_size=runs(80, 300))
)
def test_nobody_reads_of_losses_that_are_short(steps: list[tuple[str, int]]) -> None:
    trial = Trial()
    for action, number in steps:
        trial.step(action, number)
    trial.check()


def test_it_can_fail() -> None:
    """Where a resumed link forgets a line, somebody misses a message."""

    def forgetful(self: Streams, applied: int) -> list[bytes]:
        self.step("resumed")
        self._drop(applied)
        return self.buffer[1:]

    with mock.patch.object(Streams, "resume", forgetful):
        trial = Trial()
        trial.say(0)
        trial.reset(0)
        with pytest.raises(AssertionError):
            trial.check()
