"""The outgoing side of one local connection, and the turn in which many of them are flushed at once.

To send is ``outlet.out.append(line)``, after :meth:`Turn.mark` if ``out`` was empty.  Nobody on the path of
a message writes to a transport: when the turn ends, each marked outlet joins what it has and sends it once.
A transport's outlet overrides the methods below; an :class:`Outlet` itself keeps everything, for tests.
"""

from __future__ import annotations

from collections.abc import Callable

from chatnet.compiled import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class Turn:
    """The outlets that have something to say before the reactor's turn is over.

    ``dirty`` holds every outlet whose ``out`` became non-empty since the last flush; it stays there to the
    end of the turn, even if what it had to say was taken back.  `serial` counts the turns; it is 0 during a
    flush, when an outlet may be in no list although its ``out`` was not empty a moment ago.  ``arm`` is given
    by the transport side: it arranges for :meth:`flush` to be called once, at the end of this turn.  Whoever
    flushes anyhow, sets ``armed`` before, and it is not called.
    """

    __slots__ = ("_arm", "_count", "armed", "dirty", "serial")

    def __init__(self, arm: Callable[[], object]) -> None:
        self.dirty: list[Outlet] = []
        self.armed = False
        self.serial = self._count = 1
        self._arm = arm

    def mark(self, outlet: Outlet) -> None:
        """Remember `outlet`, whose ``out`` is empty and about to be appended to."""
        self.dirty.append(outlet)
        if not self.armed:
            self.armed = True
            self._arm()

    def arm(self) -> None:
        """Ask for a flush, after appending to ``dirty`` directly (the fan-out loop does)."""
        if not self.armed:
            self.armed = True
            self._arm()

    def flush(self) -> None:
        """Flush every marked outlet once. What they cause to be said meanwhile goes with the next flush."""
        self.armed = False
        self.serial = 0
        dirty, self.dirty = self.dirty, []
        try:
            self._flush(dirty)
        finally:
            self._count += 1
            self.serial = self._count

    def _flush(self, dirty: list[Outlet]) -> None:
        for outlet in dirty:
            outlet.flush()


@mypyc_attr(allow_interpreted_subclasses=True)
class Outlet:
    """Lines on their way to one client, as finished bytes that end in CR LF.

    ``out`` is one list for the outlet's whole life: who appends to it may hold on to it.
    """

    __slots__ = ("out", "sendq", "turn")

    def __init__(self, turn: Turn) -> None:
        self.out: list[bytes] = []
        self.turn = turn
        self.sendq = 1_048_576  # bytes that may wait; the session sets it when it knows its class

    @property
    def waiting(self) -> int:
        """Bytes that wait for the other end to take them."""
        return sum(map(len, self.out)) if self.out else 0

    def send(self, line: bytes) -> None:
        """Queue `line` (whole, with its CR LF) for the end of this turn."""
        if not self.out:
            self.turn.mark(self)
        self.out.append(line)

    def flush(self) -> None:
        """Hand everything queued to the transport. Called by the turn."""

    def close(self) -> None:
        """Send what is queued, then close. A peer that does not read is aborted after a while."""

    def abort(self) -> None:
        """Close at once; what is queued is lost."""

    def pause(self) -> None:
        """Stop reading from the peer until :meth:`resume`."""

    def resume(self) -> None:
        """Read again."""
