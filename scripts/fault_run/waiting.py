"""Waiting, in coroutines that a reactor drives, as long as the machine makes one wait."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater

T = TypeVar("T")

LOOK = 0.05
"""Seconds between two looks at what is waited for."""


class Late(Exception):
    """What was waited for did not come; the text says what."""


def crowding() -> float:
    """How many programs want each of our CPUs now, 1 at least: so many times as long everything takes."""
    try:
        running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except FileNotFoundError:
        running = int(os.getloadavg()[0])
    return max(1.0, running / (os.cpu_count() or 1))


async def crowding_now(reactor: Any) -> float:
    """The mean of a second: one look may find everybody asleep."""
    looks = []
    for _ in range(int(1 / LOOK)):
        looks.append(crowding())
        await pause(reactor, LOOK)
    return fmean(looks)


class Patience:
    """Some `seconds` of a quiet machine: where each CPU has n programs to run, n seconds count as one.

    It has to be asked again and again, as long as one waits.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float], crowding: Callable[[], float] = crowding
    ) -> None:
        self._left = seconds
        self._clock = clock
        self._crowding = crowding
        self._last = clock()

    def over(self) -> bool:
        """Whether it has come to its end."""
        now = self._clock()
        self._left -= (now - self._last) / self._crowding()
        self._last = now
        return self._left < 0


def pause(reactor: Any, seconds: float) -> Deferred[None]:
    """Let time pass."""
    return deferLater(reactor, seconds, lambda: None)


def within(reactor: Any, deferred: Deferred[T], seconds: float, what: str) -> Deferred[T]:
    """The same, but Late after so many seconds of a quiet machine."""
    patience = Patience(seconds, reactor.seconds)
    looking: IDelayedCall
    late = False

    def look() -> None:
        nonlocal looking, late
        looking = reactor.callLater(LOOK, look)
        if patience.over():
            late = True
            deferred.cancel()

    def ended(result: Any) -> Any:
        looking.cancel()
        if late:
            raise Late(f"waited in vain for {what}")
        return result

    looking = reactor.callLater(LOOK, look)
    return deferred.addBoth(ended)


async def until(reactor: Any, condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait until something holds; Late after so many seconds of a quiet machine."""
    patience = Patience(seconds, reactor.seconds)
    while not condition():
        if patience.over():
            raise Late(f"waited in vain for {what()}")
        await pause(reactor, LOOK)
