"""Whether servers have stored the same: the alarm for what no gap tells of.

Every ``links.digest_interval`` the last day of each channel of more than one server is compared with the
nearest other server that has members in it.  Where the sums differ all of it is told; what was missing is
kept, and operators read of it.
"""

from __future__ import annotations

from typing import Final

from chatnet.links.exchange.asking import Inquiries
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import Channel
from chatnet.model.past import Archive, Chapter, Missed
from chatnet.storage.messages.keep import DAY
from chatnet.storage.promise import Promise

PAUSE: Final = 0.05
"""Seconds between two channels."""


class Stores:
    """Compares, where messages are stored: `missed` says of what it is known that it is missing."""

    def __init__(
        self, links: Neighbours, inquiries: Inquiries, archive: Archive | None, missed: Missed | None
    ) -> None:
        self.mended = 0
        """Messages that were missing, which should not be."""
        self._links = links
        self._inquiries = inquiries
        self._archive = archive
        self._missed = missed
        self._at = links.node.clock.monotonic()
        self._busy = False

    def sweep(self) -> None:
        """Compare, where it is time; called every second."""
        now, interval = self._links.node.clock.monotonic(), self._links.node.settings.links.digest_interval
        if self._archive is None or self._busy or now - self._at < interval:
            return
        self._at, self._busy = now, True
        self._links.node.run(self._compare(self._archive))

    async def _compare(self, archive: Archive) -> None:
        try:
            for channel in list(self._links.node.network.channels.values()):
                if (sid := self._other(channel)) is not None:
                    await self._look(archive, channel, sid)
                    await self._pause()
        except Exception:
            self._links.node.log.failure("what is stored could not be compared")
        finally:
            self._busy = False

    def _other(self, channel: Channel) -> str | None:
        """The nearest other server with members that can be asked, if there are members here too."""
        network = self._links.node.network
        servers = {user.server for user in channel.members}
        if network.channels.get(channel.folded) is not channel or network.me not in servers:
            return None
        there = [server for server in servers if self._inquiries.reaches(server)]
        nearest = min(there, key=lambda server: (server.hops, server.sid), default=None)
        return None if nearest is None else nearest.sid

    async def _look(self, archive: Archive, channel: Channel, sid: str) -> None:
        links, place = self._links, archive.place(channel.name)
        settings, server = links.node.settings.links, links.server(sid)
        until = int((links.node.clock.time() - settings.digest_quiet) * 1000)
        since = max(0, until - DAY)
        if place is None or server is None or self._missed is None:
            return
        if self._missed.missing(place, since, until).times:
            return
        tally = await archive.tally(place, since, until)
        told = await self._inquiries.ask(
            server.sid, channel.name, since, until, settings.backfill_messages, tally
        )
        if told is None or not (told.records or told.redactions):
            return
        news = await archive.keep(place, Chapter(told.records, told.redactions))
        if news:
            self.mended += news
            what = f"{news} messages of {channel.name} that should not have been missing"
            links.tell(f"{server.name} told {what}")

    async def _pause(self) -> None:
        over = Promise[None]()
        self._links.node.clock.later(PAUSE, lambda: over.keep(None))
        await over
