"""One connection to a neighbour: its bytes, and the link that they are for at the moment."""

from __future__ import annotations

from typing import Final, Protocol

from chatnet.links import link as one  # a link has its connection, and each of them its link
from chatnet.links.identity import Identity
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


class Connection:
    """What a transport calls: the near end of a connection, whose `exit` it gave.

    `link` is whom the lines are for: the one that was made for this connection, or the one that was suspended
    and goes on with it.  None: for nobody any more, whatever still comes.  `dialled` tells who began,
    `opened` when (monotonic seconds).
    """

    __slots__ = ("_buffer", "dialled", "exit", "identity", "link", "opened")

    def __init__(self, link: one.Link, exit_: Exit, identity: Identity, dialled: bool, opened: float) -> None:
        self.link: one.Link | None = link
        self.exit = exit_
        self.identity = identity
        self.dialled = dialled
        self.opened = opened
        self._buffer = LineBuffer(LONGEST)

    def receive(self, data: bytes) -> None:
        """Take a chunk of what the neighbour sent, in any size."""
        link = self.link
        if link is None:
            return
        link.hear(len(data))
        for raw in self._buffer.feed(data):
            link = self.link  # a line may hand the connection over, or end it
            if link is None:
                return
            link.take(raw)
        if self.link is not None:
            self.link.confirm()

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        if self.link is not None:
            self.link.connection_lost(reason)

    def sendq_exceeded(self) -> None:
        """The neighbour does not read what it is sent."""
        if self.link is not None:
            self.link.sendq_exceeded()
