"""Answers that are given again for a while, as many as there is room for."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, NamedTuple, TypeVar

from chatnet.node import Clock

T = TypeVar("T")


class _Entry(NamedTuple, Generic[T]):
    until: float
    size: int
    value: T


class Kept(Generic[T]):
    """Values by key, for so many `seconds`, and of `most` bytes: what was not asked for longest goes."""

    def __init__(self, clock: Clock, seconds: float, most: int) -> None:
        self._clock: Final = clock
        self._seconds: Final = seconds
        self._most: Final = most
        self._entries: Final[OrderedDict[tuple[str, ...], _Entry[T]]] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str, ...]) -> T | None:
        """What was kept of a key, unless it is too old."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= self._clock.monotonic():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: tuple[str, ...], value: T, size: int) -> None:
        """Keep one of so many bytes."""
        self._drop(key)
        self._entries[key] = _Entry(self._clock.monotonic() + self._seconds, size, value)
        self._size += size
        while self._size > self._most:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: tuple[str, ...]) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= entry.size

    def clear(self) -> None:
        """Keep nothing."""
        self._entries.clear()
        self._size = 0
