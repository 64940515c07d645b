"""``/feeds/NAME.atom``: what a channel has to tell, for readers of feeds (RFC 4287).

It is the channel's wish (ChanServ ``SET #c FEED``), and only of those that everybody can come into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, tostring

from chatnet.api.published import KEPT, Page, Published, Shown
from chatnet.api.spoken import ACTION, TOPIC, Spoken, spoken
from chatnet.history.questions import Busy
from chatnet.rules.access import ALL, founder_of, letters_of
from chatnet.rules.public import Feed
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import Row, Wanted
from chatnet.web.cached import cached
from chatnet.web.exchange import Ask, Reply, sentence
from chatnet.web.xml import add
from chatnet.wire.server_time import written_ms
from chatnet.wire.text import cut

ENTRIES: Final = 30
"""The newest so many are in a feed."""
LOOKED_AT: Final = 300
"""Among so many messages those are looked for that are announcements."""
SUFFIX: Final = ".atom"
TITLE: Final = 100
"""Bytes of a title."""
ATOM: Final = "http://www.w3.org/2005/Atom"
MEDIA: Final = "application/atom+xml; charset=utf-8"
YEAR: Final = "2026"
"""In ids: since then this network is called so, as far as tags have to tell (RFC 4151)."""
KINDS: Final = {
    Feed.TOPIC: frozenset({rows.TOPIC}),
    Feed.ANNOUNCE: frozenset({rows.TOPIC, rows.NOTICE}),
    Feed.ALL: frozenset({rows.TOPIC, rows.NOTICE, rows.PRIVMSG}),
}


class Feeds:
    """Answers for all channels that have one."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._node = published.node

    async def answer(self, ask: Ask) -> Reply:
        """The feed; 404 if there is none of that name, whether there is such a channel or not."""
        name = ask.pieces[-1] if len(ask.pieces) == 2 and self._node.settings.web.feeds else ""
        shown = self._published.find(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
        if shown is None or shown.public.feed is None:
            return sentence(404, "There is no such feed.")
        feed, base = shown.public.feed, base_of(ask)
        key = "feed", base, shown.registration.id, feed, str(shown.public.feed_since)
        try:
            page = await self._published.page(key, lambda: self._made(shown, feed, base, ask.address))
        except (Busy, StoreError):
            return sentence(503, "Try again in a minute.", ("Retry-After", "60"))
        return cached(ask, page.body, MEDIA, page.modified, int(KEPT))

    async def _made(self, shown: Shown, feed: Feed, base: str, owner: str) -> Page:
        most = LOOKED_AT if feed is Feed.ANNOUNCE else ENTRIES
        wanted = Wanted(KINDS[feed], most)
        found = await self._published.said(shown, shown.public.feed_since * 1000, wanted, owner)
        told = [row for row in found.rows if feed is not Feed.ANNOUNCE or self._announces(shown, row)]
        entries = [each for row in told[-ENTRIES:] if (each := spoken(row)) is not None]
        at = entries[-1].at if entries else shown.public.feed_since * 1000
        return Page(self._written(shown, entries, base, at), at / 1000)

    def _announces(self, shown: Shown, row: Row) -> bool:
        """Whether it is a topic, or a NOTICE of who is an operator of the channel by their account."""
        if row.kind == rows.TOPIC:
            return True
        registration, person = shown.registration, row.person
        if person is None:
            return False
        access = registration.access.get(person)
        founder = person == founder_of(self._node.network.registry, registration)
        letters = ALL if founder else letters_of("" if access is None else access.letters)
        return not letters.isdisjoint("Oo")

    def _written(self, shown: Shown, entries: Sequence[Spoken], base: str, at: int) -> bytes:
        name, network = shown.channel.name, self._node.settings.server.network
        path = quote(name.removeprefix("#"), safe="")
        feed = Element("feed", xmlns=ATOM)
        add(feed, "id", f"tag:{_tagged(network)},{YEAR}:feed/{path}")
        add(feed, "title", f"{name} ({network})", type_="text")
        add(feed, "updated", written_ms(at))
        add(feed, "link", rel="self", type_="application/atom+xml", href=f"{base}/feeds/{path}{SUFFIX}")
        add(feed, "link", rel="alternate", type_="text/html", href=f"{base}/c/{path}")
        for entry in reversed(entries):
            each = add(feed, "entry")
            add(each, "id", f"tag:{_tagged(network)},{YEAR}:{quote(entry.msgid, safe='+=/')}")
            add(each, "title", title_of(entry), type_="text")
            add(each, "updated", written_ms(entry.at))
            add(add(each, "author"), "name", entry.nick)
            add(each, "content", entry.text, type_="text")
            add(each, "link", rel="alternate", type_="text/html", href=f"{base}/c/{path}")
        written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
        return written


def title_of(entry: Spoken) -> str:
    """The first line of it, or the beginning of that."""
    line = entry.text.partition("\n")[0]
    short = cut(line, TITLE)
    text = short if short == line else f"{short}…"
    if entry.kind == TOPIC:
        return f"Topic: {text}"
    return f"* {entry.nick} {text}" if entry.kind == ACTION else text or entry.nick


def base_of(ask: Ask) -> str:
    """What stands before the path in the address that was asked for."""
    return f"{'https' if ask.encrypted else 'http'}://{ask.headers.get('host', 'localhost')}"


def _tagged(network: str) -> str:
    """A name as the authority of a tag may be."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "-.") else "-" for each in network.lower()
    )
