"""How far two servers have compared what they know of channels."""

from __future__ import annotations

from math import inf

from chatnet.model.ids import Folded


class Comparison:
    """With one neighbour: digests were `compared`, and it `asked_digests` of us, at these monotonic times.

    `listed` are the channels whose digests it tells, having been asked; `mended` counts those that it knew in
    another way, since all were compared.
    """

    __slots__ = ("asked_digests", "compared", "listed", "mended")

    def __init__(self) -> None:
        self.compared: float | None = None
        self.listed: set[Folded] | None = None
        self.mended = 0
        self.asked_digests = -inf
