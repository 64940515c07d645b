"""Long work is done in slices, and others have their turn between them."""

from __future__ import annotations

from chatnet.node import Clock, Node
from chatnet.storage.promise import Promise


async def next_turn(clock: Clock) -> None:
    """Go on in a later turn, in which whatever was looked at may be gone."""
    turn: Promise[None] = Promise()
    clock.later(0.0, lambda: turn.keep(None))
    await turn


async def settled(node: Node) -> None:
    """Go on when no fact is being told: at once, unless whoever waits heard one."""
    while node.busy:
        await next_turn(node.clock)
