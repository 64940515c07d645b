"""The order in which files of tests are run: those that wait much stand between those that compute.

Workers take one file after the other.  If all of them waited for daemons and clients at the same time, the
CPUs would have nothing to do.  Files that wait are dealt out evenly among the first of the others, so that
none of them is still going on when all is done.  Those with the most tests come first: one of them takes as
long as a hundred others.  ``conftest.py`` takes the hook from here.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final, TypeVar

import pytest

T = TypeVar("T")
SPREAD: Final = 0.8
"""Among so many of the tests that compute."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files keep their tests, and those that compute their order."""
    waiting: list[list[pytest.Item]] = []
    others: list[list[pytest.Item]] = []
    for _, group in groupby(items, lambda item: item.path):
        file = list(group)
        (waiting if _waits(file) else others).append(file)
    items[:] = [item for file in mixed(waiting, others) for item in file]


def mixed(waiting: list[list[T]], others: list[list[T]]) -> list[list[T]]:
    """All files, in the order in which they are to be run."""
    longest = sorted(waiting, key=len, reverse=True)
    dealt = [(SPREAD * number / len(waiting), file) for number, file in enumerate(longest)]
    before, count = 0, sum(map(len, others))
    for file in others:
        dealt.append((before / count, file))
        before += len(file)
    return [file for _, file in sorted(dealt, key=lambda each: each[0])]


def _waits(file: list[pytest.Item]) -> bool:
    return any(item.get_closest_marker(name) for item in file for name in ("daemon", "client"))
