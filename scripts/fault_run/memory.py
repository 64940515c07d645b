"""Whether the memory of the servers stays what it is, fault after fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

WARM = 10
"""Faults in which a new process learns what was said, imports what it uses, and fills its caches."""
ENOUGH = 40
"""Faults after which it can be told whether memory grows: the system gives it in steps."""
MOST = 512
"""KiB by which resident memory may grow in 100 faults."""
PEAK = 12 * 1024
"""KiB that a process may come to hold beside that by long outages: after each, servers tell each other all
they know, and what was said meanwhile. It is free again, but not given back to the system."""


class Life:
    """The resident memory of one process after each fault, in KiB; `long` if there was a long outage.

    `cached` is so much of it as may be what SQLite has of the file of messages, which grows with that up to
    the bounds of its caches.
    """

    def __init__(self, name: str, process: int) -> None:
        self.name = name
        self.process = process
        self.sizes: list[int] = []
        self.cached: list[int] = []
        self.long = False

    @property
    def warm(self) -> list[int]:
        """Without the first faults."""
        return self.sizes[WARM:]

    @property
    def grown(self) -> float:
        """KiB between the middle of the first fifth and the middle of the last."""
        return self._grown(self.warm)

    def _grown(self, sizes: Sequence[int]) -> float:
        fifth = len(sizes) - self.span
        return median(sizes[-fifth:]) - median(sizes[:fifth])

    @property
    def span(self) -> int:
        """Faults between these two."""
        return len(self.warm) - max(1, len(self.warm) // 5)

    @property
    def allowed(self) -> float:
        """KiB that are no reason to worry."""
        return MOST * self.span / 100 + PEAK * self.long + self._grown(self.cached[WARM:])

    def __str__(self) -> str:
        return (
            f"memory of {self.name} in {len(self.warm)} faults: {self.warm[0]} KiB, "
            f"{self.warm[-1]} at the end, {self.grown / self.span * 100:+.0f} in 100 faults"
        )


class Memory:
    """The lives of all servers' processes."""

    def __init__(self) -> None:
        self.lives: list[Life] = []

    def note(self, sizes: Mapping[str, tuple[int, int, int]], *, long: bool = False) -> None:
        """After a fault: the process of each server, by its name, its resident memory, and caches, in KiB."""
        for name, (process, size, cached) in sizes.items():
            life = next((life for life in self.lives if (life.name, life.process) == (name, process)), None)
            if life is None:
                life = Life(name, process)
                self.lives.append(life)
            life.sizes.append(size)
            life.cached.append(cached)
            life.long |= long

    def in_words(self) -> Iterator[str]:
        """What is known of those that lived long enough."""
        return (str(life) for life in self.lives if len(life.warm) > 1)

    def broken(self) -> list[str]:
        """Which of them grow."""
        return [
            f"{life}: more than {life.allowed:.0f} KiB"
            for life in self.lives
            if len(life.warm) >= ENOUGH and life.grown > life.allowed
        ]
