"""Full servers tell each other records, forever: catching up, and what is new, are one and the same.

Each side feeds the other what stands in its store behind an arrival number, page by page, as it is stored:
nothing waits in memory for a slow link, and what was news here goes on to other neighbours by itself.  What
came from a neighbour on this connection is not fed back to it.

    CNHAVE   what I have of your store: once after the burst, and again where a page could not be stored
    CNPAGE   so many records follow, after which you have all up to a number; without any: I begin there, or
             what is between is known to you
    CNGOT    all up to that number is on my disk; 0: that page of a bucket is
    CNEVEN   you have all there is (once, at the end of catching up)
    CNBKT    the digest of a bucket of records, or of all of a kind
    CNWANT   feed me that bucket, as a page that moves no number
    CNNEWS   the database that I have in common with others has come to that number: before CNHAVE, and
             then in the place of all the others to those who have it, too

=========  ==================================  ============================================  =========
state      input                               does                                          next
=========  ==================================  ============================================  =========
NEW        CNHAVE                              finds the number to begin after, tells it     FEEDING
FEEDING    few pages are not confirmed         reads a page, tells it                        FEEDING
FEEDING    nothing is left                     CNEVEN, the first time                        EVEN
NEW        CNHAVE after a CNNEWS of our store  nothing: it reads for itself                  EVEN
EVEN       there is news                                                                     FEEDING
any        CNHAVE                              begins again there, once in a second          FEEDING
(no feed)  CNHAVE                              kept until this side is set up as full        NEW
any        the link is suspended               nothing: what was said is said again          the same
any        the link ended                                                                    NEW
=========  ==================================  ============================================  =========
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

from chatnet.links.codecs import feeds as codec
from chatnet.links.codecs.feeds import Beginning, Have
from chatnet.links.codecs.solanum.base import RECORDS
from chatnet.links.exchange.comparing import KINDS, Comparing
from chatnet.links.exchange.feed import PAGE, Feed, State
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.facts import Fact, Hearer, RecordsTaken, ServerIntroduced, SettingsChanged
from chatnet.model.server import Server
from chatnet.records.accounts import VERIFIER, changed_apart
from chatnet.records.grammar import BAN, seconds_of
from chatnet.storage.interfaces import NOWHERE, Page, Store, StoreError
from chatnet.storage.record import Record

AGREED: Final = ("drop_grace", "guest_nick", "names", "nick_protection", "tombstones")
"""What of ``[accounts]`` should be the same on all full servers."""
BEHIND: Final = 1000
"""Numbers of which a neighbour is told that it has them anyway, once they are so many."""
NO_RECORD: Final = Record("", "", "", None)
AGAIN: Final = 5.0
"""Seconds after which a page is asked for again that could not be stored."""
HEARD_WITHIN: Final = 30.0
"""Seconds within which a neighbour that is full, too, has said so."""
ONCE: Final = 1.0
"""Seconds in which a neighbour may have us begin anew once: each time costs a window of pages."""


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
        self.unfed: Callable[[Link], object] = _nobody_else
        """What is told of a neighbour which turns out to know no bans by records."""
        self._links = links
        self._node = links.node
        self._store = store
        self._feeds: dict[Link, Feed] = {}
        self._haves: dict[Link, Have] = {}  # the last CNHAVE of each: one side may be set up before the other
        self._stores: dict[Link, str] = {}  # databases of those who have one
        self.comparing = Comparing(links.node, store, self._feeds)

    # who is full

    def of(self, link: Link) -> Feed | None:
        """The feed of a neighbour that is full, as far as we know."""
        return self._feeds.get(link)

    def full(self) -> dict[Server, str]:
        """The neighbours that are full, for both sides have said so, and how far each is, for operators."""
        return {
            link.server: f"link suspended, {feed}" if link.suspended else f"linked: {feed}"
            for link, feed in self._feeds.items()
            if feed.said and feed.heard and link.server is not None
        }

    def feeds_bans(self, link: Link) -> bool:
        """Whether a neighbour hears of bans by records: as long as it is thought to know them."""
        feed = self._feeds.get(link)
        if feed is None:
            return self._links.full(link)
        return BAN in feed.kinds if feed.heard else not feed.doubted

    @property
    def learning(self) -> bool:
        """Whether a full neighbour has not told yet all that there is, of whose records none was here."""
        feeds = self._feeds.values()
        return any(feed.said and feed.heard and feed.new and not feed.filled for feed in feeds)

    def knowing(self) -> Server | None:
        """Who may know accounts that are not known here yet, if any do: the neighbour that has told most."""
        if not self.learning:
            return None
        full = [(feed, link) for link, feed in self._feeds.items() if feed.heard and not link.suspended]
        best = max(full, key=lambda each: (each[0].filled, not each[0].new), default=None)
        return None if best is None else best[1].server

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
            if self._feeds.pop(link, None) is not None:
                link.codec.virtual = False
        elif link not in self._feeds:
            feed = self._feeds[link] = Feed()
            feed.said = True
            self._node.run(self._say_have(link, feed))
            self._node.clock.later(HEARD_WITHIN, lambda: self._doubt(link, feed))
            if link in self._haves:
                self._begin(link, feed, self._haves[link])

    def _doubt(self, link: Link, feed: Feed) -> None:
        """Operators read that a neighbour is not full that is set up so here."""
        if self._feeds.get(link) is feed and not feed.heard and not link.suspended:
            self._warn_apart(link)
            feed.doubted = True
            self.unfed(link)

    async def _say_have(self, link: Link, feed: Feed) -> None:
        """Tell a neighbour what we have of its store, as we knew it last."""
        assert link.server is not None
        try:
            if self._store.shared:
                feed.database = (await self._store.page(0, 1)).head
                link.send(codec.news(self._sid, self._store.id, feed.database))
            store, position = self._stores.get(link), NOWHERE
            if store is None:
                store, position = await self._store.last(link.server.sid) or (None, NOWHERE)
            elif not self._shares(link):
                position = await self._store.position(store)
        except StoreError as error:
            self._fail(link, feed, error)
            return
        if self._feeds.get(link) is feed:
            feed.deaf = position.seq
            feed.new = position == NOWHERE
            have = Have(store, position, KINDS, self._services, self._agreed)
            link.send(codec.have(self._sid, have))

    def _shares(self, link: Link) -> bool:
        """Whether a neighbour has the same database, as far as is known."""
        return self._store.shared and self._stores.get(link) == self._store.id

    def has_news(self, link: Link, store: str, seq: int) -> None:
        """CNNEWS: it has a database, which has come to that number."""
        known, feed = self._stores.setdefault(link, store), self._feeds.get(link)
        if known != store or feed is None:
            return  # it has one as long as it is linked
        if self._shares(link):
            feed.database = max(feed.database, seq)
            self._store.look(seq)
        elif not feed.heard:
            self._node.run(self._say_more(link, feed, store))

    async def _say_more(self, link: Link, feed: Feed, store: str) -> None:
        """Another server that has the database of this one may have told us a part of it."""
        with suppress(StoreError):  # it is told all of it
            if await self._store.position(store) != NOWHERE:
                await self._say_have(link, feed)

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
        self._stores.pop(link, None)

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
        feed.have = have
        feed.shared = self._shares(link)
        feed.state = State.NEW
        feed.even = False
        feed.forget_sent()
        feed.comparison.stop()
        link.codec.virtual = have.services == self._services
        if first:
            self._agree(link, have)
            if BAN not in have.kinds and not feed.doubted:
                self.unfed(link)
        if feed.shared:
            feed.state, feed.filled = State.EVEN, True
        elif not feed.finding:
            feed.finding = True
            self._run_later(feed.begun + ONCE, link, feed, self._find_beginning)

    def _run_later(
        self, at: float, link: Link, feed: Feed, what: Callable[[Link, Feed], Coroutine[Any, Any, None]]
    ) -> None:
        """Do that when the clock says so, or at once if it is past; unless the feed is over by then."""
        wait = at - self._node.clock.monotonic()
        if wait <= 0:
            self._node.run(what(link, feed))
            return

        def run() -> None:
            if self._feeds.get(link) is feed:
                self._node.run(what(link, feed))

        self._node.clock.later(wait, run)

    async def _find_beginning(self, link: Link, feed: Feed) -> None:
        """Where the last CNHAVE says; those before it, which came meanwhile, do not count."""
        feed.begun = self._node.clock.monotonic()
        have, after = None, 0
        try:
            while feed.have is not None and have is not feed.have:
                have = feed.have
                after = await self._store.begin(have.position if have.store == self._store.id else NOWHERE)
        except StoreError as error:
            self._unread(link, feed, error, self._find_beginning)
            return
        feed.finding = False
        if self._feeds.get(link) is feed:
            feed.after = after
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
        elif feed.has_room and not link.suspended:
            feed.busy = True
            self._node.run(self._read(link, feed))

    async def _read(self, link: Link, feed: Feed) -> None:
        try:
            await self._read_on(link, feed)
        except StoreError as error:
            self._unread(link, feed, error, self._read)
        else:
            feed.busy = False

    async def _read_on(self, link: Link, feed: Feed) -> None:
        """Tell page after page, as far as there is room, and there are any."""
        while feed.has_room and not link.suspended:
            serial, feed.news = feed.serial, False
            page = await self._store.page(feed.after, 1 if feed.shared else PAGE)
            if self._feeds.get(link) is not feed:
                return
            if feed.serial != serial:
                return  # another beginning is being looked for
            if feed.shared:
                self._say_news(link, feed, page.head)
            elif page.records:
                self._tell(link, feed, page)
                continue
            if not feed.news:
                self._all_told(link, feed, page)
                return

    def _say_news(self, link: Link, feed: Feed, head: int) -> None:
        """Tell who has the same database how far that is, unless it knows."""
        if head > feed.database:
            feed.database = head
            link.send(codec.news(self._sid, self._store.id, head))

    def _unread(
        self,
        link: Link,
        feed: Feed,
        error: StoreError,
        again: Callable[[Link, Feed], Coroutine[Any, Any, None]],
    ) -> None:
        """The store cannot be read: that is tried `again`."""
        link.warn_once("unread", f"cannot be told of accounts: {error}")
        self._run_later(self._node.clock.monotonic() + AGAIN, link, feed, again)

    def _tell(self, link: Link, feed: Feed, page: Page) -> None:
        """A page, without what came from there."""
        records = [each for each in page.records if not feed.known(each)]
        feed.after = page.seq
        if records or page.seq - feed.told >= BEHIND:
            self._say_page(link, feed, page._replace(records=records))

    def _say_page(self, link: Link, feed: Feed, page: Page) -> None:
        feed.told = page.seq
        lines = codec.page(self._sid, self._store.id, page)
        if page.records:
            feed.sent(page.seq, sum(map(len, lines)))
            feed.changed = self._node.clock.monotonic()
        for text in lines:
            link.send(text)

    def _all_told(self, link: Link, feed: Feed, page: Page) -> None:
        feed.state = State.EVEN
        if not feed.even and not feed.shared:
            if feed.after > feed.told:
                self._say_page(link, feed, page._replace(seq=feed.after))
            feed.even = True
            link.send(codec.even(self._sid))

    def confirmed(self, link: Link, feed: Feed, store: str, seq: int) -> None:
        """CNGOT: all up to this number is on its disk; 0: a page of a bucket is."""
        if store != self._store.id:
            return
        if not seq:
            self.comparing.confirmed(link, feed)
            return
        feed.confirmed(seq)
        if feed.state is State.FEEDING:
            self._feed(link, feed)

    # what it feeds

    def open(self, link: Link, feed: Feed, beginning: Beginning) -> None:
        """CNPAGE: so many records follow."""
        if feed.beginning is not None or feed.skipped:
            feed.beginning, feed.skipped = None, 0
            self.spoilt(link, feed, "a page of records that ended early")
        if beginning.store != (feed.store or beginning.store):
            feed.skipped = beginning.size
            self.spoilt(link, feed, "a page of another store than before")
            return
        feed.store = beginning.store
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
        feed.forget_pages()
        if feed.deaf is None:
            feed.deaf = -1
            self._later(link, feed)

    def _close(self, link: Link, feed: Feed, beginning: Beginning, records: list[Record]) -> None:
        feed.learn(records)
        feed.changed = self._node.clock.monotonic()
        if not feed.put(beginning, records):
            self.spoilt(link, feed, "more pages of records than may be on their way")
        elif not feed.merging:
            feed.merging = True
            self._node.run(self._merge(link, feed))

    async def _merge(self, link: Link, feed: Feed) -> None:
        """Store the pages that wait, in order: a number must not be noted before what is in front of it."""
        assert link.server is not None
        try:
            while feed.pages and self._feeds.get(link) is feed:
                beginning, records = feed.next_page()
                store, seq = beginning.store, beginning.position.seq
                apart = [] if feed.new else [each for each in records if await self._is_apart(each)]
                await self._store.merge(records, store, link.server.sid, beginning.position if seq else None)
                if records and self._feeds.get(link) is feed:
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


def _nobody_else(link: Link) -> None:
    """In the place of who tells it of bans in another way, where there is nobody."""


def _nobody(entity: str) -> None:
    """In the place of who tells people of it, where there is nobody."""
