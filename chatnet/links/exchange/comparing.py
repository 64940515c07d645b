"""Whether full neighbours have the same records: the alarm for what a feed should never miss.

When both sides are even and nothing moved for ``links.digest_quiet``, the one with the lower SID tells the
digests of all records, every ``links.digest_interval``.  If one differs, those of its 256 buckets are told;
of buckets that differ both sides tell each other all, page by page: one is on its way at a time, and each
bucket is told once in that interval, one in a second at most, for it costs a look at all ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Final

from chatnet.links.codecs import feeds as codec
from chatnet.links.codecs.feeds import BUCKETS
from chatnet.links.exchange.feed import PAGE, Feed, State
from chatnet.links.neighbour.link import Link
from chatnet.node import Node
from chatnet.records.grammar import ACCOUNT, BAN, CHANNEL, INVITE, SERVER
from chatnet.storage.interfaces import FIRST, Page, Part, Store, StoreError

KINDS: Final = ACCOUNT + BAN + CHANNEL + INVITE + SERVER
PAUSE: Final = 1.0
"""Seconds between two buckets that a neighbour is told."""


class Comparing:
    """Digests and buckets of the neighbours that have a feed in `feeds`."""

    def __init__(self, node: Node, store: Store, feeds: Mapping[Link, Feed]) -> None:
        self.mended = 0
        """Buckets that were not the same, which should not be."""
        self._node = node
        self._store = store
        self._feeds = feeds

    def sweep(self) -> None:
        """Tell those with a higher SID the digests of all records, where it is time; called every second."""
        now, interval = self._now(), self._node.settings.links.digest_interval
        for link, feed in self._feeds.items():
            if link.server is None or self._sid > link.server.sid or now - feed.comparison.at < interval:
                continue
            if feed.filled and self._quiet(feed) and not feed.comparison.wanted and not link.suspended:
                feed.comparison.at = now
                self._node.run(self._say_digests(link, feed))

    def compare(self, link: Link, feed: Feed, kind: str, which: int | None, digest: int) -> None:
        """CNBKT: hold what a neighbour has against what is here, once in a while."""
        now, compared = self._now(), feed.comparison.compared
        quiet = self._node.settings.links.digest_quiet
        if kind in KINDS and self._quiet(feed) and now - compared.get((kind, which), -inf) >= quiet:
            compared[kind, which] = now
            self._node.run(self._compare_with(link, feed, kind, which, digest))

    def wanted(self, link: Link, feed: Feed, kind: str, which: int) -> None:
        """CNWANT: tell all records of a bucket, as pages that move no number."""
        if kind in KINDS:
            self._want(link, feed, kind, which)

    def confirmed(self, link: Link, feed: Feed) -> None:
        """The page of a bucket is on its disk."""
        feed.comparison.on_the_way = False
        self._go_on(link, feed)

    # inside

    @property
    def _sid(self) -> str:
        return self._node.network.me.sid

    def _now(self) -> float:
        return self._node.clock.monotonic()

    def _quiet(self, feed: Feed) -> bool:
        """Whether nothing was told or taken lately, of which the other side may not know yet."""
        quiet = self._now() - self._node.settings.links.digest_quiet
        even = feed.state is State.EVEN and not feed.shared
        return even and not feed.on_the_way and feed.changed < quiet

    async def _say_digests(self, link: Link, feed: Feed) -> None:
        for kind in KINDS:
            if kind in feed.kinds:
                with suppress(StoreError):  # another time
                    digest = total(await self._store.digests(kind))
                    if self._feeds.get(link) is feed and self._quiet(feed):
                        link.send(codec.bucket(self._sid, kind, None, digest))

    async def _compare_with(self, link: Link, feed: Feed, kind: str, which: int | None, digest: int) -> None:
        with suppress(StoreError):
            own = await self._store.digests(kind)
            if self._feeds.get(link) is not feed:
                return
            if which is not None and own[which] != digest:
                self.mended += 1
                what = "has other records than this server: both tell each other all of them"
                link.warn_once("digest", what)
                link.send(codec.want(self._sid, kind, which))
                self._want(link, feed, kind, which)
            elif which is None and total(own) != digest:
                for each in range(BUCKETS):
                    link.send(codec.bucket(self._sid, kind, each, own[each]))

    def _want(self, link: Link, feed: Feed, kind: str, which: int) -> None:
        """Tell a bucket in its turn, unless that was done in this interval."""
        since = self._now() - self._node.settings.links.digest_interval / 2
        if feed.comparison.told.get((kind, which), -inf) <= since:
            feed.comparison.told[kind, which] = self._now()
            feed.comparison.wanted[kind, which] = None
            self._go_on(link, feed)

    def _go_on(self, link: Link, feed: Feed) -> None:
        comparison = feed.comparison
        if comparison.wanted and not comparison.busy and not comparison.on_the_way:
            comparison.busy = True
            self._node.run(self._tell(link, feed))

    async def _tell(self, link: Link, feed: Feed) -> None:
        """Tell the next page of a bucket, or the first one of the next bucket in a moment."""
        comparison = feed.comparison
        kind, which = bucket = next(iter(comparison.wanted))
        try:
            part = await self._read(kind, which, comparison.behind)
        except StoreError:
            part = Part((), None)  # another time
        if bucket in comparison.wanted and self._feeds.get(link) is feed:
            if part.records:
                comparison.on_the_way = True
                for text in codec.page(self._sid, self._store.id, Page(part.records, "-", 0, 0)):
                    link.send(text)
            comparison.behind = part.behind or FIRST
            if part.behind is None:
                del comparison.wanted[bucket]
                self._node.clock.later(PAUSE, self._next(link, feed))
                return
        comparison.busy = False
        self._go_on(link, feed)

    async def _read(self, kind: str, which: int, behind: tuple[str, str]) -> Part:
        """A part of a bucket that has something in it, or is the last one."""
        part = await self._store.bucket(kind, which, behind, PAGE)
        while not part.records and part.behind is not None:
            part = await self._store.bucket(kind, which, part.behind, PAGE)
        return part

    def _next(self, link: Link, feed: Feed) -> Callable[[], None]:
        def go_on() -> None:
            feed.comparison.busy = False
            if self._feeds.get(link) is feed:
                self._go_on(link, feed)

        return go_on


def total(digests: Sequence[int]) -> int:
    """The digest of all buckets."""
    found = 0
    for each in digests:
        found ^= each
    return found
