"""A store of messages whose disk takes its time."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred

from chatnet.storage.messages.rows import Entry


class Slow:
    """In the place of a store whose disk takes its time."""

    heard = 0

    def __init__(self) -> None:
        self.waiting: list[Deferred[None]] = []

    def put(self, entries: Sequence[Entry]) -> Deferred[None]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def write(self) -> None:
        """All is on the disk."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)
