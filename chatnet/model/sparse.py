"""Mappings of which nearly all are empty: these share one, which nobody can write to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

EMPTY: Final[Mapping[Any, Any]] = MappingProxyType({})
"""The one: a dictionary takes 64 bytes, and each user would have several."""


def entered(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """`mapping`, which begins as EMPTY, with one more entry: to be put in its place."""
    if not isinstance(mapping, dict):
        return {key: value}
    mapping[key] = value
    return mapping


def removed(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    """`mapping` without an entry, if it has that: to be put in its place."""
    if not isinstance(mapping, dict):
        return mapping
    mapping.pop(key, None)
    return mapping or EMPTY
