"""Warm standby: a second connection to a neighbour, which is ready when the first is lost.

    CAPAB :...              the one that dialled, after TLS; the other side says nothing
    CNSTBY <sid>            who it is: this connection waits
    PASS ...                perhaps, later: the first is lost, and the handshake goes on as ever

Until then it is known by its certificate, and nothing is told by it.  There is one for each link, made anew
from time to time, so that it is not found dead when it is needed; it ends with its link.
"""

from __future__ import annotations

from chatnet.dispatch import Phase
from chatnet.links import dialler as regular
from chatnet.links import handshake
from chatnet.links import link as one
from chatnet.links import links as registry  # which has them
from chatnet.links.codecs.solanum import encode
from chatnet.links.connection import Exit
from chatnet.links.identity import Identity
from chatnet.links.line import LINK, Line
from chatnet.model.ids import SID

TOKEN = "CNSTBY"
"""The word in CAPAB of who takes connections that wait."""


class Spare:
    """What is kept ready for one neighbour: `link`, if it is; else the next one is made when it is `due`."""

    __slots__ = ("attempt", "due", "index", "link")

    def __init__(self, due: float) -> None:
        self.link: one.Link | None = None
        self.attempt: regular.Attempt | None = None
        self.due = due
        self.index = 1  # not the address of the link, if there are others


class Try(regular.Attempt):
    """An attempt that is wanted although there is a link."""

    __slots__ = ()

    def opened(self, exit_: Exit, identity: Identity) -> one.Link:
        self.link = self._maker.opened(self, exit_, identity)
        return self.link


class Standbys:
    """Those that we made, for blocks with ``standby``, and those that were made to us."""

    def __init__(self, links: registry.Links) -> None:
        self.links = links
        self._ours: dict[str, Spare] = {}  # by the name of the block
        self._theirs: dict[SID, one.Link] = {}

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
                spare.attempt = Try(self, regular.Plan(0.0), block, address)
                self.links.dialler.connect(spare.attempt)

    def _is_due(self, spare: Spare, now: float) -> bool:
        """Whether the next one is to be made, since there is none or it has grown old."""
        if spare.link is None:
            return spare.due <= now
        renew = self.links.node.settings.links.standby_renew
        return now - spare.link.opened >= renew and spare.due <= now

    def _wants(self, link: one.Link) -> bool:
        return (
            link.settings is not None
            and link.settings.standby
            and bool(link.settings.addresses)
            and link.dialled
            and link.identity.secure
            and link.settled
            and link.streams.numbered
            and TOKEN in link.caps
            and not self.links.dialler.resting
        )

    def opened(self, attempt: regular.Attempt, exit_: Exit, identity: Identity) -> one.Link:
        """One is connected: it takes the place of the one before."""
        link = self.links.open(exit_, identity, attempt.block, greet=False)
        spare = self._ours.get(attempt.block.name)
        if spare is None or spare.attempt is not attempt:
            link.drop("It is not wanted any more")
        elif not identity.secure or handshake.distrust(link, attempt.block) is not None:
            self.failed(attempt, "its certificate is not the one of that server")
            link.drop("It is not that server")
        else:
            before, spare.link, spare.attempt = spare.link, link, None
            link.utter(handshake.offered(link))
            link.utter(b"CNSTBY %b" % encode(self.links.node.network.me.sid))
            link.step("standby")
            if before is not None:
                before.drop("A newer one took its place")
        return link

    def failed(self, attempt: regular.Attempt, reason: str, refused: bool = False) -> None:
        """One could not be made, or is lost; the next attempt is at another address."""
        spare = self._ours.get(attempt.block.name)
        if spare is not None and spare.attempt is attempt:
            spare.attempt = None
            self._again(spare, attempt.block.name, reason)

    def _again(self, spare: Spare, name: str, reason: str) -> None:
        node = self.links.node
        node.log.info(f"No standby to {name}: {reason}")
        spare.index += 1
        spare.due = node.clock.monotonic() + self.links.dialler.spread(node.settings.links.reconnect_min)

    def take(self, name: str) -> one.Link | None:
        """The one to this server, if there is one, to go on with: it is no standby any more."""
        spare = self._ours.get(name)
        if spare is None or spare.link is None:
            return None
        link, spare.link = spare.link, None
        spare.due = self.links.node.clock.monotonic()
        return link

    # both

    def ended(self, link: one.Link) -> None:
        """A link is gone: with its standby, if it had one; if it was one, another is made."""
        if link.server is not None and link.settings is not None:
            self._drop(link.settings.name, "Its link has ended")
            theirs = self._theirs.pop(link.server.sid, None)
            if theirs is not None and theirs.state is one.State.STANDBY:  # or the next link begins on it
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

    def came(self, link: one.Link, sid: SID) -> None:
        """A neighbour has made one: it takes the place of the one before."""
        if (before := self._theirs.pop(sid, None)) is None:
            self.links.node.log.info(f"A connection waits for {link.name}")
        self._theirs[sid] = link
        link.step("standby")
        if before is not None:
            before.drop("A newer one took its place")


@LINK.command("CNSTBY", min_params=1, phase=Phase.ANY)
def cnstby(line: Line) -> None:
    """This connection of a neighbour waits until its link is lost.

    # <- CNSTBY 0AA
    """
    link, links = line.link, line.links
    if link.state is not one.State.GREETING or link.dialled or link.password is not None or not link.caps:
        line.violate("CNSTBY out of place")
    server = line.network.servers.get(SID(line.params[0]))
    old = links.routes.direct.get(server) if server is not None else None
    settings = old.settings if old is not None else None
    if server is None or settings is None:
        handshake.refuse(link, line.params[0], "a standby to no link")
    elif not link.identity.secure or (why := handshake.distrust(link, settings)) is not None:
        handshake.refuse(
            link, server.name, "a standby without TLS" if not link.identity.secure else why or ""
        )
    else:
        link.settings = settings
        links.standbys.came(link, server.sid)
