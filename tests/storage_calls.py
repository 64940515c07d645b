"""The reactor's thread, for tests of threads: calls wait until a test takes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from queue import Queue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred

T = TypeVar("T")
LIMIT = 180.0
"""Seconds after which a thread is taken to have died."""


class Calls:
    """What threads have called, in its order."""

    def __init__(self) -> None:
        self._queue: Queue[tuple[Callable[..., object], tuple[Any, ...]]] = Queue()

    def __call__(self, function: Callable[..., object], *arguments: Any) -> None:
        self._queue.put((function, arguments))

    def one(self) -> None:
        """Do the next call, which may still be on its way."""
        function, arguments = self._queue.get(timeout=LIMIT)
        function(*arguments)

    def wait(self, answer: Awaitable[T]) -> T:
        """Do calls until there is an answer, and give that, or raise what it raises."""

        async def awaited() -> T:
            return await answer

        deferred: Deferred[T] = answer if isinstance(answer, Deferred) else ensureDeferred(awaited())
        ended: list[Any] = []
        deferred.addBoth(ended.append)
        while not ended:
            self.one()
        if hasattr(ended[0], "raiseException"):
            ended[0].raiseException()
        result: T = ended[0]
        return result
