"""One person on several servers, by chance: whatever happens, all servers end with one user."""

from __future__ import annotations

import pytest
from person_stories import World
from profiles import runs

HARD = (5, 9, 12, 24, 180, 305, 640)
"""Stories that ended badly once."""


@pytest.mark.parametrize("seed", sorted({*range(runs(6, 2000)), *HARD}))
def test_whatever_happens_all_servers_end_with_the_same_user(seed: int) -> None:
    """Nobody is two, no client read of somebody who moved, and a Solanum sees no collision."""
    World(seed).run()
