"""A mapping with one entry, in a quarter of the memory of a dictionary: there may be one for each account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

V = TypeVar("V")


class Single(Mapping[str, V]):
    """`key` is `value`, and nothing else is anything."""

    __slots__ = ("_key", "_value")

    def __init__(self, key: str, value: V) -> None:
        self._key = key
        self._value = value

    def __getitem__(self, key: str) -> V:
        if key != self._key:
            raise KeyError(key)
        return self._value

    def __iter__(self) -> Iterator[str]:
        yield self._key

    def __len__(self) -> int:
        return 1
