"""Whose password is computed when, with threads that the test plays."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.services.hashes import Busy
from chatnet.session.passwords import Queue, Verdict
from chatnet.wiring.passwords import Looking, Passwords, matches
from chatnet.wiring.turns import Turns, at_a_time


class Threads:
    """Takes down what is to be computed; the test says what comes of it."""

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.begun: list[str] = []
        self._results: list[Deferred[bool]] = []
        self.verdicts: dict[str, Verdict | str] = {}
        self.turns = Turns(lambda queue: self.most, at_a_time(4), self._compute)
        self.passwords = Passwords(self.turns)

    def _compute(self, function: object, secret: str, given: str) -> Deferred[bool]:
        self.begun.append(given)
        self._results.append(Deferred())
        return self._results[-1]

    def ask(self, queue: Queue, owner: str, given: str) -> Looking:
        check = self.passwords(queue, owner, "hash", given)

        async def wait() -> None:
            try:
                self.verdicts[given] = await check
            except ZeroDivisionError:
                self.verdicts[given] = "failed"

        run(wait())
        return check

    def end(self, right: bool | Failure = False) -> None:
        """The computation that was begun first comes to its end."""
        self._results.pop(0).callback(right)

    def end_all(self) -> list[str]:
        """All of them do, and those that begin then; what was begun from the beginning on."""
        while self._results:
            self.end()
        return self.begun


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    Deferred.fromCoroutine(coroutine)


def test_a_few_are_computed_at_a_time_and_each_has_its_verdict() -> None:
    threads = Threads()
    for given in "abcd":
        threads.ask(Queue.CONNECT, "one", given)
    assert threads.begun == ["a", "b"]
    threads.end(True)
    assert threads.begun == ["a", "b", "c"] and threads.verdicts == {"a": Verdict.RIGHT}
    threads.end(False)
    assert threads.verdicts == {"a": Verdict.RIGHT, "b": Verdict.WRONG}
    assert threads.end_all() == ["a", "b", "c", "d"] and len(threads.verdicts) == 4


@pytest.mark.parametrize(("processors", "expected"), [(1, 1), (2, 1), (3, 2), (64, 2)])
def test_one_processor_is_left_to_the_reactor(processors: int, expected: int) -> None:
    """With two hashes on two processors everybody waited for a turn three times as long."""
    assert at_a_time(processors) == expected


def test_addresses_take_turns() -> None:
    threads = Threads()
    for number in range(50):
        threads.ask(Queue.CONNECT, "flood", f"f{number}")
    threads.ask(Queue.CONNECT, "ann", "ann")
    threads.ask(Queue.CONNECT, "bob", "bob")
    assert threads.end_all()[2:6] == ["f2", "ann", "bob", "f3"]


def test_queues_take_turns() -> None:
    threads = Threads()
    for number in range(50):
        threads.ask(Queue.CONNECT, f"address{number}", f"f{number}")
    for number in range(3):
        threads.ask(Queue.OPER, "ann", f"oper{number}")
    threads.ask(Queue.GATEWAY, "gate", "gate")
    assert threads.end_all()[2:8] == ["gate", "oper0", "f2", "oper1", "f3", "oper2"]


def test_nobody_computes_what_nobody_waits_for() -> None:
    threads = Threads()
    checks = [threads.ask(Queue.CONNECT, "flood", f"f{number}") for number in range(50)]
    waiting = threads.turns.ask(Queue.GATEWAY, "flood", matches, "hash", "gone")
    waiting.cancel()
    assert waiting.args == ()
    with pytest.raises(Busy):
        waiting.__await__().send(None)
    threads.ask(Queue.CONNECT, "flood", "last")
    for check in checks:
        check.cancel()
        check.cancel()
    assert len(threads.verdicts) == 50 and set(threads.verdicts.values()) == {Verdict.BUSY}
    assert threads.end_all() == ["f0", "f1", "last"]  # the first two were begun
    assert threads.verdicts["f0"] is Verdict.BUSY and threads.verdicts["last"] is Verdict.WRONG


def test_a_full_queue_answers_who_has_most() -> None:
    threads = Threads(most=4)
    for given in "abcdef":
        threads.ask(Queue.CONNECT, "flood", given)
    threads.ask(Queue.CONNECT, "flood", "g")
    assert threads.verdicts == {"g": Verdict.BUSY}
    threads.ask(Queue.CONNECT, "ann", "ann")
    assert threads.verdicts == {"g": Verdict.BUSY, "f": Verdict.BUSY}
    threads.ask(Queue.CONNECT, "bob", "bob")
    threads.ask(Queue.CONNECT, "cyd", "cyd")
    assert list(threads.verdicts) == ["g", "f", "e", "d"]
    threads.ask(Queue.CONNECT, "dan", "dan")
    assert threads.verdicts["dan"] is Verdict.BUSY  # nobody has more than he
    threads.ask(Queue.OPER, "flood", "oper")
    assert "oper" not in threads.verdicts
    assert sorted(threads.end_all()) == ["a", "ann", "b", "bob", "c", "cyd", "oper"]


def test_a_computation_that_fails_fails_for_who_waits_alone() -> None:
    threads = Threads()
    for given in "abc":
        threads.ask(Queue.CONNECT, "one", given)
    threads.end(Failure(ZeroDivisionError()))
    assert threads.verdicts == {"a": "failed"}
    assert threads.end_all() == ["a", "b", "c"] and threads.verdicts["c"] is Verdict.WRONG


@pytest.mark.parametrize(
    ("given", "right"), [("sesame", True), ("Sesame", False), ("", False), ("ses\udcff", False)]
)
def test_hashes(given: str, right: bool) -> None:
    from argon2 import PasswordHasher

    secret = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("sesame")
    assert matches(secret, given) is right
    assert not matches("$argon2id$nonsense", given)
