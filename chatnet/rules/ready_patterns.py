"""Patterns of filters, made ready to be held against texts; at a change only those of them that are new.

To make a thousand ready takes some tens of milliseconds, in which nobody else is served.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from chatnet.model.filters import GLOB
from chatnet.rules.expressions import Patterns, expressions, globs, mistake, size_of

FEW: Final = 256
"""So many are made ready anew at each change: to hold a text against two parts takes a little longer."""
LATE: Final = 32
"""Patterns that are apart from the others, at most, until all are made ready anew."""


class ReadyPatterns:
    """Those of one kind, which `make` makes ready."""

    __slots__ = ("_find", "_find_late", "_known", "_late", "_make", "_there")

    def __init__(self, make: Callable[[Sequence[str]], Patterns]) -> None:
        self._make = make
        self._known: list[str] = []
        self._there: frozenset[str] = frozenset()
        self._late: list[str] = []
        self._find = self._find_late = make(())

    def take(self, patterns: Collection[str]) -> None:
        """Be ready for these from now on, of which each is there once."""
        late = [each for each in patterns if each not in self._there]
        gone = len(self._known) - (len(patterns) - len(late))
        if len(late) > LATE or gone > len(patterns) or (len(patterns) <= FEW and (late or gone)):
            self._known, self._there = list(patterns), frozenset(patterns)
            self._find, late = self._make(self._known), []
        if late != self._late:
            self._late, self._find_late = late, self._make(late)

    def fitting(self, text: str) -> list[str]:
        """Those that fit a text; there may be some among them that are gone since."""
        found = [self._known[place] for place in self._find(text)]
        if self._late:
            found += [self._late[place] for place in self._find_late(text)]
        return found


class Ready:
    """What was found out of patterns, and made of them, which is of use when some of them change.

    An expression may have `most_size` instructions.
    """

    def __init__(self, most_size: int) -> None:
        self._most_size = most_size
        self._judged: dict[tuple[str, str], tuple[str | None, int]] = {}
        self._patterns: dict[tuple[bool, bool, str], ReadyPatterns] = {}

    def judge(self, kind: str, pattern: str) -> tuple[str | None, int]:
        """Why a pattern cannot be used, and else of how many instructions it is made."""
        found = self._judged.get((kind, pattern))
        if found is None:
            why = mistake(kind, pattern, self._most_size)
            found = self._judged[kind, pattern] = why, size_of(kind, pattern) if why is None else 0
        return found

    def forget_but(self, wanted: Collection[tuple[str, str]]) -> None:
        """Nothing else is asked for any more."""
        if len(self._judged) > 2 * len(wanted) + LATE:
            self._judged = {each: self._judged[each] for each in wanted if each in self._judged}

    def patterns(self, stranger: bool, of_users: bool, kind: str) -> ReadyPatterns:
        """Those of one kind that some people, or what they say, are held against."""
        found = self._patterns.get((stranger, of_users, kind))
        if found is None:
            make = globs if kind == GLOB else expressions
            found = self._patterns[stranger, of_users, kind] = ReadyPatterns(make)
        return found
