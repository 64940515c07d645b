"""Waiting, in coroutines that a reactor drives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

T = TypeVar("T")


class Late(Exception):
    """What was waited for did not come; the text says what."""


def pause(reactor: Any, seconds: float) -> Deferred[None]:
    """Let time pass."""
    return deferLater(reactor, seconds, lambda: None)


def within(reactor: Any, deferred: Deferred[T], seconds: float, what: str) -> Deferred[T]:
    """The same, but Late after some time."""

    def late(result: object, timeout: float) -> T:
        raise Late(f"waited in vain for {what}")

    return deferred.addTimeout(seconds, reactor, onTimeoutCancel=late)


async def until(reactor: Any, condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait until something holds; Late after some time."""
    end = reactor.seconds() + seconds
    while not condition():
        if reactor.seconds() > end:
            raise Late(f"waited in vain for {what()}")
        await pause(reactor, 0.05)
