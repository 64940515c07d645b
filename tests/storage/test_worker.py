"""A thread that does what it is asked: what becomes of each task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from conversation import ManualClock
from storage_calls import Calls
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.storage.interfaces import StoreError
from chatnet.storage.worker import Busy, Inline, Lost, Worker

R = TypeVar("R")
Work = list[str]


class Paper:
    """A database that takes down what was committed, and fails as it is told."""

    def __init__(self) -> None:
        self.committed: list[Work] = []
        self.told: list[Work] = []
        self.busy = 0  # times that nothing can be begun
        self.tried = threading.Semaphore(0)  # how often that was found
        self.lost: set[str] = set()  # what a transaction cannot be committed with
        self.closed = 0
        self.threads: set[int] = set()

    def begin(self) -> Work:
        self.threads.add(threading.get_ident())
        if self.busy:
            self.busy -= 1
            self.tried.release()
            raise Busy("busy")
        return []

    def attempt(self, work: Work, job: Callable[[Work], R]) -> R:
        before = list(work)
        try:
            return job(work)
        except BaseException:
            work[:] = before
            raise

    def commit(self, work: Work) -> Callable[[], None]:
        if self.lost & set(work):
            raise Lost("lost")
        self.committed.append(work)
        return lambda: self.told.append(work)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def worker(paper: Paper, calls: Calls, clock: ManualClock) -> Worker[Work]:
    return Worker("test", paper, calls, clock.monotonic, lambda: 5.0, 5, "too late")


def note(word: str) -> Callable[[Work], str]:
    def job(work: Work) -> str:
        work.append(word)
        return word.upper()

    return job


def fail(work: Work) -> None:
    work.append("half")
    raise ValueError("no")


def error(answer: Deferred[Any]) -> Exception | None:
    """What it failed with; None if it is not known yet, or went well."""
    found: list[Exception] = []

    def took(failure: Failure) -> None:
        assert isinstance(failure.value, Exception)
        found.append(failure.value)

    answer.addErrback(took)
    return found[0] if found else None


def test_what_waits_is_one_transaction_up_to_a_weight(
    worker: Worker[Work], paper: Paper, calls: Calls
) -> None:
    answers = [worker.put(note(word), weight) for word, weight in zip("abcde", (2, 3, 1, 9, 1), strict=True)]
    worker.start()
    assert [calls.wait(answer) for answer in answers] == list("ABCDE")
    assert paper.committed == paper.told == [["a", "b"], ["c"], ["d"], ["e"]]
    assert paper.threads.isdisjoint({threading.get_ident()}) and len(paper.threads) == 1
    calls.wait(worker.close())


def test_what_is_news_is_told_before_the_answers(worker: Worker[Work], paper: Paper, calls: Calls) -> None:
    order: list[str] = []
    for word in "ab":
        worker.put(note(word)).addCallback(lambda answer: order.append(f"{answer} {paper.told}"))
    worker.start()
    calls.one()
    assert order == ["A [['a', 'b']]", "B [['a', 'b']]"]
    calls.wait(worker.close())


def test_one_that_fails_undoes_no_other(worker: Worker[Work], paper: Paper, calls: Calls) -> None:
    first, second, third = worker.put(note("a")), worker.put(fail), worker.put(note("b"))
    worker.start()
    assert calls.wait(third) == "B" and calls.wait(first) == "A"
    with pytest.raises(ValueError):
        calls.wait(second)
    assert paper.committed == [["a", "b"]]
    calls.wait(worker.close())


def test_each_is_tried_alone_after_all_were_lost(worker: Worker[Work], paper: Paper, calls: Calls) -> None:
    paper.lost = {"b"}
    answers = [worker.put(note(word)) for word in "abc"]
    worker.start()
    assert calls.wait(answers[2]) == "C" and calls.wait(answers[0]) == "A"
    with pytest.raises(Lost):
        calls.wait(answers[1])
    assert paper.committed == paper.told == [["a"], ["c"]]
    assert calls.wait(worker.put(note("d"))) == "D"
    calls.wait(worker.close())


def test_a_mistake_in_the_end_of_a_transaction_stops_nobody(
    worker: Worker[Work], paper: Paper, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(work: Work) -> Callable[[], None]:
        raise KeyError("seq")

    with monkeypatch.context() as patched:
        patched.setattr(paper, "commit", broken)
        answer = worker.put(note("a"))
        worker.start()
        with pytest.raises(KeyError):
            calls.wait(answer)
    assert paper.closed == 1
    assert calls.wait(worker.put(note("b"))) == "B"
    calls.wait(worker.close())


def test_who_cannot_tell_answers_all_the_same(
    worker: Worker[Work], paper: Paper, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untellable(work: Work) -> Callable[[], None]:
        def tell() -> None:
            raise KeyError("nobody")

        return tell

    monkeypatch.setattr(paper, "commit", untellable)
    answer = worker.put(note("a"))
    worker.start()
    assert calls.wait(answer) == "A"
    calls.wait(worker.close())


def test_what_is_busy_is_tried_again_until_its_time_is_over(
    worker: Worker[Work], paper: Paper, calls: Calls, clock: ManualClock
) -> None:
    paper.busy = 3
    early = worker.put(note("a"))
    worker.start()
    assert calls.wait(early) == "A"
    paper.busy = 10**9
    late = worker.put(note("b"))
    assert paper.tried.acquire(timeout=60)
    clock.advance(3)
    later = worker.put(note("c"))
    clock.advance(2)
    calls.one()
    assert str(error(late)) == "too late" and not later.called
    paper.busy = 0
    assert calls.wait(later) == "C"
    assert paper.committed == [["a"], ["c"]]
    calls.wait(worker.close())


def test_what_waits_for_too_long_fails_and_does_not_happen_later(
    worker: Worker[Work], paper: Paper, calls: Calls, clock: ManualClock
) -> None:
    """The thread hangs in one: that is not reported, however long it takes, but those behind it are."""
    begun, go_on = threading.Event(), threading.Event()

    def hang(work: Work) -> None:
        begun.set()
        assert go_on.wait(60)
        work.append("a")

    hanging = worker.put(hang)
    worker.start()
    assert begun.wait(60)
    behind = worker.put(note("b"))
    clock.advance(3)
    last = worker.put(note("c"))
    clock.advance(2)
    worker.expire()
    assert isinstance(error(behind), StoreError) and not hanging.called and not last.called
    go_on.set()
    assert calls.wait(last) == "C"
    assert hanging.called and paper.committed == [["a"], ["c"]]
    calls.wait(worker.close())


def test_it_ends_when_all_is_done(worker: Worker[Work], paper: Paper, calls: Calls) -> None:
    answers = [worker.put(note(word), 5) for word in "abc"]
    closed = worker.close()  # which starts it, if nobody has
    refused = worker.put(note("d"))
    assert isinstance(error(refused), StoreError)
    calls.wait(closed)
    assert all(answer.called for answer in answers)
    assert paper.committed == [["a"], ["b"], ["c"]] and paper.closed == 1


def test_inline_all_is_done_at_once(paper: Paper) -> None:
    inline = Inline(paper)
    assert inline.put(note("a")).called and paper.committed == paper.told == [["a"]]
    assert isinstance(error(inline.put(fail)), ValueError)
    paper.lost = {"b"}
    assert isinstance(error(inline.put(note("b"))), Lost)
    paper.busy = 1
    assert isinstance(error(inline.put(note("c"))), Busy)
    assert inline.close().called
