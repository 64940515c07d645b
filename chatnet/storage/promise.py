"""An answer that comes later, for those who know no reactor: they await it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


class Timer(Protocol):
    """Something that was asked for later."""

    def cancel(self) -> None:
        """Take the request back."""


class Promise(Generic[T]):
    """Any number may await it, before it is kept and after."""

    __slots__ = ("_waiting", "kept", "value")

    def __init__(self) -> None:
        self.kept = False
        self.value: T | None = None
        self._waiting: list[Deferred[None]] = []

    def keep(self, value: T) -> None:
        """Answer, once; what is said later does not count."""
        if self.kept:
            return
        self.kept, self.value = True, value
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def keep_with(self, answer: Awaitable[T]) -> None:
        """Answer when `answer` is there; never, if that fails."""

        async def wait() -> None:
            self.keep(await answer)

        # Whoever made `answer` tells of its failure.
        Deferred.fromCoroutine(wait()).addErrback(lambda failure: None)

    def within(self, seconds: float, later: Callable[[float, Callable[[], object]], Timer]) -> Deferred[bool]:
        """Whether it is kept in so many seconds; `later` has a function be called after that."""
        answer: Deferred[bool] = Deferred()
        if self.kept:
            answer.callback(True)
            return answer
        waiting: Deferred[None] = Deferred()

        def over() -> None:
            self._waiting.remove(waiting)
            answer.callback(False)

        def kept(result: None) -> None:
            timer.cancel()
            answer.callback(True)

        timer = later(seconds, over)
        self._waiting.append(waiting.addCallback(kept))
        return answer

    def __await__(self) -> Generator[Any, Any, T]:
        if not self.kept:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            yield from waiting.__await__()
        return self.value  # type: ignore[return-value]
