"""Lines that can wait until a neighbour has taken in what it was told before: the answers of back-fill.

They are many, and come just when a link is back.  What is not confirmed is kept for when its connection is
lost once more, and has bounds; so they go out only while little is unconfirmed.  None is taken out of its
answer: when too many wait, the answer is dropped to its end, and the asker, who misses that, asks again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from chatnet.links.neighbour.resume import OVERHEAD

MOST: Final = 16_777_216
"""Bytes of memory for the lines of one link that wait."""

Answer = tuple[str, str, str]
"""Who answers whom, and under which number."""


class Trickle:
    """Those of one link; `size` is the memory in bytes that they take."""

    __slots__ = ("_dropped", "_lines", "size")

    def __init__(self) -> None:
        self.size = 0
        self._lines: deque[bytes] = deque()
        self._dropped: set[Answer] = set()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, text: bytes, answer: Answer, *, last: bool) -> None:
        """Let a line of an answer wait; `last` is its end."""
        if answer in self._dropped or self.size > MOST:
            (self._dropped.discard if last else self._dropped.add)(answer)
            return
        self._lines.append(text)
        self.size += len(text) + OVERHEAD

    def pour(self, may: Callable[[], bool], send: Callable[[bytes], object]) -> None:
        """Send as many as may go now."""
        while self._lines and may():
            text = self._lines.popleft()
            self.size -= len(text) + OVERHEAD
            send(text)
