"""An answer that comes later, for those who know no reactor: they await it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


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

    def __await__(self) -> Generator[Any, Any, T]:
        if not self.kept:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            yield from waiting.__await__()
        return self.value  # type: ignore[return-value]
