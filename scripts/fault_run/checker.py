"""What became of every message: pure bookkeeping, which a client feeds with what it reads.

A sender numbers its messages to the channel, and those to each person, from 1.  A receiver that reads
1, 2, 3 … has lost nothing, read nothing twice, and read it in order.  Numbers may be left out over a split
only: if the receiver has read meanwhile that the sender was gone, or if the sender had read that the receiver
was, and not yet that it was back.  And who reads 401 has been told that the last messages to that person may
not have arrived.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Stream:
    """What one receiver has read of one sender, in the channel or in private."""

    last: int = 0
    apart: bool = False  # a split lies between `last` and what comes next
    void: set[int] = field(default_factory=set)  # said while the sender knew of no receiver
    open: set[int] = field(default_factory=set)  # left out without a split
    missed: set[int] = field(default_factory=set)  # left out over splits
    heard: int = 0


@dataclass
class Count:
    """What went wrong with messages in some time; `missed` are those left out over splits."""

    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    missed: int = 0
    where: list[str] = field(default_factory=list)
    """Of whom, by whom, what was lost, in words."""

    def in_words(self) -> list[str]:
        """What must not be."""
        numbers = {"lost": self.lost, "doubled": self.doubled, "reordered": self.reordered}
        return [*(f"{number} {what}" for what, number in numbers.items() if number), *self.where[:4]]

    def __add__(self, other: Count) -> Count:
        return Count(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.reordered + other.reordered,
            self.missed + other.missed,
            self.where + other.where,
        )


Key = tuple[str, str, str]
"""Receiver, sender, and where: the name of a channel, or ``private``."""


class Checker:
    """The streams of all receivers, and how often each saw each other go."""

    def __init__(self) -> None:
        self.streams: dict[Key, Stream] = {}
        self.gone: Counter[tuple[str, str]] = (
            Counter()
        )  # (receiver, sender) → how often it went, in this fault
        self.doubted: Counter[tuple[str, str]] = Counter()
        """(receiver, sender) → how often the sender was told that messages may not have arrived."""
        self._count = Count()

    def stream(self, receiver: str, sender: str, where: str) -> Stream:
        """One of the streams."""
        return self.streams.setdefault((receiver, sender, where), Stream())

    def read(self, receiver: str, sender: str, where: str, number: int) -> None:
        """A message was read."""
        stream = self.stream(receiver, sender, where)
        stream.heard += 1
        if number > stream.last:
            left_out = set(range(stream.last + 1, number))
            missed = left_out if stream.apart else left_out & stream.void
            stream.missed |= missed
            self._count.missed += len(missed)
            stream.open |= left_out - missed
            stream.last = number
            stream.apart = False
            stream.void.clear()
        elif number in stream.open or number in stream.missed:
            stream.open.discard(number)
            stream.missed.discard(number)
            self._count.reordered += 1
        else:
            self._count.doubled += 1

    def said_to_nobody(self, sender: str, receiver: str, where: str, number: int) -> None:
        """A message was sent while the sender had read that the receiver is gone."""
        self.stream(receiver, sender, where).void.add(number)

    def told(self, sender: str, receiver: str, where: str, number: int) -> None:
        """The sender reads that those up to that number may not have arrived."""
        self.doubted[receiver, sender] += 1
        stream = self.stream(receiver, sender, where)
        stream.void.update(range(stream.last + 1, number + 1))
        stream.missed |= stream.open
        self._count.missed += len(stream.open)
        stream.open.clear()

    def went(self, receiver: str, sender: str) -> None:
        """A receiver reads that a sender is gone."""
        self.gone[receiver, sender] += 1
        self._part(receiver, sender)

    def to_remember(self, where: str) -> dict[str, set[tuple[str, int]]]:
        """What each receiver was not told of a channel since the last look: senders and numbers."""
        found: dict[str, set[tuple[str, int]]] = {}
        for (receiver, sender, place), stream in self.streams.items():
            if place == where and stream.missed:
                found.setdefault(receiver, set()).update((sender, number) for number in stream.missed)
                stream.missed.clear()
        return found

    def came_anew(self, receiver: str) -> None:
        """A receiver connected again: nobody promised it what was said meanwhile."""
        for (to, _, _), stream in self.streams.items():
            if to == receiver:
                stream.apart = True

    def take(self) -> Count:
        """What went wrong since the last look; what is open now is lost."""
        count, self._count = self._count, Count()
        for (receiver, sender, where), stream in self.streams.items():
            if stream.open:
                count.lost += len(stream.open)
                numbers = f"{min(stream.open)} to {max(stream.open)}"
                count.where.append(f"{receiver} lost {len(stream.open)} of {sender} ({where}, {numbers})")
                stream.open.clear()
        self.gone.clear()
        self.doubted.clear()
        return count

    def _part(self, receiver: str, sender: str) -> None:
        for (to, by, _), stream in self.streams.items():
            if to == receiver and by == sender:
                stream.apart = True
