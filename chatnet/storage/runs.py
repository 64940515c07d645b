"""Runs: which process gave out the numbers of a store, so that a copy that was restored gives itself away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from chatnet.storage.interfaces import Position


class Run(NamedTuple):
    """A process that numbered records, from `first` on."""

    id: str
    first: int


def new_id() -> str:
    """What tells a store, or a run, from all others: one word."""
    return secrets.token_hex(10)


def begin(position: Position, runs: Sequence[Run]) -> int:
    """After which number somebody at `position` has to go on reading a store that had these `runs`, in order.

    That is where they are, but from the very beginning on if the store knows nothing of that run, or gave out
    numbers anew that they have seen: it was restored from a copy then, and they stand for other records.
    """
    known = [run.id for run in runs]
    if position.run not in known:
        return 0
    later = runs[known.index(position.run) + 1 :]
    if later and later[0].first <= position.head:
        return 0
    return position.seq
