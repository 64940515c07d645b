"""Warm standby: a second connection to a neighbour, which is ready when the first is lost.

    CAPAB :...              the one that dialled, after TLS; the other side says nothing
    CNSTBY <sid>            who it is: this connection waits
    PASS ...                perhaps, later: the first is lost, and the handshake goes on as ever

Until then it is known by its certificate, and nothing is told by it.  There is one for each link, made anew
from time to time, so that it is not found dead when it is needed; it ends with its link.
"""

from __future__ import annotations

from chatnet.dispatch import Phase, Table
from chatnet.links.codecs.solanum import encode
from chatnet.links.dialling.attempts import Attempt, Calling, Plan
from chatnet.links.meeting.handshake import Handshake
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity, distrust
from chatnet.links.neighbour.link import Link, State
from chatnet.links.speech.line import Line
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.ids import SID

TOKEN = "CNSTBY"
"""The word in CAPAB of who takes connections that wait."""


class Spare:
    """What is kept ready for one neighbour: `link`, if it is; else the next one is made when it is `due`."""

    __slots__ = ("attempt", "due", "index", "link")

    def __init__(self, due: float) -> None:
        self.link: Link | None = None
        self.attempt: Attempt | None = None
        self.due = due
        self.index = 1  # not the address of the link, if there are others


class Try(Attempt):
    """An attempt that is wanted although there is a link."""

    __slots__ = ()

    def opened(self, exit_: Exit, identity: Identity) -> Link:
        self.link = self._maker.opened(self, exit_, identity)
        return self.link


class Standbys(Follower):
    """Those that we made, for blocks with ``standby``, and those that were made to us."""

    def __init__(self, links: Neighbours, calling: Calling, handshake: Handshake) -> None:
        self.links = links
        self._calling = calling
        self._handshake = handshake
        self._ours: dict[str, Spare] = {}  # by the name of the block
        self._theirs: dict[SID, Link] = {}

    # ours

    def sweep(self) -> None:
        """See to it that each link that wants one has one. To be called every second or so."""
        now = self.links.node.clock.monotonic()
        for link in list(self.links.neighbours()):
            block = link.settings
            if block is None or link.suspended:
                continue
            if not self._wants(link):
                self._drop(block.name, "It is not wanted any more")
                continue
            spare = self._ours.setdefault(block.name, Spare(now))
            if spare.attempt is None and self._is_due(spare, now):
                address = block.addresses[spare.index % len(block.addresses)]
                spare.attempt = Try(self, Plan(0.0), block, address)
                self._calling.connect(spare.attempt)

    def _is_due(self, spare: Spare, now: float) -> bool:
        """Whether the next one is to be made, since there is none or it has grown old."""
        if spare.link is None:
            return spare.due <= now
        renew = self.links.node.settings.links.standby_renew
        return now - spare.link.pulse.opened >= renew and spare.due <= now

    def _wants(self, link: Link) -> bool:
        return (
            link.settings is not None
            and link.settings.standby
            and bool(link.settings.addresses)
            and link.dialled
            and link.identity.secure
            and link.settled
            and link.resumable
            and TOKEN in link.caps
            and not self._calling.resting
        )

    def opened(self, attempt: Attempt, exit_: Exit, identity: Identity) -> Link:
        """One is connected: it takes the place of the one before."""
        link = self.links.make(exit_, identity, attempt.block)
        spare = self._ours.get(attempt.block.name)
        if spare is None or spare.attempt is not attempt:
            link.drop("It is not wanted any more")
        elif not identity.secure or distrust(identity, attempt.block) is not None:
            self.failed(attempt, "its certificate is not the one of that server")
            link.drop("It is not that server")
        else:
            before, spare.link, spare.attempt = spare.link, link, None
            link.utter(self._handshake.offered(link))
            link.utter(b"CNSTBY %b" % encode(self.links.node.network.me.sid))
            link.step("standby")
            if before is not None:
                before.drop("A newer one took its place")
        return link

    def failed(self, attempt: Attempt, reason: str, refused: bool = False) -> None:
        """One could not be made, or is lost; the next attempt is at another address."""
        spare = self._ours.get(attempt.block.name)
        if spare is not None and spare.attempt is attempt:
            spare.attempt = None
            self._again(spare, attempt.block.name, reason)

    def _again(self, spare: Spare, name: str, reason: str) -> None:
        node = self.links.node
        node.log.info(f"No standby to {name}: {reason}")
        spare.index += 1
        spare.due = node.clock.monotonic() + self._calling.spread(node.settings.links.reconnect_min)

    def take(self, name: str) -> Link | None:
        """The one to this server, if there is one, to go on with: it is no standby any more."""
        spare = self._ours.get(name)
        if spare is None or spare.link is None:
            return None
        link, spare.link = spare.link, None
        spare.due = self.links.node.clock.monotonic()
        return link

    # both

    def dropped(self, link: Link) -> None:
        """A standby is gone."""
        self.ended(link)

    def ended(self, link: Link) -> None:
        """A link is gone: with its standby, if it had one; if it was one, another is made."""
        if link.server is not None and link.settings is not None:
            self._drop(link.settings.name, "Its link has ended")
            theirs = self._theirs.pop(link.server.sid, None)
            if theirs is not None and theirs.state is State.STANDBY:  # or the next link begins on it
                theirs.drop("Its link has ended")
            return
        for name, spare in self._ours.items():
            if spare.link is link:
                spare.link = None
                self._again(spare, name, link.reason)
        self._theirs = {sid: other for sid, other in self._theirs.items() if other is not link}

    def _drop(self, name: str, reason: str) -> None:
        spare = self._ours.pop(name, None)
        if spare is not None and spare.link is not None:
            spare.link.drop(reason)

    # theirs

    def came(self, link: Link, sid: SID) -> None:
        """A neighbour has made one: it takes the place of the one before."""
        if (before := self._theirs.pop(sid, None)) is None:
            self.links.node.log.info(f"A connection waits for {link.name}")
        self._theirs[sid] = link
        link.step("standby")
        if before is not None:
            before.drop("A newer one took its place")

    def enter(self, verbs: Table) -> None:
        """Enter the verb of neighbours who make one."""
        verbs.command("CNSTBY", min_params=1, phase=Phase.ANY)(self.cnstby)

    def cnstby(self, line: Line) -> None:
        """This connection of a neighbour waits until its link is lost.

        # <- CNSTBY 0AA
        """
        link, links, said = line.link, self.links, line.link.greeting
        if link.state is not State.GREETING or link.dialled or said.password is not None or not link.caps:
            line.violate("CNSTBY out of place")
        server = line.network.servers.get(SID(line.params[0]))
        old = links.routes.direct.get(server) if server is not None else None
        settings = old.settings if old is not None else None
        if server is None or settings is None:
            links.refuse(link, line.params[0], "a standby to no link")
        elif not link.identity.secure:
            links.refuse(link, server.name, "a standby without TLS")
        elif (why := distrust(link.identity, settings)) is not None:
            links.refuse(link, server.name, why)
        else:
            link.settings = settings
            self.came(link, server.sid)
