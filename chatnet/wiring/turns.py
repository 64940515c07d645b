"""Hashing in threads: those who want it take turns, and a little is done at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import Any, Final, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from chatnet.rules.fair_queue import FairQueue
from chatnet.services.hashes import Busy
from chatnet.session.passwords import Queue

T = TypeVar("T")

MOST_AT_A_TIME: Final = 2
"""Hashes computed at the same time, at most, where there are processors enough; others wait their turn."""


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def at_a_time(processors: int) -> int:
    """Hashes computed at the same time: one processor is left to the reactor, for which everybody waits."""
    return max(1, min(MOST_AT_A_TIME, processors - 1))


class Waiting(Generic[T]):
    """One hash: it waits, is being computed, or is there; await it.  :class:`Busy` if it is not computed."""

    __slots__ = ("_answer", "_forget", "args", "function", "over")

    def __init__(self, function: Callable[..., T], *args: object) -> None:
        self.function = function
        self.args = args
        self.over = False
        self._answer: Deferred[T] = Deferred()
        self._forget: Callable[[Waiting[T]], None] | None = None

    def __await__(self) -> Generator[Any, Any, T]:
        return self._answer.__await__()

    def in_line(self, forget: Callable[[Waiting[T]], None]) -> None:
        """It waits from now on in a queue that may `forget` it."""
        self._forget = forget

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._forget is not None:
            self._forget(self)
        self.refuse()

    def refuse(self) -> None:
        """It is not computed."""
        self.end(Failure(Busy()))

    def end(self, result: T | Failure) -> None:
        """Tell who waits, once."""
        if self.over:
            return
        self.over = True
        self.args = ()  # secrets
        if isinstance(result, Failure):
            self._answer.errback(result)
        else:
            self._answer.callback(result)


class Turns:
    """The queues of hashes that wait, of which a few are computed at a time.

    Queues take turns, and so do the owners within one.  `most` gives how many may wait in a queue: one more
    takes the place of the last one of the owner who has most there, or is refused at once.  What nobody waits
    for is not computed, and never more than `at_a_time` are.
    """

    def __init__(
        self,
        most: Callable[[Queue], int],
        at_a_time: int = MOST_AT_A_TIME,
        compute: Callable[..., Deferred[Any]] = deferToThread,
    ) -> None:
        self._most = most
        self._compute = compute
        self._queues: dict[Queue, FairQueue[Waiting[Any]]] = {queue: FairQueue() for queue in Queue}
        self._at_a_time = at_a_time
        self._computing = 0

    def ask(self, queue: Queue, owner: str, function: Callable[..., T], *args: object) -> Waiting[T]:
        """Have `function` called with `args` in a thread, for an `owner`; await what this gives."""
        waiting = Waiting(function, *args)
        line = self._queues[queue]
        if len(line) >= self._most(queue):
            if line.most() <= line.waiting(owner) + 1:
                waiting.refuse()
                return waiting
            line.take_last_of_most().refuse()
        line.add(owner, waiting)
        waiting.in_line(lambda waiting: line.remove(owner, waiting))
        self._go_on()
        return waiting

    def _go_on(self) -> None:
        while self._computing < self._at_a_time and (waiting := self._next()) is not None:
            self._computing += 1
            self._compute(waiting.function, *waiting.args).addBoth(self._done, waiting)

    def _next(self) -> Waiting[Any] | None:
        for queue, line in list(self._queues.items()):
            if (next_one := line.take()) is not None:
                self._queues[queue] = self._queues.pop(queue)  # its next turn comes after the others'
                return next_one[1]
        return None

    def _done(self, result: Any, waiting: Waiting[Any]) -> None:
        self._computing -= 1
        self._go_on()
        waiting.end(result)
