"""Long work is done in slices, and others have their turn between them."""

from __future__ import annotations

from chatnet.node import Clock
from chatnet.storage.promise import Promise


async def next_turn(clock: Clock) -> None:
    """Go on in a later turn, in which whatever was looked at may be gone."""
    turn: Promise[None] = Promise()
    clock.later(0.0, lambda: turn.keep(None))
    await turn
