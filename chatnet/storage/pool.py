"""Several threads that read, of which the first that is free does what was asked first."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from chatnet.storage.interfaces import StoreError
from chatnet.storage.worker import Task, Worker

T = TypeVar("T")
R = TypeVar("R")

EAGER: Final = 0.0005
"""Seconds after which a thread lets go of the interpreter for others, while questions are being answered.

The reactor lets go of it with each thing that it reads and sends, and would wait for a reader each time.
"""
USUAL: Final = 0.005
"""The same at other times: each change from one thread to another costs both."""


class Pool(Generic[T]):
    """Workers, each of which has one job at a time; it is used on the reactor's thread only.

    While any of them works all threads of the process take turns more often.  So many jobs as `waiting` says
    wait for one, at most; of more, and of what waits for longer than `timeout` seconds, the answer is a
    StoreError, `busy` or `late`.
    """

    def __init__(
        self,
        workers: Sequence[Worker[T]],
        waiting: Callable[[], int],
        monotonic: Callable[[], float],
        timeout: Callable[[], float],
        busy: str,
        late: str,
    ) -> None:
        self._workers: Final = workers
        self._free: Final = list(workers)
        self._most: Final = waiting
        self._monotonic: Final = monotonic
        self._timeout: Final = timeout
        self._busy: Final = busy
        self._late: Final = late
        self._waiting: Final[deque[Task[T]]] = deque()
        self._is_closed = False

    def start(self) -> None:
        """Begin to work."""
        for worker in self._workers:
            worker.start()

    def put(self, job: Callable[[T], R], weight: int = 1) -> Deferred[R]:
        """Have a job done."""
        task = Task(job, weight, self._monotonic())
        if self._is_closed:
            self._fail(task, "The store is closed")
        elif not self._free and len(self._waiting) >= self._most():
            self._fail(task, self._busy)
        else:
            self._waiting.append(task)
            self._go()
        return task.answer

    def expire(self) -> None:
        """Fail what waits for longer than it should; to be called every now and then."""
        since = self._monotonic() - self._timeout()
        while self._waiting and self._waiting[0].since <= since:
            self._fail(self._waiting.popleft(), self._late)
        for worker in self._workers:
            worker.expire()

    def close(self) -> Deferred[None]:
        """Fail what waits, and end; answers when that is done."""
        self._is_closed = True
        while self._waiting:
            self._fail(self._waiting.popleft(), "The store is closed")
        return DeferredList([worker.close() for worker in self._workers]).addCallback(lambda results: None)

    def _fail(self, task: Task[T], text: str) -> None:
        task.outcome = Failure(StoreError(text))
        task.tell()

    def _go(self) -> None:
        while self._free and self._waiting:
            if len(self._free) == len(self._workers):
                sys.setswitchinterval(EAGER)
            worker, task = self._free.pop(), self._waiting.popleft()

            def done(outcome: Any, worker: Worker[T] = worker, task: Task[T] = task) -> None:
                self._free.append(worker)
                self._go()
                if len(self._free) == len(self._workers):
                    sys.setswitchinterval(USUAL)
                task.outcome = outcome
                task.tell()

            worker.put(task.job).addBoth(done)
