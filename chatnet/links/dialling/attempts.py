"""Connections that are to be made to other servers, and what those share who make them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, Protocol

from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.settings import LinkSettings

SPREAD: Final = 0.25
"""By which part a time to wait is shorter or longer, so that two servers do not go on meeting each other."""


class Maker(Protocol):
    """Who makes attempts."""

    links: Neighbours

    def opened(self, attempt: Attempt, exit_: Exit, identity: Identity) -> Link:
        """An attempt is connected."""

    def failed(self, attempt: Attempt, reason: str, refused: bool) -> None:
        """An attempt came to nothing."""


class Attempt:
    """A connection to be made to `address` of `block`, as `plan` has it."""

    __slots__ = ("_maker", "address", "block", "link", "outdated", "plan")

    def __init__(self, maker: Maker, plan: Plan, block: LinkSettings, address: str) -> None:
        self._maker = maker
        self.plan = plan
        self.block = block
        self.address = address
        self.link: Link | None = None
        self.outdated = ""
        """Why it is not wanted any more."""

    def opened(self, exit_: Exit, identity: Identity) -> Link:
        """The connection is there."""
        links = self._maker.links
        old = links.neighbour(self.block.name)
        why = self.outdated
        if not why and old is not None and not old.suspended:
            why = "It is linked already"
        if why:
            # It is not greeted: the other side would take that for somebody who comes back, and whom the old
            # block would have known is not told its password any more.
            self.link = links.make(exit_, identity)
            self.link.close(why)
        else:
            self.link = self._maker.opened(self, exit_, identity)
        return self.link

    def failed(self, reason: str, refused: bool = False) -> None:
        """There is no connection, for `reason` in words; `refused`: nobody listens there."""
        self._maker.failed(self, reason, refused)


Connect = Callable[[Attempt], object]
"""Begins to connect; the attempt hears what became of it."""


class Plan:
    """When to try next for one of `blocks` (`due`, monotonic seconds; None while one is linked), and where.

    The uplink that was lost `last` is tried after the others.
    """

    __slots__ = ("blocks", "counted", "due", "index", "last", "quiet", "returns", "rounds", "since", "wanted")

    def __init__(self, due: float) -> None:
        self.due: float | None = due
        self.blocks: list[LinkSettings] = []
        self.index = 0
        self.rounds = 0  # in vain, through all its places
        self.wanted = False  # by an operator
        self.last = ""
        self.since = 0.0  # when it was linked
        self.quiet = 0.0  # since when nothing but signs of life has passed
        self.counted = 0  # lines that had passed then
        self.returns = 0  # to the first uplink, in vain

    @property
    def places(self) -> list[tuple[LinkSettings, str]]:
        """Where to connect to, in the order of trying."""
        order = sorted(self.blocks, key=lambda block: block.name == self.last)
        return [(block, address) for block in order for address in block.addresses]


class Calling:
    """What all attempts share: who connects, by `chance` how soon, and whether nothing is begun any more."""

    def __init__(self, connect: Connect, chance: Callable[[], float] = random.random) -> None:
        self.connect = connect
        self.chance = chance
        self.resting = False
        """Nothing is begun any more: the server ends."""

    def spread(self, seconds: float) -> float:
        """About so many seconds."""
        return seconds * (1 - SPREAD + 2 * SPREAD * self.chance())
