"""Whom to connect to, and when: links that are wanted and not there, one attempt at a time.

More at a time could lead to the same server by two ways.  A transport makes the connection (:data:`Connect`)
and answers through the :class:`Attempt`, once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from chatnet.links import handshake
from chatnet.links import link as one
from chatnet.links import links as registry  # which has its dialler
from chatnet.links.identity import Identity
from chatnet.model.facts import Fact, Hearer, SettingsChanged
from chatnet.settings import LinkSettings

SPREAD: Final = 0.25
"""By which part a time to wait is shorter or longer, so that two servers do not go on meeting each other."""


class Attempt:
    """A connection to be made to `address` of `block`."""

    __slots__ = ("_dialler", "address", "block", "link", "outdated")

    def __init__(self, dialler: Dialler, block: LinkSettings, address: str) -> None:
        self._dialler = dialler
        self.block = block
        self.address = address
        self.link: one.Link | None = None
        self.outdated = False
        """Whether the block has become another one, or none, since."""

    def opened(self, exit_: one.Exit, identity: Identity) -> one.Link:
        """The connection is there."""
        links = self._dialler.links
        if not self.outdated:
            self.link = links.open(exit_, identity, self.block)
            return self.link
        # Whom the old block would have known is not told its password any more.
        self.link = links.open(exit_, identity)
        self.link.close("The configuration has changed")
        return self.link

    def failed(self, reason: str) -> None:
        """There is no connection, for `reason` in words."""
        self._dialler.failed(self, reason)


Connect = Callable[[Attempt], object]
"""Begins to connect; the attempt hears what became of it."""


class Plan:
    """When to try a block next (`due`, monotonic seconds; None while it is linked), and at which address."""

    __slots__ = ("due", "index", "rounds", "wanted")

    def __init__(self, due: float) -> None:
        self.due: float | None = due
        self.index = 0
        self.rounds = 0  # in vain, through all its addresses
        self.wanted = False  # by an operator


class Dialler:
    """Keeps trying for the blocks with ``autoconnect``; observes changes of the settings."""

    def __init__(
        self, links: registry.Links, connect: Connect, chance: Callable[[], float] = random.random
    ) -> None:
        self.links = links
        self.attempt: Attempt | None = None
        self.resting = False
        """Nothing is begun any more: the server ends."""
        self._connect = connect
        self._chance = chance
        self._plans: dict[str, Plan] = {}
        self.hears: Mapping[type[Fact], Hearer] = {SettingsChanged: self.settings_changed}

    def dial(self, name: str) -> str | None:
        """Connect to a server because somebody says so: None, or why not."""
        block = self.links.block(name)
        if block is None:
            return f"There is no [[link]] for {name}."
        if not block.addresses:
            return f"The [[link]] for {block.name} has no addresses: it connects to us."
        if self._is_there(block):
            return f"{block.name} is linked already."
        if self.attempt is not None and self.attempt.block.name == block.name:
            return f"Connecting to {block.name} is under way already."
        plan = Plan(self._now)
        plan.wanted = True
        self._plans[block.name] = plan
        self.sweep()
        return None

    def sweep(self) -> None:
        """Look after the attempt under way, or begin one that is due. To be called every second or so."""
        self._look_after()
        if self.attempt is not None or self.resting:
            return
        now = self._now
        due: list[tuple[float, LinkSettings, Plan]] = []
        for block in self.links.node.settings.link:
            if not block.addresses:
                continue
            plan = self._plans.get(block.name)
            if plan is None:
                if not block.autoconnect:
                    continue
                plan = self._plans[block.name] = Plan(now)
            if self._is_there(block):
                plan.due, plan.wanted = None, False
            elif plan.due is None:
                plan.due = now + self._pause(plan)
            elif plan.due <= now and (block.autoconnect or plan.wanted):
                due.append((plan.due, block, plan))
        if due:
            # Who has waited longest: no block can keep the others from their turn.
            _, block, plan = min(due, key=lambda one: one[0])
            self._begin(block, plan)

    def failed(self, attempt: Attempt, reason: str) -> None:
        """An attempt came to nothing."""
        if attempt is not self.attempt:
            return
        self.attempt = None
        text = f"No link to {attempt.block.name} ({attempt.address}): {reason}"
        self.links.tell(text)
        plan = self._plans.get(attempt.block.name)
        if plan is None or attempt.outdated:
            return
        plan.index = (plan.index + 1) % len(attempt.block.addresses)
        plan.due = self._now
        if plan.index == 0:
            plan.due += self._pause(plan)
            plan.rounds += 1
            plan.wanted = False

    def settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        """Links whose blocks are gone end; the others go on by what their blocks say now."""
        before = {block.name: block for block in fact.old.link}
        now = {block.name: block for block in fact.new.link}
        for name in before.keys() | now.keys():
            if before.get(name) != now.get(name):
                self._plans.pop(name, None)
                if self.attempt is not None and self.attempt.block.name == name:
                    self.attempt.outdated = True
        for link in list(self.links.all):
            if link.settings is None:
                continue
            block = self.links.block(link.settings.name)
            if block is None:
                link.close("It is not in the configuration any more")
            elif block != link.settings:
                link.settings = block
                link.exit.sendq = block.sendq
                if (why := handshake.distrust(link, block)) is not None:
                    link.close(f"The configuration has changed: {why}")

    @property
    def _now(self) -> float:
        return self.links.node.clock.monotonic()

    def _is_there(self, block: LinkSettings) -> bool:
        return self.links.server(block.name) is not None or any(
            link.settings is not None and link.settings.name == block.name for link in self.links.all
        )

    def _pause(self, plan: Plan) -> float:
        settings = self.links.node.settings.links
        seconds = min(settings.reconnect_max, settings.reconnect_min * 2.0 ** min(plan.rounds, 32))
        return seconds * (1 - SPREAD + 2 * SPREAD * self._chance())

    def _begin(self, block: LinkSettings, plan: Plan) -> None:
        address = block.addresses[plan.index % len(block.addresses)]
        self.attempt = attempt = Attempt(self, block, address)
        text = f"Connecting to {block.name} ({address})"
        self.links.tell(text)
        self._connect(attempt)

    def _look_after(self) -> None:
        attempt = self.attempt
        if attempt is None or attempt.link is None:
            return
        link = attempt.link
        if link.settled:
            self.attempt = None
            plan = self._plans.get(attempt.block.name)
            if plan is not None:
                plan.due, plan.rounds, plan.wanted = None, 0, False
        elif link.gone:
            self.failed(attempt, link.reason)
