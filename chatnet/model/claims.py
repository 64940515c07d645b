"""What another server says of a channel; ``rules/timestamps.py`` decides what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatnet.model.entities import User


@dataclass(slots=True, frozen=True)
class SJoin:
    """``SJOIN <ts> <name> +<flags and parameters> :<members>``: a channel as a server knows it.

    `flags` are modes without a parameter, `parameters` those of k, l, f, j and H as a MODE line has them,
    well formed, and `members` users with their rank bits.  `silent` tells that it says nothing of modes:
    ``0``.
    https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
    """

    name: str
    ts: int
    flags: frozenset[str]
    parameters: Mapping[str, str]
    members: tuple[tuple[User, int], ...]
    silent: bool = False
