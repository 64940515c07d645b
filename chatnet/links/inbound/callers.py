"""Who was told lately that somebody of another server wants to write to them (caller id)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from chatnet.model.entities import User
from chatnet.model.ids import UID

PERIOD: Final = 60.0
"""Seconds in which somebody is told of the same caller once."""
MOST: Final = 4096
"""Callers that are remembered; the oldest are forgotten."""


class Callers:
    """Counts for callers behind links; those who are here have their session's count."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[UID, UID], float] = OrderedDict()

    def may_knock(self, user: User, target: User, now: float) -> bool:
        """Count that `user` knocks at `target`; False if the target was told of that a short time ago."""
        key = user.uid, target.uid
        at = self._told.pop(key, None)
        early = at is not None and at > now - PERIOD
        self._told[key] = at if early and at is not None else now
        while len(self._told) > MOST:
            self._told.popitem(last=False)
        return not early
