"""Whom to connect to, and when: links that are wanted and not there, one attempt at a time.

More at a time could lead to the same server by two ways.  A link that is suspended waits for no other: its
server is in the network already (:mod:`chatnet.links.dialling.returning`).  A transport makes the connection
and answers through the :class:`~chatnet.links.dialling.attempts.Attempt`, once.

Each server with ``autoconnect`` is wanted for itself, but of ``links.uplinks`` one is: when it is lost the
next takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chatnet.links.codecs.solanum import SEATS
from chatnet.links.dialling.attempts import Attempt, Calling, Plan
from chatnet.links.dialling.returning import Return
from chatnet.links.meeting.handshake import Handshake, may_claim
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity, distrust
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.facts import Fact, Hearer, SettingsChanged
from chatnet.settings import LinkSettings

RETREAT: Final = 1.0
"""Seconds between the end of the link to one uplink and the greeting of another, which hears of it first."""
IDLE: Final = 8
"""Lines that pass in a second at most, both ways, where nothing happens: signs of life, confirmed."""


UPLINKS: Final = ""
"""In the place of a server's name: whichever of the uplinks."""


class Dialler(Follower):
    """Keeps trying for the blocks with ``autoconnect``; observes changes of the settings.

    `spare` gives the standby to a server of that name, if there is one.
    """

    def __init__(
        self, links: Neighbours, calling: Calling, handshake: Handshake, spare: Callable[[str], Link | None]
    ) -> None:
        self.links = links
        self.attempt: Attempt | None = None
        self.returns: dict[str, Return] = {}
        """For links that are suspended, or were so lately, by the name of the block."""
        self._calling = calling
        self._handshake = handshake
        self._spare = spare
        self._plans: dict[str, Plan] = {}  # by the name of a server; UPLINKS is that of all uplinks
        self.hears: Mapping[type[Fact], Hearer] = {SettingsChanged: self.settings_changed}

    def dial(self, name: str) -> str | None:
        """Connect to a server because somebody says so: None, or why not."""
        block = self.links.block(name)
        if block is None:
            return f"There is no [[link]] for {name}."
        if not block.addresses:
            return f"The [[link]] for {block.name} has no addresses: it connects to us."
        old = self.links.neighbour(block.name)
        if old is not None and old.suspended:
            self.returns[block.name].begin(old)
            return None
        if self._is_there(block):
            return f"{block.name} is linked already."
        if self.attempt is not None and self.attempt.block.name == block.name:
            return f"Connecting to {block.name} is under way already."
        plan = Plan(self._now)
        plan.wanted = True
        self._plans[block.name] = plan
        self.sweep()
        return None

    def suspended(self, link: Link) -> None:
        """A link lost its connection: who made that makes another one at once, and the other side later."""
        block = link.settings
        if block is None:
            return
        back = self.returns.setdefault(block.name, self._new_return())
        if self.replaceable(block):
            back.limit(link)
        if link.dialled:
            back.begin(link)
        elif block.autoconnect:
            back.begin(link, self._calling.spread(self.links.node.settings.links.reconnect_min))

    def ended(self, link: Link) -> None:
        """A link is gone: who returns tries again at once, or leaves that to the other uplinks."""
        self._came_to_nothing(link)
        if link.settings is not None and link.server is not None and self.replaceable(link.settings):
            self.returns.pop(link.settings.name, self._new_return()).give_up()

    def dropped(self, link: Link) -> None:
        """A standby is gone, perhaps when it was to be gone on with."""
        self._came_to_nothing(link)

    def _came_to_nothing(self, link: Link) -> None:
        for back in list(self.returns.values()):
            for attempt in [attempt for attempt in back.attempts if attempt.link is link]:
                back.failed(attempt, link.reason, False)

    def _new_return(self) -> Return:
        return Return(self.links, self._calling, self._handshake, self._spare, self.replaceable)

    def replaceable(self, block: LinkSettings) -> bool:
        """Whether it is for one of several uplinks."""
        uplinks = dict(self._goals()).get(UPLINKS, [])
        return len(uplinks) > 1 and any(other.name == block.name for other in uplinks)

    def resumed(self, link: Link, greeting: Link) -> None:
        """A link has a connection again: no other is wanted."""
        if greeting.settings is not None and (back := self.returns.get(greeting.settings.name)) is not None:
            back.resumed()

    def sweep(self) -> None:
        """Look after the attempt under way, or begin one that is due. To be called every second or so."""
        self._look_after()
        if self.attempt is not None or self._calling.resting:
            return
        now = self._now
        due: list[tuple[float, Plan]] = []
        for name, blocks in self._goals():
            plan = self._plans.get(name)
            if plan is None:
                plan = self._plans[name] = Plan(now)
            plan.blocks = blocks
            if any(map(self._is_there, blocks)):
                self._met(plan)
                continue
            if plan.due is None:
                plan.due = now + self._delay(plan)
            if plan.due <= now:
                due.append((plan.due, plan))
        if due:
            # Who has waited longest: no block can keep the others from their turn.
            _, plan = min(due, key=lambda one: one[0])
            places = plan.places
            self._begin(plan, *places[plan.index % len(places)])
        else:
            self._return()

    def opened(self, attempt: Attempt, exit_: Exit, identity: Identity) -> Link:
        """An attempt is connected; who goes back to the first uplink leaves the other one now."""
        worse = self._uplink()
        if attempt.plan is not self._plans.get(UPLINKS) or worse is None:
            return self._handshake.open(exit_, identity, attempt.block)
        link = self.links.make(exit_, identity, attempt.block)
        if (why := distrust(identity, attempt.block)) is not None:
            self.links.refuse(link, attempt.block.name, why)
        else:
            worse.close(f"Going back to {attempt.block.name}")
            attempt.plan.returns += 1
            self.links.node.clock.later(RETREAT, lambda: None if link.gone else self._handshake.call(link))
        return link

    def failed(self, attempt: Attempt, reason: str, refused: bool = False) -> None:
        """An attempt came to nothing."""
        if attempt is not self.attempt:
            return
        self.attempt = None
        what = f"No link to {attempt.block.name}"
        self.links.tell(f"{what} ({attempt.address}): {reason}", f"{what}: {reason}")
        plan = attempt.plan
        if attempt.outdated:
            return
        if plan.due is None:  # there is another uplink, to be kept for a while
            plan.quiet = self._now
            return
        plan.index = (plan.index + 1) % len(plan.places)
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
                if name in fact.old.links.uplinks:
                    self._plans.pop(UPLINKS, None)
                back = self.returns.get(name)
                under_way = [] if back is None else list(back.attempts)
                if self.attempt is not None and self.attempt.block.name == name:
                    under_way.append(self.attempt)
                for attempt in under_way:
                    attempt.outdated = "The configuration has changed"
        if fact.old.links.uplinks != fact.new.links.uplinks:
            self._plans.pop(UPLINKS, None)
        for plan in self._plans.values():
            if plan.due is not None:  # nobody waits for longer than is waited now
                plan.due = min(plan.due, self._now + self._seconds(plan))
        for link in list(self.links.all):
            if link.settings is None:
                continue
            block = self.links.block(link.settings.name)
            if block is None:
                link.close("It is not in the configuration any more")
            elif block != link.settings or fact.old.links != fact.new.links:
                link.settings = block
                link.bound()
                self._look_at_seats(link)
                if (why := distrust(link.identity, block)) is not None:
                    link.close(f"The configuration has changed: {why}")
                elif link.suspended:
                    link.wait()
                    self.suspended(link)

    def _look_at_seats(self, link: Link) -> None:
        """What a link was told of people, or not told, it is told until it ends."""
        if link.server is not None and SEATS in link.caps and link.codec.core:
            wanted = may_claim(link, self.links.node.settings)
            if wanted is not link.codec.seats:
                self.links.tell(f"allow_seats of {link.name} counts in full when it is linked anew")

    @property
    def _now(self) -> float:
        return self.links.node.clock.monotonic()

    def _goals(self) -> Iterator[tuple[str, list[LinkSettings]]]:
        """Whom to be linked to: one of these servers, and one of those."""
        settings = self.links.node.settings
        uplinks = []
        for block in settings.link:
            if not block.addresses:
                continue
            plan = self._plans.get(block.name)
            if plan is not None and plan.wanted:
                yield block.name, [block]
            elif block.name in settings.links.uplinks:
                if block.autoconnect:
                    uplinks.append(block)
            elif block.autoconnect:
                yield block.name, [block]
        if uplinks:
            yield UPLINKS, sorted(uplinks, key=lambda block: settings.links.uplinks.index(block.name))

    def all_up(self) -> bool:
        """Whether there is nobody to connect to by itself who has not told all they know."""
        up = {link.settings.name for link in self.links.neighbours() if link.settings and link.settled}
        return all(any(block.name in up for block in blocks) for _, blocks in self._goals())

    def _is_there(self, block: LinkSettings) -> bool:
        back = self.returns.get(block.name)
        return (
            (back is not None and bool(back.attempts))
            or self.links.server(block.name) is not None
            or any(link.settings is not None and link.settings.name == block.name for link in self.links.all)
        )

    def _uplink(self) -> Link | None:
        """The link to one of the uplinks."""
        uplinks = self.links.node.settings.links.uplinks
        near = self.links.neighbours()
        return next((link for link in near if link.settings and link.settings.name in uplinks), None)

    def _met(self, plan: Plan) -> None:
        """One of the servers of a plan is there."""
        if plan.due is not None:
            plan.due, plan.wanted, plan.since = None, False, self._now
            plan.quiet = self._now
        if len(plan.blocks) > 1 and (link := self._uplink()) is not None and link.settings is not None:
            plan.last = link.settings.name
            if plan.last == plan.blocks[0].name:
                plan.returns = 0
            lines = link.lines_in + link.lines_out
            if lines - plan.counted > IDLE or lines < plan.counted:
                plan.quiet = self._now
            plan.counted = lines

    def _delay(self, plan: Plan) -> float:
        """Seconds until something is done about the loss of what a plan had.

        Who was there for a shorter time than is waited for was met in vain: so the pauses grow where links
        come and go.
        """
        stood = self._now - plan.since
        plan.rounds = plan.rounds + 1 if stood < self._seconds(plan) else 0
        plan.index = 0
        if len(plan.blocks) > 1 and not plan.rounds:
            return self.links.node.settings.links.failover_delay * self._calling.chance()
        return self._pause(plan)

    def _return(self) -> None:
        """Try whether the first uplink can be had again, if that is wanted and nothing happens."""
        settings = self.links.node.settings.links
        plan = self._plans.get(UPLINKS)
        if not settings.prefer_return or plan is None or plan.due is not None or self._uplink() is None:
            return
        first = plan.blocks[0]
        wait = settings.return_after * 2.0 ** min(plan.returns, 32)
        if plan.last != first.name and self._now - plan.quiet >= wait:
            self._begin(plan, first, first.addresses[0])

    def _seconds(self, plan: Plan) -> float:
        settings = self.links.node.settings.links
        return min(settings.reconnect_max, settings.reconnect_min * 2.0 ** min(plan.rounds, 32))

    def _pause(self, plan: Plan) -> float:
        return self._calling.spread(self._seconds(plan))

    def _begin(self, plan: Plan, block: LinkSettings, address: str) -> None:
        self.attempt = attempt = Attempt(self, plan, block, address)
        text = f"Connecting to {block.name}"
        self.links.tell(f"{text} ({address})", text)
        self._calling.connect(attempt)

    def _look_after(self) -> None:
        attempt = self.attempt
        if attempt is None or attempt.link is None:
            return
        link = attempt.link.greeting.heir or attempt.link
        if link.settled:
            self.attempt = None
        elif link.gone:
            self.failed(attempt, link.reason)
