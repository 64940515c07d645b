"""One connection to a neighbour: its bytes, and the link that they are for at the moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from chatnet.links.neighbour.identity import Identity
from chatnet.node import Node
from chatnet.wire.lines import LineBuffer

LONGEST: Final = 8192 + 16384
"""Bytes of a line: tags, and what chatnet servers say to each other without them."""


class Exit(Protocol):
    """The outgoing side of a connection, which a transport gives."""

    sendq: int
    """Bytes that may wait in it."""

    @property
    def waiting(self) -> int:
        """Bytes that wait in it now."""

    def send(self, line: bytes) -> None:
        """Queue a whole line, with its CR LF, for the end of this turn."""

    def close(self) -> None:
        """Send what is queued, then close."""

    def abort(self) -> None:
        """Close at once."""

    def pause(self) -> None:
        """Read nothing more until :meth:`resume`."""

    def resume(self) -> None:
        """Read again."""


class Nowhere:
    """The exit of a link that is suspended."""

    __slots__ = ("sendq",)

    def __init__(self) -> None:
        self.sendq = 0

    @property
    def waiting(self) -> int:
        return 0

    def send(self, line: bytes) -> None:
        """It waits in the buffer of the session."""

    def close(self) -> None:
        """There is nothing to close."""

    def abort(self) -> None:
        """As above."""

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing comes."""


class Receiver(Protocol):
    """Whom the lines of a connection are for."""

    def hear(self, size: int) -> None:
        """Note that `size` bytes came."""

    def confirm(self) -> None:
        """All lines of a chunk were taken."""

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""

    def sendq_exceeded(self) -> None:
        """The neighbour does not read what it is sent."""


R = TypeVar("R", bound=Receiver)


class Connection(Generic[R]):
    """What a transport calls: the near end of a connection, whose `exit` it gave.

    `read` takes a line, without its end, for whom it is.

    `link` is whom the lines are for: the one that was made for this connection, or the one that was suspended
    and goes on with it.  None: for nobody any more, whatever still comes.  `dialled` tells who began,
    `opened` when (monotonic seconds).

    What comes is taken for ``links.line_slice`` seconds in one turn, and the rest in the next ones, so that
    clients are served between, whatever a neighbour makes us do.  Nothing is read meanwhile.
    """

    __slots__ = (
        "_buffer",
        "_lost",
        "_node",
        "_read",
        "_rest",
        "dialled",
        "exit",
        "identity",
        "link",
        "opened",
    )

    def __init__(
        self,
        node: Node,
        read: Callable[[R, bytes], None],
        link: R,
        exit_: Exit,
        identity: Identity,
        dialled: bool,
    ) -> None:
        self._node = node
        self._read = read
        self.link: R | None = link
        self.exit = exit_
        self.identity = identity
        self.dialled = dialled
        self.opened = node.clock.monotonic()
        self._buffer = LineBuffer(LONGEST)
        self._rest: list[bytes] = []
        self._lost: str | None = None  # what came before it is not all taken yet

    def receive(self, data: bytes) -> None:
        """Take a chunk of what the neighbour sent, in any size."""
        link = self.link
        if link is None:
            return
        link.hear(len(data))
        lines = self._buffer.feed(data)
        if self._rest:
            self._rest += lines  # it was read before the pause
        else:
            self._take(lines)

    def _take(self, lines: list[bytes]) -> None:
        link = self.link
        if link is None:
            return
        node = self._node
        now, end = node.clock.monotonic, node.clock.monotonic() + node.settings.links.line_slice
        for number, raw in enumerate(lines, 1):
            link = self.link  # a line may hand the connection over, or end it
            if link is None:
                return
            self._read(link, raw)
            if now() >= end and number < len(lines):
                self._rest = lines[number:]
                self.exit.pause()
                node.clock.later(0.0, self._go_on)
                break
        if self.link is not None:
            self.link.confirm()

    def _go_on(self) -> None:
        lines, self._rest = self._rest, []
        self._take(lines)
        if not self._rest:
            self.exit.resume()
            if self._lost is not None:
                self.connection_lost(self._lost)

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        if self._rest and self.link is not None:
            self._lost = reason
        elif self.link is not None:
            self.link.connection_lost(reason)

    def sendq_exceeded(self) -> None:
        """The neighbour does not read what it is sent."""
        if self.link is not None:
            self.link.sendq_exceeded()
