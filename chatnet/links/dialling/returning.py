"""How a suspended link finds its neighbour again: at once, and again after pauses that are short at first.

And once more just before it is given up: an outage may last nearly as long as a link waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatnet.links.dialling.attempts import Attempt, Calling, Plan
from chatnet.links.meeting.handshake import Handshake
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.node import Timer
from chatnet.settings import LinkSettings

LAST: Final = 1.0
"""Seconds before a link is given up at which its server is tried once more; at most a quarter of the time."""


class Return:
    """Attempts to connect to the server of a suspended link, at all its addresses.

    They wait for no other attempt: the server is in the network already, so it cannot be reached by two ways.
    Nor does one address wait for long until another one answers; the newest connection is the one to stay.
    `replaceable` tells whether a block is for one of several uplinks.
    """

    __slots__ = (
        "_calling",
        "_handshake",
        "_index",
        "_last",
        "_limit",
        "_link",
        "_refused",
        "_replaceable",
        "_rounds",
        "_spare",
        "_timer",
        "attempts",
        "links",
    )

    def __init__(
        self,
        links: Neighbours,
        calling: Calling,
        handshake: Handshake,
        spare: Callable[[str], Link | None],
        replaceable: Callable[[LinkSettings], bool],
    ) -> None:
        self.links = links
        self.attempts: list[Attempt] = []
        """Those under way, and the one that led to a link which began anew."""
        self._calling = calling
        self._handshake = handshake
        self._spare = spare
        self._replaceable = replaceable
        self._link: Link | None = None
        self._index = self._rounds = 0
        self._refused = 0  # attempts, one after the other
        self._timer: Timer | None = None
        self._limit: Timer | None = None
        self._last: Timer | None = None

    def begin(self, link: Link, pause: float = 0.0) -> None:
        """`link` is suspended, or somebody wants it back now; the first attempt is after `pause` seconds."""
        self._link = link
        self._index = self._rounds = self._refused = 0
        # If one led to this link, which began anew, it is over.
        self.attempts = [attempt for attempt in self.attempts if attempt.link is not link]
        self._again(pause)
        self._plan_last(link)

    def _plan_last(self, link: Link) -> None:
        """Try all addresses once more just before the time is over, whatever is under way then."""
        wait, clock = self._wait(link.settings), self.links.node.clock
        left = link.recovery.lost + wait - min(LAST, wait / 4) - clock.monotonic()
        if self._last is not None:
            self._last.cancel()
        self._last = clock.later(left, self._try_all) if link.suspended and left > 0 else None

    def _try_all(self) -> None:
        self._last = None
        link = self._link
        block = link.settings if link is not None and link.suspended else None
        if block is None or self._calling.resting:
            return
        for address in block.addresses:
            attempt = Attempt(self, Plan(0.0), block, address)
            self.attempts.append(attempt)
            self._calling.connect(attempt)

    def opened(self, attempt: Attempt, exit_: Exit, identity: Identity) -> Link:
        """An attempt is connected."""
        for other in [other for other in self.attempts if other.link is not None]:
            # It was connected before, and has not answered since.
            self.attempts.remove(other)
            if other.link is not None:
                other.link.drop("Another connection was quicker")
        return self._handshake.open(exit_, identity, attempt.block)

    def failed(self, attempt: Attempt, reason: str, refused: bool) -> None:
        """An attempt came to nothing.

        Where nobody listens there is no process any more that could go on; if there is another uplink, we see
        that twice at each address, and wait no longer.
        """
        if attempt not in self.attempts:
            return
        self.attempts.remove(attempt)
        self.links.node.log.info(f"No link to {attempt.block.name} ({attempt.address}): {reason}")
        self._refused = self._refused + 1 if refused else 0
        dead = self._refused >= 2 * len(attempt.block.addresses)
        if dead and self._link is not None and self._link.suspended and self._replaceable(attempt.block):
            self._link.expire()
        elif self._index < len(attempt.block.addresses):
            self._again(self._calling.spread(0.0))
        elif self._timer is None:
            self._begin_round()

    def limit(self, link: Link) -> None:
        """Another uplink takes the place of `link` if it is not back in time."""
        clock, wait = self.links.node.clock, self.links.node.settings.links.failover_after
        lost = link.recovery.lost
        if self._limit is not None:
            self._limit.cancel()
        self._limit = clock.later(
            max(0.0, lost + wait - clock.monotonic()),
            lambda: link.expire() if link.recovery.lost == lost else None,
        )

    def resumed(self) -> None:
        """The link has a connection again."""
        self._leave("It is linked again")

    def give_up(self) -> None:
        """Try no more; what is under way is not wanted."""
        self._leave("Another uplink takes its place")

    def _leave(self, why: str) -> None:
        for timer in (self._timer, self._limit, self._last):
            if timer is not None:
                timer.cancel()
        for attempt in self.attempts:
            attempt.outdated = why
        self._link = self._timer = self._limit = self._last = None
        self.attempts = []

    def _again(self, pause: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.links.node.clock.later(pause, self._try)

    def _begin_round(self) -> None:
        settings = self.links.node.settings.links
        pause = min(settings.resume_retry_max, settings.resume_retry * 2.0 ** min(self._rounds, 32))
        self._index = 0
        self._rounds += 1
        self._again(self._calling.spread(pause))

    def _try(self) -> None:
        self._timer = None
        link = self._link
        if link is None or not link.suspended or self._calling.resting:
            self._link = None
            return
        block = link.settings
        if block is None or not block.addresses:
            return
        if (standby := self._spare(block.name)) is not None:
            attempt = Attempt(self, Plan(0.0), block, standby.identity.address)
            attempt.link = standby
            self.attempts.append(attempt)
            self._again(self._stagger(block))
            self._handshake.call(standby)
            return
        busy = [attempt.address for attempt in self.attempts]
        while self._index < len(block.addresses) and block.addresses[self._index] in busy:
            self._index += 1
        if self._index >= len(block.addresses):
            return  # until one of them fails
        attempt = Attempt(self, Plan(0.0), block, block.addresses[self._index])
        self._index += 1
        self.attempts.append(attempt)
        if self._index < len(block.addresses):
            self._again(self._stagger(block))
        self._calling.connect(attempt)

    def _stagger(self, block: LinkSettings) -> float:
        """Seconds until the next address: all of them in half of the time that the link waits."""
        return min(
            self.links.node.settings.links.resume_stagger, self._wait(block) / (2 * len(block.addresses))
        )

    def _wait(self, block: LinkSettings | None) -> float:
        """Seconds from the loss of its connection until the link is given up."""
        settings = self.links.node.settings.links
        replaceable = block is not None and self._replaceable(block)
        return min(settings.resume_grace, settings.failover_after) if replaceable else settings.resume_grace
