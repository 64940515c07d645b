"""Answers of a store for who has no reactor."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar, cast

T = TypeVar("T")


def at_once(answer: Awaitable[T]) -> T:
    """What is awaited and is there already, or what that raises; RuntimeError if it is not there yet."""
    try:
        next(answer.__await__())
    except StopIteration as end:
        return cast(T, end.value)
    raise RuntimeError("the answer is not there yet")
