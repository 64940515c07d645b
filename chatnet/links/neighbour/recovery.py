"""What a link that lost its connection goes on with."""

from __future__ import annotations

from chatnet.links.neighbour.undelivered import Doubts
from chatnet.model.ids import SID
from chatnet.node import Timer


class Recovery:
    """`lost`: when it was suspended (monotonic seconds); it ends with the timer `grace`.

    `departed` are servers that left it for another link meanwhile, with the line that tells it so; `doubts`
    those private messages that were too many to be kept.
    """

    __slots__ = ("departed", "doubts", "grace", "lost")

    def __init__(self) -> None:
        self.lost = 0.0
        self.departed: dict[SID, int] = {}
        self.doubts: Doubts = {}
        self.grace: Timer | None = None

    def stop(self) -> None:
        """It waits no more, or anew."""
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None
