"""Long looks at the network (LIST, WHO, …), done in slices between turns, so that nobody waits for them.

All of them together may do so much in one turn as `limits.scan_slice` says: half of it is for those that go
on, by turns of their addresses, and half for those that begin: short ones need not wait for long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

from chatnet.node import Node
from chatnet.rules.fair_queue import FairQueue
from chatnet.storage.promise import Promise

PENALTY: Final = 10_000
"""Microseconds of looking that cost a penalty of 1.0."""


Begin = Callable[[], Coroutine[Any, Any, None]]
"""Makes the coroutine that is a scan, once it may begin."""


class _NextSlice:
    """What a scan awaits when others are to have their turn."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield


_NEXT_SLICE: Final = _NextSlice()

UNDER_WAY: Final = 64
"""Scans that may have begun and not ended: each holds on to a list of all that it will look at."""


class _Until:
    """What a scan awaits that has to know `what` before it goes on."""

    __slots__ = ("what",)

    def __init__(self, what: Coroutine[Any, Any, None]) -> None:
        self.what = what

    def __await__(self) -> Generator[_Until, None, None]:
        yield self


class _Waiting:
    """A scan that is to begin or to go on, unless `over` says that nobody wants it any more."""

    __slots__ = ("begin", "over", "steps")

    def __init__(self, begin: Begin, over: Callable[[], bool]) -> None:
        self.begin = begin
        self.over = over
        self.steps: Coroutine[Any, Any, None] | None = None


class Scans:
    """The scans of all sessions, and what is `left` of this turn for them, in microseconds."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._new: FairQueue[_Waiting] = FairQueue()
        self._under_way: FairQueue[_Waiting] = FairQueue()
        self._new_first = False
        self._armed = False
        self.left = node.settings.limits.scan_slice

    def run(self, owner: str, begin: Begin, over: Callable[[], bool]) -> None:
        """Do a scan of the address `owner`: at once if this turn has room, else when it is its turn.

        It is dropped when `over`.  What it awaits is the next slice, and what its ``Scan`` lets it wait for.
        """
        scan = _Waiting(begin, over)
        if self.left > 0 and len(self._under_way) < UNDER_WAY:
            self._step(owner, scan)
        else:
            self._new.add(owner, scan)
            self._arm()

    def _step(self, owner: str, scan: _Waiting) -> None:
        if scan.over():
            if scan.steps is not None:
                scan.steps.close()
            return
        if scan.steps is None:
            scan.steps = scan.begin()
        try:
            waits = scan.steps.send(None)
        except StopIteration:
            return
        except Exception:
            self._node.log.failure("A scan failed")
            return
        if isinstance(waits, _Until):
            self._node.run(self._until(waits.what, owner, scan))
        else:
            self._go_on(owner, scan)

    def _go_on(self, owner: str, scan: _Waiting) -> None:
        self._under_way.add(owner, scan)
        self._arm()

    async def _until(self, what: Coroutine[Any, Any, None], owner: str, scan: _Waiting) -> None:
        try:
            await what
        finally:
            self._go_on(owner, scan)

    async def room(self, owner: str, cost: int) -> None:
        """Wait until the address `owner` may do what takes `cost` microseconds, at once after this."""
        ready: Promise[None] = Promise()

        async def begin() -> None:
            self.spend(cost)
            ready.keep(None)

        self.run(owner, begin, lambda: False)
        await ready

    def spend(self, cost: int) -> bool:
        """Take `cost` microseconds off this turn; True if nothing is left of it."""
        self.left -= cost
        if not self._armed:
            self._arm()
        return self.left <= 0

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            self._node.clock.later(0.0, self._next_turn)

    def _next_turn(self) -> None:
        self._armed = False
        whole = self._node.settings.limits.scan_slice
        self.left = whole - whole // 2
        while self.left > 0 and (next_one := self._next_queue().take()) is not None:
            self._step(*next_one)
        self.left += whole // 2
        if self._new or self._under_way:
            self._arm()

    def _next_queue(self) -> FairQueue[_Waiting]:
        """Which one is next: those that wait to begin take turns with those that go on."""
        self._new_first = not self._new_first
        if len(self._under_way) >= UNDER_WAY or not self._new:
            return self._under_way
        return self._new if self._new_first or not self._under_way else self._under_way


class Scan:
    """One look at much, which says what it costs as it goes: about a microsecond for each thing.

    `charge` makes the asker pay a penalty.
    """

    __slots__ = ("_charge", "_paused", "_scans", "_spent")

    def __init__(self, scans: Scans, charge: Callable[[float], None]) -> None:
        self._scans = scans
        self._charge = charge
        self._paused = False
        self._spent = 0

    def spend(self, cost: int) -> bool:
        """Something was looked at, or is told, for `cost`; True if it is time to `pause`."""
        self._spent += cost
        return self._scans.spend(cost)

    def spend_on_masks(self, looked: int) -> bool:
        """The same for so many characters of bans; until the first pause the session pays for them itself."""
        self._spent += looked if self._paused else 0
        return self._scans.spend(looked)

    async def pause(self) -> None:
        """Go on in a later turn, in which whatever was looked at may be gone."""
        self.pay()
        self._paused = True
        await _NEXT_SLICE

    async def until(self, what: Coroutine[Any, Any, None]) -> None:
        """Go on in a later turn, after `what` is done, which raises nothing."""
        self.pay()
        self._paused = True
        await _Until(what)

    def pay(self) -> None:
        """Charge what was spent since the last time."""
        self._charge(self._spent / PENALTY)
        self._spent = 0
