"""Questions about what was said: some are asked at a time, and those who ask take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from chatnet.node import Node
from chatnet.rules.fair_queue import FairQueue
from chatnet.storage.promise import Promise


class Busy(Exception):
    """So many look back that one more would wait for too long."""


class Questions:
    """Lets so many questions be asked at a time as `abreast` says; as many as ``history.waiting`` wait.

    One more takes the place of the last one of the owner who has most of them there, or is refused at once.
    Who waits for ``history.query_timeout`` is refused as well.
    """

    def __init__(self, node: Node, abreast: Callable[[], int]) -> None:
        self._node: Final = node
        self._abreast: Final = abreast
        self._asked = 0
        self._waiting: Final[FairQueue[Promise[bool]]] = FairQueue()

    @property
    def asked(self) -> int:
        """How many questions are being asked."""
        return self._asked

    async def turn(self, owner: str) -> None:
        """Wait until a question of `owner` may be asked, which then is until :meth:`done`.  Raises Busy."""
        if self._asked < self._abreast():
            self._asked += 1
            return
        settings, line, mine = self._node.settings.history, self._waiting, Promise[bool]()
        if len(line) >= settings.waiting:
            if line.most() <= line.waiting(owner) + 1:
                raise Busy
            line.take_last_of_most().keep(False)
        line.add(owner, mine)
        if not await mine.within(settings.query_timeout, self._node.clock.later):
            line.remove(owner, mine)
            raise Busy
        if not mine.value:
            raise Busy

    def done(self) -> None:
        """A question is answered."""
        self._asked -= 1
        while self._asked < self._abreast() and (next_one := self._waiting.take()) is not None:
            self._asked += 1
            next_one[1].keep(True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Meanwhile a question that is asked waits for what is no business of the store."""
        self.done()
        try:
            yield
        finally:
            self._asked += 1
