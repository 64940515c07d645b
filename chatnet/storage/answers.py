"""Answers of a store: for who has no reactor, and for who waits for a while only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, cast

from twisted.internet.defer import Deferred

T = TypeVar("T")


class Timer(Protocol):
    """Something that was asked for later."""

    def cancel(self) -> None:
        """Take the request back."""


def at_once(answer: Awaitable[T]) -> T:
    """What is awaited and is there already, or what that raises; RuntimeError if it is not there yet."""
    try:
        next(answer.__await__())
    except StopIteration as end:
        return cast(T, end.value)
    raise RuntimeError("the answer is not there yet")


class Promise:
    """That something will have happened: any number of coroutines may await it, and each only for a while."""

    def __init__(self) -> None:
        self._waiting: list[Deferred[bool]] = []
        self._kept = False

    def keep_with(self, answer: Awaitable[object]) -> None:
        """It has happened when `answer` is there; if that fails, it never has."""

        async def wait() -> None:
            await answer
            self.keep()

        # Whoever made `answer` tells of its failure.
        Deferred.fromCoroutine(wait()).addErrback(lambda failure: None)

    def keep(self) -> None:
        """It has happened."""
        self._kept = True
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(True)

    def within(self, seconds: float, later: Callable[[float, Callable[[], object]], Timer]) -> Deferred[bool]:
        """Whether it has happened in so many seconds; `later` has a function be called after that."""
        answer: Deferred[bool] = Deferred()
        if self._kept:
            answer.callback(True)
            return answer

        def over() -> None:
            self._waiting.remove(answer)
            answer.callback(False)

        def kept(result: bool) -> bool:
            if result:
                timer.cancel()
            return result

        timer = later(seconds, over)
        self._waiting.append(answer)
        return answer.addCallback(kept)
