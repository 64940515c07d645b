"""What full servers say of records: see ``links/exchange/feeds.py``."""

from __future__ import annotations

from chatnet.dispatch import Table
from chatnet.links.codecs import feeds as codec
from chatnet.links.exchange.feed import PAGE, Feed
from chatnet.links.exchange.feeds import Feeds
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored


class FeedingIn:
    """Hears what is fed; `feeds` has where we are with each neighbour."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    def enter(self, verbs: Table) -> None:
        """Enter the verbs of neighbours."""
        verbs.command("CNHAVE", min_params=7)(self.have)
        verbs.command("CNPAGE", min_params=5)(self.page)
        verbs.command("CNREC", min_params=3)(self.record)
        verbs.command("CNGOT", min_params=2)(self.got)
        verbs.command("CNEVEN")(self.even)
        verbs.command("CNBKT", min_params=3)(self.bucket)
        verbs.command("CNWANT", min_params=2)(self.want)
        verbs.command("CNNEWS", min_params=2)(self.news)

    def _feed(self, line: Line) -> Feed:
        """The feed of who says it: a full neighbour, of itself; of others it means nothing."""
        feed = self._feeds.of(line.link)
        if feed is None or line.by_server() is not line.link.server:
            raise Ignored
        return feed

    def have(self, line: Line) -> None:
        """What a full neighbour has of our store; it is full for us from now on, if it is set up so.

        # <- :0AA CNHAVE * * 0 0 acn 00S 5b1c
        """
        if line.by_server() is not line.link.server:
            raise Ignored
        try:
            have = codec.read_have(line.params)
        except ValueError as error:
            line.violate(f"CNHAVE: {error}")
        if not self._feeds.hear(line.link, have):
            raise Ignored

    def page(self, line: Line) -> None:
        """Records follow, after which we have all up to a number.

        # <- :0AA CNPAGE k3fqz2 r7 2 4711 4711
        """
        feed = self._feed(line)
        try:
            beginning = codec.read_page(line.params, PAGE)
        except ValueError as error:
            self._feeds.spoilt(line.link, feed, f"CNPAGE: {error}")
            return
        self._feeds.open(line.link, feed, beginning)

    def record(self, line: Line) -> None:
        """A record of a page.

        # <- :0AA CNREC aq4z2abcdefghijklmno2 set:protect k3abc12.0.0AA :strict
        """
        feed = self._feed(line)
        try:
            record = codec.read_record(line.params)
        except ValueError as error:
            self._feeds.take(line.link, feed, None, f"CNREC: {error}")
            return
        self._feeds.take(line.link, feed, record)

    def got(self, line: Line) -> None:
        """What we told up to that number is on the neighbour's disk; 0: a page of a bucket is.

        # <- :0BA CNGOT k3fqz2 4711
        # <- :0BA CNGOT k3fqz2 0
        """
        feed = self._feed(line)
        try:
            seq = codec.number(line.params[1])
        except ValueError as error:
            line.violate(f"CNGOT: {error}")
        self._feeds.confirmed(line.link, feed, line.params[0], seq)

    def even(self, line: Line) -> None:
        """The neighbour has told all there is.

        # <- :0AA CNEVEN
        """
        self._feeds.is_even(line.link, self._feed(line))

    def bucket(self, line: Line) -> None:
        """The digest of what the neighbour has of a kind, or of one of its buckets.

        # <- :0AA CNBKT a * 8f14e45fceea167a
        # <- :0BA CNBKT a 17 c9f0f895fb98ab91
        """
        feed = self._feed(line)
        try:
            kind, which, digest = codec.read_bucket(line.params)
        except ValueError as error:
            line.violate(f"CNBKT: {error}")
        self._feeds.comparing.compare(line.link, feed, kind, which, digest)

    def want(self, line: Line) -> None:
        """The neighbour wants all that we have of a bucket.

        # <- :0AA CNWANT a 17
        """
        feed = self._feed(line)
        kind = line.params[0]
        try:
            which = codec.which_bucket(line.params[1])
        except ValueError as error:
            line.violate(f"CNWANT: {error}")
        self._feeds.comparing.wanted(line.link, feed, kind, which)

    def news(self, line: Line) -> None:
        """The neighbour has a database in common with others, which has come to that number.

        # <- :0AA CNNEWS k3fqz2 4712
        """
        if line.by_server() is not line.link.server:
            raise Ignored
        try:
            store, seq = codec.read_news(line.params)
        except ValueError as error:
            line.violate(f"CNNEWS: {error}")
        self._feeds.has_news(line.link, store, seq)
