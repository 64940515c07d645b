"""When a link gave a sign of life."""

from __future__ import annotations

from math import inf


class Pulse:
    """Monotonic seconds: it was `opened`, got its connection (`attached`), was `heard` last and `pinged`.

    `skew` is by how many seconds its clock is ahead of ours, as operators were told; 0 if they agree.
    `ahead` is the same as it was last seen, however little; None: it was not seen yet.
    `woke`: when we heard of it after we had stood still, and `slept`: when before.  `lag` is how long its
    last PONG took, if known.
    """

    __slots__ = ("ahead", "attached", "heard", "lag", "opened", "pinged", "skew", "slept", "woke")

    def __init__(self, now: float) -> None:
        self.opened = self.attached = self.heard = now
        self.woke = -inf
        self.slept = now
        self.pinged = 0.0
        self.lag: float | None = None
        self.skew = 0.0
        self.ahead: float | None = None
