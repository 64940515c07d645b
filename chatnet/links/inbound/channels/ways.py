"""Members of a channel, parted by where they are."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User


def by_ways(links: Neighbours, members: Iterable[tuple[User, int]]) -> list[list[tuple[User, int]]]:
    """`members` in parts: each user of ours alone, who reads their JOIN first, then those of each link."""
    ways: dict[object, list[tuple[User, int]]] = {}
    for user, ranks in members:
        ways.setdefault(links.way_to(user) or user, []).append((user, ranks))
    return [ways[whose] for whose in sorted(ways, key=lambda whose: not isinstance(whose, User))]
