"""The reactor as the clock and the log that a node was promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogEvent, Logger, LogLevel

from chatnet.node import Timer
from chatnet.wiring.logs import MAY_WAIT, PLAIN


def count_steadily(reactor: Any) -> None:
    """Have `reactor` count seconds that never jump.  To be called before anything is asked of it for later.

    Twisted's own choice is the wall clock: set back by an hour, it would let everything wait for an hour that
    was to happen later, and be it in the next turn; set forward, it would end all that may take some time.
    """
    reactor.seconds = time.monotonic


class ReactorTimer:
    """A delayed call that may be cancelled."""

    __slots__ = ("_call",)

    def __init__(self, call: IDelayedCall) -> None:
        self._call = call

    def cancel(self) -> None:
        if self._call.active():
            self._call.cancel()


class ReactorClock:
    """Real time."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self.time = time.time
        self.monotonic = time.monotonic

    def later(self, seconds: float, function: Callable[[], object]) -> Timer:
        return ReactorTimer(self._reactor.callLater(seconds, function))


class TwistedLog:
    """A node's log, written by twisted.logger."""

    def __init__(self) -> None:
        self._log = Logger(namespace="chatnet.node")
        self._often: LogEvent = {
            "log_logger": self._log,
            "log_level": LogLevel.info,
            "log_namespace": self._log.namespace,
            "log_source": None,
            "log_format": PLAIN,
            MAY_WAIT: True,
        }

    def info(self, text: str) -> None:
        self._log.info(PLAIN, text=text)

    def often(self, text: str) -> None:
        # What Logger.emit makes, which takes three times as long: there are two for each who comes and goes.
        self._log.observer({**self._often, "log_time": time.time(), "text": text})

    def warn(self, text: str) -> None:
        self._log.warn(PLAIN, text=text)

    def failure(self, text: str) -> None:
        self._log.failure(PLAIN, text=text)
