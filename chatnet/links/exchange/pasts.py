"""Tells a newcomer what was erased, before it is told of channels, and then how far people have read.

Erasures are few, and told in the burst; read marks are many, and only those that moved while it was away are
told, in slices behind everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from chatnet.links.codecs.solanum import PAST
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.facts import Fact, Hearer, NetJoinEnded, NetSplit, PastErased
from chatnet.model.ids import SID
from chatnet.model.past import Archive
from chatnet.storage.interfaces import StoreError
from chatnet.storage.promise import Promise
from chatnet.wire.server_time import DAY

SLICE: Final = 200
"""Marks that are read, and told, at a time."""
PAUSE: Final = 0.25
"""Seconds until the next slice, also where the link has enough that is not confirmed."""


class Pasts:
    """An observer of servers that come and go; a chapter of the burst."""

    def __init__(self, links: Neighbours, archive: Archive | None) -> None:
        self._links = links
        self._archive = archive
        self._away: dict[SID, float] = {}
        """Since when (Unix seconds) servers are away that were here."""
        self.hears: Mapping[type[Fact], Hearer] = (
            {} if archive is None else {NetSplit: self._split, NetJoinEnded: self._joined}
        )

    def erasures(self, link: Link) -> Iterator[bytes]:
        """What a newcomer is told in its burst."""
        archive, me, now = self._archive, self._links.node.network.me, self._links.node.clock.time()
        if archive is None or PAST not in link.caps or not link.codec.core:
            return iter(())
        known = list(archive.erasures())
        return (
            link.codec.erased(me, PastErased(each.person, each.until, each.stamp, each.place, now))
            for each in known
        )

    def _split(self, fact: NetSplit, origin: object) -> None:
        keep = fact.at - self._links.node.settings.history.mark_keep * DAY
        self._away.update({server.sid: fact.at for server in fact.servers})
        self._away = {sid: at for sid, at in self._away.items() if at > keep}

    def _joined(self, fact: NetJoinEnded, origin: object) -> None:
        link, network = self._links.routes.direct.get(fact.far), self._links.node.network
        if link is None or PAST not in link.caps or not link.codec.core:
            return
        settings = self._links.node.settings
        oldest = self._links.node.clock.time() - settings.history.mark_keep * DAY
        behind = [server.sid for server in network.servers.values() if self._links.way_to(server) is link]
        since = min(self._away.pop(sid, oldest) for sid in behind) - settings.links.backfill_overlap
        self._links.node.run(self._tell_marks(link, int(max(since, 0.0) * 1000)))

    async def _tell_marks(self, link: Link, since: int) -> None:
        archive, me, behind = self._archive, self._links.node.network.me, ("", "")
        assert archive is not None
        while not link.gone:
            try:
                marks = await archive.marks(since, behind, SLICE)
            except StoreError as error:
                self._links.node.log.warn(f"{link.name} is not told how far people have read: {error}")
                return
            for person, spot, until in marks:
                link.send(link.codec.mark(me, person, spot, until))
            if len(marks) < SLICE:
                return
            behind = marks[-1][:2]
            await self._pause()
            while link.trickle and not link.gone:
                await self._pause()

    async def _pause(self) -> None:
        over = Promise[None]()
        self._links.node.clock.later(PAUSE, lambda: over.keep(None))
        await over
