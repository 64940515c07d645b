"""Measures, in CPU time of one process, how two servers take over the people of a third, which is lost.

scripts/bench-persons [--people 1000] [--channels 5] [--rounds 5]

The three are in memory, a - b - c, as tests have them; the people are always on, and without a session.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import median
from time import process_time
from typing import Any

from clubs import Clubs, FullClub, new_store
from person_stories import People
from told_stories import hash_once

from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person, Seat

SINCE = 1_700_000_000
CHANNELS = 20


class Row(Clubs):
    """Three full servers in a row, on the first of which all people are."""

    def __init__(self, people: int, channels: int) -> None:
        super().__init__("a", "b", "c", bouncer={"always_on": "all"})
        for one, other in (("a", "b"), ("b", "c")):
            self.link(one, other)
            self.settle()
        staying = self["a"].parts.sessions.staying
        assert staying is not None
        staying.revive(Stayed([self.person(number, channels) for number in range(people)], []))
        self.advance(3.0)

    def make(self, **given: Any) -> FullClub:
        return FullClub(new_store(given["server"]["sid"]), people=People(), **given)

    def person(self, number: int, channels: int) -> Person:
        """Somebody who is in some of the channels, as the store tells."""
        name, address = f"p{number}", "192.0.2.1"
        seats = tuple(Seat(f"#c{(number + each) % CHANNELS}", SINCE, "") for each in range(channels))
        return Person(
            self["a"].account(name).id, name, name, SINCE, "~p", "P", address, address, address, modes="i",
            away="gone", seen=0, msgid="", word=None, seats=seats, devices=(),
        )  # fmt: skip

    def hosts(self, name: str) -> list[int]:
        """How many people are on each server, as one of them knows."""
        network = self[name].node.network
        users = [user.server.name[0] for user in network.persons.values() if not user.orphan]
        return [users.count(each) for each in self.houses]


def measure(people: int, channels: int) -> float:
    """Seconds of CPU until b and c have taken all people over, and each knows what the other has."""
    row = Row(people, channels)
    assert row.hosts("c") == [people, 0, 0]
    row.cut("a", "b")
    begin = process_time()
    row.settle()
    took = process_time() - begin
    here, there = row.hosts("b"), row.hosts("c")
    assert here == there and here[0] == 0 and sum(here) == people, (here, there)
    return took


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=5, help="of each of them, at most 20")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    with hash_once():
        rounds = [measure(given.people, min(given.channels, CHANNELS)) for _ in range(given.rounds)]
    told = f"{median(rounds):.3f} s of CPU ({min(rounds):.3f} to {max(rounds):.3f})"
    print(f"{given.people} people, in {given.channels} channels each, taken over by two servers: {told}")


if __name__ == "__main__":
    main()
