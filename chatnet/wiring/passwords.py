"""Passwords against argon2 hashes, off the reactor's thread: one takes tens of milliseconds and megabytes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from chatnet.rules.fair_queue import FairQueue
from chatnet.session.passwords import Queue, Verdict

AT_A_TIME: Final = 2
"""Hashes computed at the same time; the others wait their turn."""


def matches(secret: str, given: str) -> bool:
    """True if the argon2 hash `secret` was made of `given`. Blocks; call it in a thread."""
    # Only those who use a password pay for the import.
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(secret, given.encode("utf-8", "surrogateescape"))
    except (VerificationError, InvalidHashError):
        return False


def in_thread(secret: str, given: str) -> Deferred[bool]:
    """As `matches`, without blocking."""
    return deferToThread(matches, secret, given)


class Waiting:
    """One password: it waits, is being computed, or has its verdict."""

    __slots__ = ("_forget", "_verdict", "given", "over", "secret")

    def __init__(self, secret: str, given: str) -> None:
        self.secret = secret
        self.given = given
        self.over = False
        self._verdict: Deferred[Verdict] = Deferred()
        self._forget: Callable[[Waiting], None] | None = None

    def __await__(self) -> Generator[Any, Any, Verdict]:
        return self._verdict.__await__()

    def in_line(self, forget: Callable[[Waiting], None]) -> None:
        """It waits from now on in a queue that may `forget` it."""
        self._forget = forget

    def cancel(self) -> None:
        if self._forget is not None:
            self._forget(self)
        self.end(Verdict.BUSY)

    def end(self, verdict: Verdict | Failure) -> None:
        """Tell who waits, once."""
        if self.over:
            return
        self.over = True
        self.given = ""
        if isinstance(verdict, Failure):
            self._verdict.errback(verdict)
        else:
            self._verdict.callback(verdict)


class Passwords:
    """The queues of passwords that wait, of which a few are computed at a time.

    Queues take turns, and so do the owners within one.  `most` gives how many may wait in each queue: one
    more takes the place of the last one of the owner who has most there, or is answered at once.  What nobody
    waits for is not computed.
    """

    def __init__(
        self, most: Callable[[], int], compute: Callable[[str, str], Deferred[bool]] = in_thread
    ) -> None:
        self._most = most
        self._compute = compute
        self._queues: dict[Queue, FairQueue[Waiting]] = {queue: FairQueue() for queue in Queue}
        self._computing = 0

    def __call__(self, queue: Queue, owner: str, secret: str, given: str) -> Waiting:
        """Have a password of `owner` looked at; await what this gives for the verdict."""
        check = Waiting(secret, given)
        line = self._queues[queue]
        if len(line) >= self._most():
            if line.most() <= line.waiting(owner) + 1:
                check.end(Verdict.BUSY)
                return check
            line.take_last_of_most().end(Verdict.BUSY)
        line.add(owner, check)
        check.in_line(lambda check: line.remove(owner, check))
        self._go_on()
        return check

    def _go_on(self) -> None:
        while self._computing < AT_A_TIME and (check := self._next()) is not None:
            self._computing += 1
            self._compute(check.secret, check.given).addCallbacks(
                self._computed, self._failed, callbackArgs=(check,), errbackArgs=(check,)
            )

    def _next(self) -> Waiting | None:
        for queue, line in list(self._queues.items()):
            if (next_one := line.take()) is not None:
                self._queues[queue] = self._queues.pop(queue)  # its next turn comes after the others'
                return next_one[1]
        return None

    def _computed(self, right: bool, check: Waiting) -> None:
        self._done(check, Verdict.RIGHT if right else Verdict.WRONG)

    def _failed(self, failure: Failure, check: Waiting) -> None:
        self._done(check, failure)

    def _done(self, check: Waiting, verdict: Verdict | Failure) -> None:
        self._computing -= 1
        self._go_on()
        check.end(verdict)
