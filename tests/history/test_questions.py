"""Who looks back stands in line, and a line is no place to crowd others out."""

from __future__ import annotations

from typing import Any

from archive import CAPS, Archive, talk
from conversation import Client, House
from twisted.internet.defer import Deferred

from chatnet.history.questions import Busy, Questions
from chatnet.model.facts import Parted


class Crowd:
    """Questions of whom one likes, of which two are asked at a time and `waiting` may wait."""

    def __init__(self, waiting: int = 3) -> None:
        self.house = House(history={"waiting": waiting, "query_timeout": 5})
        self.questions = Questions(self.house.node, lambda: 2)
        self.told: list[str] = []

    def ask(self, *names: str) -> None:
        """Each is an owner, and what to call their question."""
        for name in names:
            turn: Deferred[Any] = Deferred.fromCoroutine(self.questions.turn(name[:1]))
            turn.addCallbacks(lambda _, name=name: self.told.append(name), self._refused, errbackArgs=(name,))

    def _refused(self, failure: Any, name: str) -> None:
        failure.trap(Busy)
        self.told.append(f"no {name}")

    def answered(self, count: int = 1) -> None:
        for _ in range(count):
            self.questions.done()


def test_some_are_asked_at_a_time_and_owners_take_turns() -> None:
    crowd = Crowd()
    crowd.ask("a1", "a2", "a3", "a4", "b1")
    assert crowd.told == ["a1", "a2"]
    crowd.answered()
    crowd.answered()
    assert crowd.told == ["a1", "a2", "a3", "b1"]
    crowd.answered(3)
    assert crowd.told == ["a1", "a2", "a3", "b1", "a4"]
    assert crowd.questions.asked == 0


def test_one_too_many_takes_the_place_of_the_last_one_of_who_has_most() -> None:
    crowd = Crowd()
    crowd.ask("a1", "a2", "a3", "a4", "a5")
    crowd.ask("a6")
    assert crowd.told == ["a1", "a2", "no a6"]
    crowd.ask("b1")
    assert crowd.told[3:] == ["no a5"]
    crowd.ask("c1")
    assert crowd.told[4:] == ["no a4"]
    crowd.ask("d1")  # nobody has more than they would have
    assert crowd.told[5:] == ["no d1"]
    crowd.answered(3)
    assert crowd.told[6:] == ["a3", "b1", "c1"]


def test_nobody_waits_for_longer_than_an_answer_may_take() -> None:
    crowd = Crowd()
    crowd.ask("a1", "a2", "a3")
    crowd.house.clock.advance(5)
    assert crowd.told == ["a1", "a2", "no a3"]
    crowd.answered(2)
    assert crowd.questions.asked == 0
    crowd.ask("a4")
    assert crowd.told[3:] == ["a4"]


def test_who_waits_for_other_servers_keeps_nobody_from_asking_the_store() -> None:
    crowd = Crowd()
    crowd.ask("a1", "a2", "b1", "b2")
    with crowd.questions.aside():
        assert crowd.told == ["a1", "a2", "b1"]
    crowd.answered()
    assert crowd.told == ["a1", "a2", "b1"] and crowd.questions.asked == 2
    crowd.answered()
    assert crowd.told == ["a1", "a2", "b1", "b2"]


PAGE = 20 * 15
"""Microseconds that the lines of twenty messages take."""


def crowded() -> tuple[Archive, list[Client]]:
    """Two who are of one address and one of another, where there is room for little in one turn."""
    house = Archive(limits={"scan_slice": 4 * PAGE})
    people = [
        house.member(nick, caps=f"{CAPS} soju.im/search", address=address)
        for nick, address in (("ann", "192.0.2.1"), ("bob", "192.0.2.1"), ("cyd", "192.0.2.2"))
    ]
    for client in people:
        client >> "JOIN #c"
    talk(people[:1], [f"word {number}" for number in range(20)])
    for client in people:
        client.lines()
    house.clock.advance(1)
    house.hold = True
    return house, people


def turn(house: Archive) -> None:
    house.clock.step()
    waiting, house.waiting = house.waiting, []
    for coroutine in waiting:
        house.run(coroutine)


def test_what_is_too_much_for_one_turn_is_told_in_the_next_ones() -> None:
    house, (ann, bob, cyd) = crowded()
    told: list[list[int]] = []
    for client in (ann, bob, ann, bob, ann, bob, cyd):
        client >> "CHATHISTORY LATEST #c * 20"
    while not told or any(told[-1]):
        told.append([sum("BATCH +" in line for line in client.lines()) for client in (ann, bob, cyd)])
        turn(house)
    # Nobody had more than was room for, and who came last did not wait for all of those of another address.
    assert all(sum(each) <= 4 for each in told[:-1])
    assert [sum(each) for each in zip(*told, strict=True)] == [3, 3, 1]
    assert told[1][2] == 1


def test_a_search_and_targets_wait_for_room_as_well() -> None:
    house, (ann, bob, _) = crowded()
    for _ in range(4):
        ann >> "CHATHISTORY LATEST #c * 20"
    ann.lines()
    bob >> "SEARCH text=word"
    bob.silent()
    ann >> "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z 5"
    ann.silent()
    for _ in range(3):
        turn(house)
    bob << "*BATCH +* soju.im/search"
    ann << "*BATCH +* draft/chathistory-targets"


def test_who_was_kept_out_while_they_waited_for_room_is_told_nothing() -> None:
    house, (ann, bob, _) = crowded()
    for _ in range(4):
        ann >> "CHATHISTORY LATEST #c * 20"
    bob >> "CHATHISTORY LATEST #c * 20"
    bob.silent()
    channel = house.node.network.channel("#c")
    assert channel is not None
    house.node.commit(Parted(channel, bob.user, None, house.clock.time()))
    bob.lines()
    for _ in range(3):
        turn(house)
    bob << "*FAIL CHATHISTORY INVALID_TARGET LATEST #c :*"
