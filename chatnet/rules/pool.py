"""Limits that all processes of a server count together: each hears what the others count, a moment later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from chatnet.rules.allowances import Told


class Limit(Protocol):
    """Something that counts by keys, such as :class:`~chatnet.rules.allowances.Allowances`."""

    told: Told | None
    """Hears what is counted here."""

    def hear(self, key: str, step: float) -> None:
        """So much is counted elsewhere."""


class Pool:
    """The limits of this process, by names that are the same in all.

    `told` is handed what is counted here: the name of the limit, the key, and how much; None: there is one
    process.  A limit that is added later hears from then on.
    """

    def __init__(self) -> None:
        self.told: Callable[[str, str, float], object] | None = None
        self._limits: dict[str, Limit] = {}

    def add(self, limits: Mapping[str, Limit]) -> None:
        """Have these count together with those of the other processes."""
        self._limits |= limits
        for name, limit in limits.items():
            limit.told = partial(self._tell, name)

    def _tell(self, name: str, key: str, step: float) -> None:
        if self.told is not None:
            self.told(name, key, step)

    def hear(self, counted: Sequence[Sequence[Any]]) -> None:
        """What another process has counted, by names and keys.  What is not limited here is ignored."""
        for name, key, step in counted:
            if (limit := self._limits.get(name)) is not None:
                limit.hear(key, step)
