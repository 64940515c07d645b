"""Deadlines of many with one timer."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from chatnet.transports.deadlines import GRAIN, Deadlines


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_each_is_called_back_once_when_its_time_has_come(clock: Clock) -> None:
    deadlines = Deadlines(clock)
    called: list[str] = []
    deadlines.set("a", 1.0, lambda: called.append("a"))
    deadlines.set("b", 2.0, lambda: called.append("b"))
    deadlines.set("c", 1.0, lambda: called.append("c"))
    deadlines.clear("c")
    clock.pump([GRAIN] * 3)
    assert called == ["a"]
    clock.pump([GRAIN] * 3)
    assert called == ["a", "b"] and not deadlines and not clock.getDelayedCalls()


def test_one_that_fails_stops_no_other(clock: Clock) -> None:
    deadlines = Deadlines(clock)
    called: list[str] = []
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        events.append(event)

    deadlines.set("a", 1.0, lambda: 1 / 0)
    deadlines.set("b", 1.0, lambda: called.append("b"))
    deadlines.set("c", 2.0, lambda: called.append("c"))
    globalLogPublisher.addObserver(observe)
    try:
        clock.pump([GRAIN] * 6)
    finally:
        globalLogPublisher.removeObserver(observe)
    assert called == ["b", "c"]
    assert [event["log_failure"].type for event in events] == [ZeroDivisionError]
