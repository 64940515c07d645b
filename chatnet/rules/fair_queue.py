"""What waits, by whose it is: everybody has a turn, however much one of them brings."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """A line of things for each owner; the owners give one of theirs in turn, those of one owner in order."""

    __slots__ = ("_count", "_lines")

    def __init__(self) -> None:
        self._lines: dict[str, deque[T]] = {}  # the owner whose turn is next comes first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def waiting(self, owner: str) -> int:
        """How many things of `owner` wait."""
        return len(self._lines.get(owner, ()))

    def add(self, owner: str, thing: T) -> None:
        """Have a thing wait behind all others of `owner`."""
        self._lines.setdefault(owner, deque()).append(thing)
        self._count += 1

    def take(self) -> tuple[str, T] | None:
        """The thing whose turn it is, and its owner; None if nothing waits."""
        for owner, line in self._lines.items():
            thing = line.popleft()
            del self._lines[owner]
            if line:
                self._lines[owner] = line
            self._count -= 1
            return owner, thing
        return None

    def remove(self, owner: str, thing: T) -> None:
        """Take out a thing that waits, if it does."""
        line = self._lines.get(owner)
        if line is None or thing not in line:
            return
        line.remove(thing)
        if not line:
            del self._lines[owner]
        self._count -= 1

    def take_last_of_most(self) -> T:
        """The thing that came last of those of the owner who has most; something waits."""
        owner = max(self._lines, key=self.waiting)
        line = self._lines[owner]
        thing = line.pop()
        if not line:
            del self._lines[owner]
        self._count -= 1
        return thing

    def most(self) -> int:
        """How many things the owner has who has most."""
        return max(map(len, self._lines.values()), default=0)
