"""What all processes answer to one question, such as their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

PATIENCE: Final = 5.0
"""Seconds for which answers are waited for; who has not answered then is left out."""


class Gathering:
    """Waits for the answers of some processes, by their numbers; `done` hears of them, once."""

    def __init__(self, reactor: Any, asked: Iterable[int], done: Callable[[dict[int, str]], object]) -> None:
        self._asked = set(asked)
        self._answers: dict[int, str] = {}
        self._done = done
        self._late = reactor.callLater(PATIENCE, self._end)
        self.over = False

    def answer(self, process: int, text: str) -> None:
        """One has answered."""
        if process in self._asked and not self.over:
            self._answers[process] = text
            self.leave(process)

    def leave(self, process: int) -> None:
        """There is none to be waited for any more: it has answered, or has ended."""
        self._asked.discard(process)
        if not self._asked and not self.over:
            self._late.cancel()
            self._end()

    def _end(self) -> None:
        self.over = True
        self._done(self._answers)
