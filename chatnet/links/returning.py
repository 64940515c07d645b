"""How a suspended link finds its neighbour again: at once, and again after pauses that are short at first."""

from __future__ import annotations

from chatnet.links import dialler as regular  # which keeps those who return
from chatnet.links import handshake
from chatnet.links import link as one
from chatnet.links.connection import Exit
from chatnet.links.identity import Identity
from chatnet.node import Timer


class Return:
    """Attempts to connect to the server of a suspended link, one address after the other.

    They wait for no other attempt: the server is in the network already, so it cannot be reached by two ways.
    """

    __slots__ = ("_dialler", "_index", "_link", "_refused", "_rounds", "_timer", "attempt", "links")

    def __init__(self, dialler: regular.Dialler) -> None:
        self.links = dialler.links
        self.attempt: regular.Attempt | None = None
        self._dialler = dialler
        self._link: one.Link | None = None
        self._index = self._rounds = 0
        self._refused = 0  # attempts, one after the other
        self._timer: Timer | None = None

    def begin(self, link: one.Link, pause: float = 0.0) -> None:
        """`link` is suspended, or somebody wants it back now; the first attempt is after `pause` seconds."""
        self._link = link
        self._index = self._rounds = self._refused = 0
        if self.attempt is not None and self.attempt.link is link:
            self.attempt = None  # it led to this link, which began anew
        if self.attempt is None:
            self._again(pause)

    def opened(self, attempt: regular.Attempt, exit_: Exit, identity: Identity) -> one.Link:
        """An attempt is connected."""
        return self.links.open(exit_, identity, attempt.block)

    def failed(self, attempt: regular.Attempt, reason: str, refused: bool) -> None:
        """An attempt came to nothing.

        Where nobody listens there is no process any more that could go on; if there is another uplink, we see
        that twice at each address, and wait no longer.
        """
        if attempt is not self.attempt:
            return
        self.attempt = None
        self.links.node.log.info(f"No link to {attempt.block.name} ({attempt.address}): {reason}")
        self._index += 1
        self._refused = self._refused + 1 if refused else 0
        dead = self._refused >= 2 * len(attempt.block.addresses)
        if (
            dead
            and self._link is not None
            and self._link.suspended
            and self._dialler.replaceable(attempt.block)
        ):
            self._link.expire()
            return
        pause = 0.0
        if self._index >= len(attempt.block.addresses):
            settings = self.links.node.settings.links
            pause = min(settings.resume_retry_max, settings.resume_retry * 2.0 ** min(self._rounds, 32))
            self._index = 0
            self._rounds += 1
        self._again(self._dialler.spread(pause))

    def give_up(self) -> None:
        """Try no more; what is under way is not wanted."""
        if self._timer is not None:
            self._timer.cancel()
        if self.attempt is not None:
            self.attempt.outdated = "Another uplink takes its place"
        self._link = self.attempt = self._timer = None

    def _again(self, pause: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.links.node.clock.later(pause, self._try)

    def _try(self) -> None:
        self._timer = None
        link = self._link
        if link is None or not link.suspended or self._dialler.resting:
            self._link = None
            return
        block = link.settings
        if block is None or not block.addresses or self.attempt is not None:
            return
        if (standby := self.links.standbys.take(block.name)) is not None:
            self.attempt = regular.Attempt(self, regular.Plan(0.0), block, standby.identity.address)
            self.attempt.link = standby
            handshake.call(standby)
            return
        address = block.addresses[self._index % len(block.addresses)]
        self.attempt = regular.Attempt(self, regular.Plan(0.0), block, address)
        self._dialler.connect(self.attempt)
