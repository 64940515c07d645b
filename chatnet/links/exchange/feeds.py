"""Full servers tell each other records, forever: catching up, and what is new, are one and the same.

Each side feeds the other what stands in its store behind an arrival number, page by page, as it is stored:
nothing waits in memory for a slow link, and what was news here goes on to other neighbours by itself.  What
came from a neighbour on this connection is not fed back to it.

    CNHAVE   what I have of your store: once after the burst, and again where a page could not be stored
    CNPAGE   so many records follow, after which you have all up to a number; without any: I begin there, or
             what is between is known to you
    CNGOT    all up to that number is on my disk
    CNEVEN   you have all there is (once, at the end of catching up)
    CNBKT    the digest of a bucket of records, or of all of a kind
    CNWANT   feed me that bucket, as a page that moves no number

=========  ==================================  ============================================  =========
state      input                               does                                          next
=========  ==================================  ============================================  =========
NEW        CNHAVE                              finds the number to begin after, tells it     FEEDING
FEEDING    few pages are not confirmed         reads a page, tells it                        FEEDING
FEEDING    nothing is left                     CNEVEN, the first time                        EVEN
EVEN       there is news                                                                     FEEDING
any        CNHAVE                              begins again there                            FEEDING
(no feed)  CNHAVE                              kept until this side is set up as full        NEW
any        the link is suspended               nothing: what was said is said again          the same
any        the link ended                                                                    NEW
=========  ==================================  ============================================  =========
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from hashlib import blake2b
from math import inf
from typing import Final

from chatnet.links.codecs import feeds as codec
from chatnet.links.codecs.feeds import BUCKETS, Beginning, Have
from chatnet.links.codecs.solanum.base import RECORDS
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.facts import Fact, Hearer, RecordsTaken, ServerIntroduced, SettingsChanged
from chatnet.model.server import Server
from chatnet.records.accounts import VERIFIER, changed_apart
from chatnet.records.grammar import ACCOUNT, CHANNEL, SERVER, seconds_of
from chatnet.storage.interfaces import NOWHERE, Page, Store, StoreError
from chatnet.storage.record import Record

AGREED: Final = ("drop_grace", "guest_nick", "names", "nick_protection", "tombstones")
"""What of ``[accounts]`` should be the same on all full servers."""
KINDS: Final = ACCOUNT + CHANNEL + SERVER
PAGE: Final = 200
"""Records of one page, at most."""
UNCONFIRMED: Final = 16
"""Pages that may be on their way."""
BEHIND: Final = 1000
"""Numbers of which a neighbour is told that it has them anyway, once they are so many."""
LEARNED: Final = 20_000
"""Records of a neighbour that are remembered, at most, so that they are not fed back to it."""
NO_RECORD: Final = Record("", "", "", None)
AGAIN: Final = 5.0
"""Seconds after which a page is asked for again that could not be stored."""
HEARD_WITHIN: Final = 30.0
"""Seconds within which a neighbour that is full, too, has said so."""


class State(Enum):
    """How far we are with feeding a neighbour."""

    NEW = "new"
    FEEDING = "feeding"
    EVEN = "even"


class Feed:
    """One full neighbour: what it is fed, and what it feeds us."""

    __slots__ = (
        "after", "beginning", "busy", "changed", "compared", "deaf", "even", "filled", "heard", "kinds",
        "learned", "merging", "new", "news", "on_the_way", "pages", "records", "said", "serial", "skipped",
        "state", "stored", "told",
    )  # fmt: skip

    def __init__(self) -> None:
        self.said = False  # our CNHAVE
        self.new = False  # in which nothing of its store was
        self.heard = False  # theirs
        self.kinds = ""  # that it knows
        # What it is fed:
        self.state = State.NEW
        self.serial = 0  # of their CNHAVE: what was read for an older one is not told any more
        self.after = 0  # all up to this number was told
        self.told = 0  # as it knows by a page
        self.stored = 0  # as it has confirmed
        self.on_the_way: deque[int] = deque()  # the numbers of pages that are not confirmed
        self.busy = False  # a page is being read
        self.news = False  # while it was
        self.even = False  # CNEVEN was said
        # What it feeds:
        self.deaf: int | None = None  # until it begins at this number, or before, nothing counts
        self.beginning: Beginning | None = None
        self.skipped = 0  # records to come of a page that is forgotten
        self.records: list[Record] = []
        self.pages: deque[tuple[Beginning, list[Record]]] = deque()  # that are to be stored
        self.merging = False
        self.filled = False  # it said CNEVEN
        self.learned: dict[tuple[str, str, str], None] = {}
        self.changed = -inf  # when something was told, or taken, in monotonic seconds
        self.compared = -inf  # when digests were told

    def __str__(self) -> str:
        """How far it is, for operators."""
        fed = (
            "it has all records"
            if self.state is State.EVEN
            else f"it is told of {len(self.on_the_way)} page(s)"
        )
        return f"{fed}, and {'has told all' if self.filled else 'tells'} that it has"

    def learn(self, records: Sequence[Record]) -> None:
        """These come from it."""
        self.learned.update(((each.entity, each.field, each.stamp), None) for each in records)
        if len(self.learned) > LEARNED:  # an echo does no harm
            self.learned.clear()

    def known(self, record: Record) -> bool:
        """Whether it came from there; it is asked once, when its turn comes."""
        key = record.entity, record.field, record.stamp
        if key not in self.learned:
            return False
        del self.learned[key]
        return True


class Feeds(Follower):
    """The feeds of all full neighbours, out of the `store` and into it."""

    def __init__(self, links: Neighbours, store: Store) -> None:
        self.hears: Mapping[type[Fact], Hearer] = {
            ServerIntroduced: self._introduced,
            SettingsChanged: self._settings_changed,
            RecordsTaken: self._taken,
        }
        self.disputed: Callable[[str], object] = _nobody
        """What is told of an account whose password was changed on two servers while they were apart."""
        self.mended = 0
        """Buckets that were not the same, which should not be."""
        self._links = links
        self._node = links.node
        self._store = store
        self._feeds: dict[Link, Feed] = {}
        self._haves: dict[Link, Have] = {}  # what neighbours said last, perhaps before this side was full

    # who is full

    def of(self, link: Link) -> Feed | None:
        """The feed of a neighbour that is full, as far as we know."""
        return self._feeds.get(link)

    def full(self) -> dict[Server, Feed]:
        """The neighbours that are full: both sides have said so."""
        return {
            link.server: feed
            for link, feed in self._feeds.items()
            if feed.said and feed.heard and link.server is not None
        }

    @property
    def learning(self) -> bool:
        """Whether a full neighbour has not told yet all that there is, of whose records none was here."""
        feeds = self._feeds.values()
        return any(feed.said and feed.heard and feed.new and not feed.filled for feed in feeds)

    def _may(self, link: Link) -> bool:
        """Whether a neighbour is to be full; operators read why one is not that is set up so."""
        if self._links.full(link):
            return True
        if link.settings is not None and link.settings.accounts == "full":
            if RECORDS not in link.caps:
                link.warn_once("edge", 'keeps no accounts, though its [[link]] has accounts = "full"')
            else:
                link.warn_once("plain", "is told no accounts, for its connection has no TLS")
        elif RECORDS in link.caps:
            self._warn_apart(link)
        return False

    @staticmethod
    def _warn_apart(link: Link) -> None:
        both = 'accounts = "full" in the [[link]] blocks on both sides makes them the same'
        link.warn_once("apart", f"keeps accounts of its own: {both}")

    def _introduced(self, fact: ServerIntroduced, origin: object) -> None:
        if isinstance(origin, Link) and origin.server is fact.server:
            self._look(origin)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        for link in self._links.neighbours():
            self._look(link)

    def _look(self, link: Link) -> None:
        """Say that we are full for it, or stop being so."""
        if not self._may(link):
            self._feeds.pop(link, None)
            return
        feed = self._feeds.setdefault(link, Feed())
        if not feed.said:
            feed.said = True
            self._node.run(self._say_have(link, feed))
            self._node.clock.later(HEARD_WITHIN, lambda: self._doubt(link, feed))
            if (have := self._haves.get(link)) is not None:
                self._begin(link, feed, have)

    def _doubt(self, link: Link, feed: Feed) -> None:
        """Operators read that a neighbour is not full that is set up so here."""
        if self._feeds.get(link) is feed and not feed.heard and not link.suspended:
            self._warn_apart(link)

    async def _say_have(self, link: Link, feed: Feed) -> None:
        """Tell a neighbour what we have of its store, as we knew it last."""
        assert link.server is not None
        try:
            store, position = await self._store.last(link.server.sid) or (None, NOWHERE)
        except StoreError as error:
            self._fail(link, feed, error)
            return
        if self._feeds.get(link) is feed:
            feed.deaf = position.seq
            feed.new = store is None
            have = Have(store, position, KINDS, self._services, self._agreed)
            link.send(codec.have(self._sid, have))

    def _fail(self, link: Link, feed: Feed, error: StoreError) -> None:
        """What it tells cannot be stored, or read: it is asked again."""
        link.warn_once("store", f"tells of accounts in vain: {error}")
        self._later(link, feed)

    def _later(self, link: Link, feed: Feed) -> None:
        """Say so again after a while: nothing could be stored, or read."""

        def again() -> None:
            if self._feeds.get(link) is feed:
                self._node.run(self._say_have(link, feed))

        self._node.clock.later(AGAIN, again)

    def ended(self, link: Link) -> None:
        """Nothing is kept for it."""
        self._feeds.pop(link, None)
        self._haves.pop(link, None)

    @property
    def _sid(self) -> str:
        return self._node.network.me.sid

    @property
    def _services(self) -> str:
        return self._node.settings.services.sid

    @property
    def _agreed(self) -> str:
        """A digest of the settings that should be the same on all full servers."""
        accounts = self._node.settings.accounts
        words = "\0".join(f"{key}={getattr(accounts, key)}" for key in AGREED)
        return blake2b(words.encode(), digest_size=8).hexdigest()

    # what it is fed

    def hear(self, link: Link, have: Have) -> bool:
        """CNHAVE: it has so much of our store; whether it is full here, too, or may become so by a reload."""
        self._haves[link] = have
        feed = self._feeds.get(link)
        if feed is not None:
            self._begin(link, feed, have)
        return feed is not None

    def _begin(self, link: Link, feed: Feed, have: Have) -> None:
        first, feed.heard, feed.kinds = not feed.heard, True, have.kinds
        feed.serial += 1
        feed.state = State.NEW
        feed.on_the_way.clear()
        if first:
            self._agree(link, have)
        self._node.run(self._find_beginning(link, feed, have))

    async def _find_beginning(self, link: Link, feed: Feed, have: Have) -> None:
        if self._feeds.get(link) is not feed:
            return
        serial = feed.serial
        position = have.position if have.store == self._store.id else NOWHERE
        try:
            after = await self._store.begin(position)
        except StoreError as error:
            self._unread(link, error, lambda: self._node.run(self._find_beginning(link, feed, have)))
            return
        if self._feeds.get(link) is feed and feed.serial == serial:
            feed.after = feed.stored = after
            feed.state = State.FEEDING
            self._say_page(link, feed, Page((), "-", after, after))
            self._feed(link, feed)

    def _agree(self, link: Link, have: Have) -> None:
        """Tell operators what is not the same on both sides, but should be."""
        if (have.services, have.digest) != (self._services, self._agreed):
            self._links.tell(
                f"{link.name} keeps accounts in another way than this server: compare services.sid and"
                " the settings of [accounts] and [services]"
            )

    def _taken(self, fact: RecordsTaken, origin: object) -> None:
        for link, feed in list(self._feeds.items()):
            if feed.state is not State.NEW:
                feed.state = State.FEEDING
                self._feed(link, feed)

    def resumed(self, link: Link, greeting: Link) -> None:
        """It has a connection again, and goes on in a moment."""
        self._node.clock.later(0.0, lambda: self._go_on(link))

    def _go_on(self, link: Link) -> None:
        if (feed := self._feeds.get(link)) is not None and feed.state is State.FEEDING:
            self._feed(link, feed)

    def _feed(self, link: Link, feed: Feed) -> None:
        """Go on with what it is not told yet."""
        if feed.busy:
            feed.news = True
        elif len(feed.on_the_way) < UNCONFIRMED and not link.suspended:
            feed.busy = True
            self._node.run(self._read(link, feed))

    async def _read(self, link: Link, feed: Feed) -> None:
        try:
            while len(feed.on_the_way) < UNCONFIRMED and not link.suspended:
                serial, feed.news = feed.serial, False
                page = await self._store.page(feed.after, PAGE)
                if self._feeds.get(link) is not feed:
                    return
                if feed.serial != serial:
                    return  # another beginning is being looked for
                if page.records:
                    self._tell(link, feed, page)
                elif not feed.news:
                    self._all_told(link, feed, page)
                    return
        except StoreError as error:
            self._unread(link, error, lambda: self._feed(link, feed))
        finally:
            feed.busy = False

    def _unread(self, link: Link, error: StoreError, again: Callable[[], None]) -> None:
        """The store cannot be read: that is tried `again`."""
        link.warn_once("unread", f"cannot be told of accounts: {error}")
        self._node.clock.later(AGAIN, again)

    def _tell(self, link: Link, feed: Feed, page: Page) -> None:
        """A page, without what came from there."""
        records = [each for each in page.records if not feed.known(each)]
        feed.after = page.seq
        if records or page.seq - feed.told >= BEHIND:
            self._say_page(link, feed, page._replace(records=records))

    def _say_page(self, link: Link, feed: Feed, page: Page) -> None:
        feed.told = page.seq
        if page.records:
            feed.on_the_way.append(page.seq)
            feed.changed = self._node.clock.monotonic()
        for text in codec.page(self._sid, self._store.id, page):
            link.send(text)

    def _all_told(self, link: Link, feed: Feed, page: Page) -> None:
        feed.state = State.EVEN
        if not feed.even:
            if feed.after > feed.told:
                self._say_page(link, feed, page._replace(seq=feed.after))
            feed.even = True
            link.send(codec.even(self._sid))

    def confirmed(self, link: Link, feed: Feed, seq: int) -> None:
        """CNGOT: all up to this number is on its disk."""
        feed.stored = max(feed.stored, seq)
        while feed.on_the_way and feed.on_the_way[0] <= seq:
            feed.on_the_way.popleft()
        if feed.state is State.FEEDING:
            self._feed(link, feed)

    # what it feeds

    def open(self, link: Link, feed: Feed, beginning: Beginning) -> None:
        """CNPAGE: so many records follow."""
        if feed.beginning is not None or feed.skipped:
            feed.beginning, feed.skipped = None, 0
            self.spoilt(link, feed, "a page of records that ended early")
        if feed.deaf is not None:
            if beginning.size or beginning.position.seq > feed.deaf:
                feed.skipped = beginning.size
            else:
                feed.deaf = None
        elif beginning.size:
            feed.beginning, feed.records = beginning, []
        else:
            self._close(link, feed, beginning, [])

    def take(self, link: Link, feed: Feed, record: Record | None, why: str = "") -> None:
        """CNREC: one of the records of the page; None if it is no record."""
        if feed.skipped:
            feed.skipped -= 1
            return
        if feed.beginning is None:
            link.strike("a record outside a page")
            return
        feed.records.append(record or NO_RECORD)
        if record is None:
            feed.skipped = feed.beginning.size - len(feed.records)
            feed.beginning = None
            self.spoilt(link, feed, why)
            return
        settings = self._node.settings.links
        ahead = seconds_of(record.stamp) - self._node.clock.time()
        if ahead > 2 * settings.stamp_horizon:
            # All servers take a stamp as it is, or none does.
            link.close(f"A record of {record.entity} is {ahead:.0f} seconds ahead (links.stamp_horizon)")
            return
        if len(feed.records) == feed.beginning.size:
            self._close(link, feed, feed.beginning, feed.records)
            feed.beginning = None

    def spoilt(self, link: Link, feed: Feed, why: str) -> None:
        """What came is no page: it is forgotten, and all is asked for again that is behind what is stored."""
        link.strike(why)
        self._ask_again(link, feed)

    def _ask_again(self, link: Link, feed: Feed) -> None:
        feed.pages.clear()
        if feed.deaf is None:
            feed.deaf = -1
            self._later(link, feed)

    def _close(self, link: Link, feed: Feed, beginning: Beginning, records: list[Record]) -> None:
        feed.learn(records)
        feed.changed = self._node.clock.monotonic()
        feed.pages.append((beginning, records))
        if not feed.merging:
            feed.merging = True
            self._node.run(self._merge(link, feed))

    async def _merge(self, link: Link, feed: Feed) -> None:
        """Store the pages that wait, in order: a number must not be noted before what is in front of it."""
        assert link.server is not None
        try:
            while feed.pages and self._feeds.get(link) is feed:
                beginning, records = feed.pages.popleft()
                store, seq = beginning.store, beginning.position.seq
                apart = [] if feed.new else [each for each in records if await self._is_apart(each)]
                await self._store.merge(records, store, link.server.sid, beginning.position if seq else None)
                if seq and records and self._feeds.get(link) is feed:
                    link.send(codec.got(self._sid, store, seq))
                for record in apart:
                    self.disputed(record.entity)
        except StoreError as error:
            link.warn_once("store", f"tells of accounts in vain: {error}")
            self._ask_again(link, feed)
        finally:
            feed.merging = False

    async def _is_apart(self, record: Record) -> bool:
        """Whether it is a password, and another one was given to its account where that was not known."""
        if record.field != VERIFIER or record.entity not in self._node.network.registry.accounts:
            return False
        known = [each for each in await self._store.entity(record.entity) if each.field == VERIFIER]
        return any(changed_apart(each, record) for each in known)

    def is_even(self, link: Link, feed: Feed) -> None:
        """CNEVEN: it has told all there is."""
        feed.filled = True

    # whether both have the same

    def sweep(self) -> None:
        """Tell those with a higher SID the digests of all records, where it is time; called every second."""
        now, interval = self._node.clock.monotonic(), self._node.settings.links.digest_interval
        for link, feed in self._feeds.items():
            if link.server is None or self._sid > link.server.sid or now - feed.compared < interval:
                continue
            if feed.filled and self._quiet(feed) and not link.suspended:
                feed.compared = now
                self._node.run(self._say_digests(link, feed))

    def _quiet(self, feed: Feed) -> bool:
        """Whether nothing was told or taken lately, of which the other side may not know yet."""
        quiet = self._node.clock.monotonic() - self._node.settings.links.digest_quiet
        return feed.state is State.EVEN and not feed.on_the_way and feed.changed < quiet

    async def _say_digests(self, link: Link, feed: Feed) -> None:
        for kind in KINDS:
            if kind in feed.kinds:
                with suppress(StoreError):  # another time
                    digest = total(await self._store.digests(kind))
                    if self._feeds.get(link) is feed and self._quiet(feed):
                        link.send(codec.bucket(self._sid, kind, None, digest))

    def compare(self, link: Link, feed: Feed, kind: str, which: int | None, digest: int) -> None:
        """CNBKT: hold what a neighbour has against what is here."""
        if kind in KINDS and self._quiet(feed):
            self._node.run(self._compare_with(link, feed, kind, which, digest))

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
                await self._tell_bucket(link, feed, kind, which)
            elif which is None and total(own) != digest:
                for each in range(BUCKETS):
                    link.send(codec.bucket(self._sid, kind, each, own[each]))

    def wanted(self, link: Link, feed: Feed, kind: str, which: int) -> None:
        """CNWANT: tell all records of a bucket, as pages that move no number."""

        async def tell() -> None:
            with suppress(StoreError):
                await self._tell_bucket(link, feed, kind, which)

        self._node.run(tell())

    async def _tell_bucket(self, link: Link, feed: Feed, kind: str, which: int) -> None:
        records = await self._store.bucket(kind, which)
        if self._feeds.get(link) is not feed:
            return
        for first in range(0, len(records), PAGE):
            page = Page(records[first : first + PAGE], "-", 0, 0)
            for text in codec.page(self._sid, self._store.id, page):
                link.send(text)


def _nobody(entity: str) -> None:
    """In the place of who tells people of it, where there is nobody."""


def total(digests: Sequence[int]) -> int:
    """The digest of all buckets."""
    found = 0
    for each in digests:
        found ^= each
    return found
