"""One person on several servers, by chance: whatever happens, all servers end with one user."""

from __future__ import annotations

import pytest
from person_stories import Watcher, World
from profiles import runs

HARD = (5, 9, 12, 24, 180, 305, 640, 2045, 10064, 10585)
"""Stories that ended badly once."""


@pytest.mark.parametrize("seed", sorted({*range(runs(6, 2000)), *HARD}))
def test_whatever_happens_all_servers_end_with_the_same_user(seed: int) -> None:
    """Nobody is two, no client read of somebody who moved, and a Solanum sees no collision."""
    World(seed).run()


def test_a_watcher_finds_what_nobody_promised() -> None:
    """Somebody quits who is connected here; ann comes twice, or more often than she went."""
    world = World(0, leaf=False)
    world.log_in("a", "bob")
    world.settle()
    watcher = Watcher(world["a"].client("watcher"), "watcher")
    here = world.connected("a")
    assert [client.user.nick for client in here] == ["bob"]
    watcher.client.outlet.lines.append(":bob!~bob@192.0.2.1 QUIT :Connection lost")
    watcher.look(here)
    watcher.look(here)
    assert len(watcher.faults) == 1 and "who is connected here" in watcher.faults[0]
    for line in ("JOIN #a", "PART #a", "JOIN #a"):
        watcher.read(f":ann2!~ann@192.0.2.1 {line}")
    assert len(watcher.faults) == 1 and watcher.moves == {("JOIN", "#a"): 2, ("PART", "#a"): 1}
    world.watchers["a"].moves = watcher.moves
    with pytest.raises(AssertionError, match="of ann, who did 0"):
        world.judge_moves()
