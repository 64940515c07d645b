"""How the store of messages is: what is wrong with it, which operators read, and its figures, for STATS h."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from chatnet.node import Node
from chatnet.storage.messages.interfaces import MessageStore, Trouble
from chatnet.storage.messages.rows import Figures

PERIOD: Final = 60.0
"""Seconds of which it is told how much was written."""


class Health:
    """Of one store.  `figures` are those that were asked for last, if any were.

    What operators should know is given to `post` where none of this server is there to read it.
    """

    def __init__(self, node: Node, store: MessageStore) -> None:
        self._node = node
        self._store = store
        self._groups: deque[tuple[float, int]] = deque()
        self._complained = False
        self.post: Callable[[str], None] = lambda text: None
        self.trouble = ""
        """What is wrong now; empty: nothing is, as far as is known."""
        self.lost = 0
        """Messages that were not stored, since the start."""
        self.figures: Figures | None = None

    @property
    def spooled(self) -> int:
        """Bytes of messages that wait in a file for the database, and that nobody can read yet."""
        return self._store.spooled

    async def look(self) -> None:
        """Have the figures be those of now.  Raises StoreError."""
        self.figures = await self._store.figures()

    def wrote(self, count: int) -> None:
        """A group of so many entries was handed to the store."""
        now = self._node.clock.monotonic()
        self._node.counts.groups += 1
        self._groups.append((now, count))
        self._forget(now)

    def lately(self) -> tuple[int, int]:
        """How many groups were handed over in the last minute, and how many entries they had."""
        self._forget(self._node.clock.monotonic())
        return len(self._groups), sum(count for _, count in self._groups)

    def _forget(self, now: float) -> None:
        while self._groups and self._groups[0][0] <= now - PERIOD:
            self._groups.popleft()

    def troubled(self, trouble: Trouble | None) -> None:
        """The store says what is wrong, or that it is over."""
        if trouble is None:
            self.trouble = ""
            if not self._complained:
                return
            text = "Messages are stored again"
        elif trouble.stored:
            text = trouble.text
        else:
            self.trouble, self.lost = trouble.text, self.lost + trouble.lost
            self._node.counts.unstored += 1
            lost = f" ({trouble.lost} message(s) were lost)" if trouble.lost else ""
            text = f"Messages are not stored as they should: {trouble.text}{lost}"
        self._complained = trouble is not None and not trouble.stored
        self._node.log.warn(text)
        self._node.notice("g", text)
        network = self._node.network
        if trouble is not None and not any(oper.server is network.me for oper in network.opers):
            self.post(text)
