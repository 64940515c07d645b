"""``/logs/NAME/`` and ``/logs/NAME/2026-11-29``: what was said in a channel, a page a day, for everybody.

It is the channel's wish (ChanServ ``SET #c LOGS``), and only of those that everybody can come into.  Pages
are trees that the library writes: no text is put between tags by hand.  There is no script in them.  Times
are UTC; nobody's host is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Comment, Element, tostring

from chatnet.api.published import KEPT, Page, Published, Shown
from chatnet.api.spoken import ACTION, NOTICE, TOPIC, Spoken, spoken
from chatnet.api.turns import next_turn
from chatnet.history.questions import Busy
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import rows
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import AFTER_ALL, BEFORE_ALL, Position, Wanted
from chatnet.web.cached import cached
from chatnet.web.exchange import Ask, Reply, sentence
from chatnet.web.xml import add, clean

HTML: Final = "text/html; charset=utf-8"
LINES: Final = 1000
"""Messages of one page; what more was said on a day is on further ones."""
SLICE: Final = 100
"""Messages that are written in one turn."""
STYLE: Final = "style.css"
LOOK: Final = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.3rem; }
h2 { font-size: 1.1rem; }
nav a { margin-inline-end: 1rem; }
ol { list-style: none; padding: 0; }
li { overflow-wrap: anywhere; }
li > a { color: inherit; font-variant-numeric: tabular-nums; opacity: 0.7; text-decoration: none; }
li:target { outline: 2px solid; }
li.topic, li.action { font-style: italic; }
"""
"""The style sheet of all pages."""
KINDS: Final = frozenset({rows.PRIVMSG, rows.NOTICE, rows.TOPIC})
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CURSOR: Final = re.compile(r"([0-9]{1,15})-([!-~]{1,200})", re.ASCII)
_LINK: Final = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}]")
_PLACE: Final = "lines"
"""The comment in the place of which the lines of a page are written; what people write is never one."""


class Logs:
    """Answers for all channels that have them."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._node = published.node

    async def answer(self, ask: Ask) -> Reply:
        """A page; 404 if there is none, whether there is such a channel or not."""
        if ask.path == f"/logs/{STYLE}":
            return cached(ask, LOOK.encode(), "text/css; charset=utf-8", self._node.started, 3600)
        pieces, settings = ask.pieces, self._node.settings.web
        shown = self._published.find(pieces[1]) if len(pieces) in (2, 3) and pieces[1] else None
        if shown is None or shown.public.logs_since is None or not settings.logs:
            return sentence(404, "There is no such log.")
        wanted = _day(pieces[2]) if len(pieces) == 3 else None
        days = list(self._days(shown, shown.public.logs_since))
        if len(pieces) == 3 and wanted not in days:
            return sentence(404, "There is no log of that day.")
        if wanted is None and not ask.path.endswith("/"):
            return Reply(308, b"", (("Location", f"{ask.path}/"),))
        begun = _position(ask.asked("after"))
        robots = () if settings.index_logs else (("X-Robots-Tag", "noindex"),)
        try:
            if wanted is None:
                found = self._index(shown, days)
            else:
                key = "log", shown.registration.id, f"{wanted} {begun}", str(shown.public.logs_since)
                found = await self._published.page(
                    key, lambda: self._made(shown, wanted, begun, days, ask.address)
                )
        except (Busy, StoreError):
            return sentence(503, "Try again in a minute.", ("Retry-After", "60"))
        return cached(ask, found.body, HTML, found.modified, int(KEPT), *robots)

    def _days(self, shown: Shown, since: int) -> Iterator[date]:
        """Those of which there is a page, the newest first."""
        day = datetime.fromtimestamp(self._node.clock.time(), UTC).date()
        oldest = max(since, self._published.oldest(shown.channel) // 1000)
        first = datetime.fromtimestamp(oldest, UTC).date()
        while day >= first:
            yield day
            day -= timedelta(days=1)

    def _index(self, shown: Shown, days: Sequence[date]) -> Page:
        root, body = self._page(shown, "days")
        months: dict[str, Element] = {}
        for day in days:
            month = f"{day:%Y-%m}"
            if month not in months:
                add(body, "h2", month)
                months[month] = add(body, "ul")
            add(add(months[month], "li"), "a", f"{day:%Y-%m-%d}", href=f"{day:%Y-%m-%d}")
        newest = days[0]
        return Page(_written(root), datetime(newest.year, newest.month, newest.day, tzinfo=UTC).timestamp())

    async def _made(
        self, shown: Shown, day: date, begun: Position | None, days: Sequence[date], owner: str
    ) -> Page:
        """A page of a day, from the beginning or behind a message on."""
        begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
        since = max(begin, (shown.public.logs_since or 0) * 1000)
        after = max(Position(since - 1, AFTER_ALL), begun or Position(0, ""))
        wanted = Wanted(KINDS, LINES, False, after, Position(begin + DAY, BEFORE_ALL))
        found = await self._published.said(shown, since, wanted, owner)
        told = [each for row in found.rows if (each := spoken(row)) is not None]
        root, body = self._page(shown, f"{day:%Y-%m-%d}")
        self._steps(add(body, "nav"), day, days, begun, found.behind)
        if told:
            add(body, "ol").append(Comment(_PLACE))
        else:
            add(body, "p", "Nothing was said.")
        modified = told[-1].at / 1000 if told else begin / 1000
        return Page(await self._filled(_written(root), told), modified)

    def _steps(
        self,
        parent: Element,
        day: date,
        days: Sequence[date],
        begun: Position | None,
        behind: Position | None,
    ) -> None:
        """Links to the other days, and to the rest of this one."""
        add(parent, "a", "all days", href="./")
        for step, word in ((-1, "day before"), (1, "day after")):
            if (other := day + timedelta(days=step)) in days:
                add(parent, "a", word, href=f"{other:%Y-%m-%d}")
        if begun is not None:
            add(parent, "a", "from the beginning of this day", href=f"{day:%Y-%m-%d}")
        if behind is not None:
            cursor = quote(f"{behind.at}-{behind.msgid}", safe="")
            add(parent, "a", "later this day", href=f"{day:%Y-%m-%d}?after={cursor}")

    def _page(self, shown: Shown, what: str) -> tuple[Element, Element]:
        """A page with its head, and the body that goes on."""
        name, network = shown.channel.name, self._node.settings.server.network
        root = Element("html", lang="en", dir="ltr")
        head = add(root, "head")
        add(head, "meta", charset="utf-8")
        add(head, "meta", name="viewport", content="width=device-width")
        if not self._node.settings.web.index_logs:
            add(head, "meta", name="robots", content="noindex")
        add(head, "title", f"{name}, {what} ({network})")
        add(head, "link", rel="stylesheet", href=f"/logs/{STYLE}")
        body = add(root, "body")
        heading = add(body, "h1")
        add(heading, "bdi", name)
        heading[-1].tail = f" {what}"
        came = add(body, "p", "What is said in this channel is shown here, in UTC. ")
        add(came, "a", "Come in", href=f"/c/{quote(name.removeprefix('#'), safe='')}")
        return root, body

    async def _filled(self, page: bytes, told: Sequence[Spoken]) -> bytes:
        """The page with its lines, which are written some in each turn."""
        mark = f"<!--{_PLACE}-->".encode()
        if not told:
            return page
        before, _, after = page.partition(mark)
        pieces = [before]
        for number, each in enumerate(told, 1):
            pieces.append(tostring(line(each), encoding="utf-8", method="html") + b"\n")
            if number % SLICE == 0:
                await next_turn(self._node.clock)
        return b"".join([*pieces, after])


def line(said: Spoken) -> Element:
    """One message, as a part of the list."""
    item = Element("li", {"id": f"m-{said.msgid}", "class": said.kind})
    moment = datetime.fromtimestamp(said.at / 1000, UTC)
    stamp = add(item, "a", href=f"#m-{quote(said.msgid, safe='+=/')}")
    add(stamp, "time", f"{moment:%H:%M:%S}", datetime=f"{moment:%Y-%m-%dT%H:%M:%S}Z")
    stamp.tail = " "
    if said.kind == ACTION:
        add(item, "span", "* ")
    name = add(item, "b")
    add(name, "bdi", said.nick)
    name.tail = " set the topic: " if said.kind == TOPIC else " (notice): " if said.kind == NOTICE else " "
    text = add(item, "bdi")
    for number, words in enumerate(said.text.split("\n")):
        if number:
            add(text, "br")
        _linked(text, words)
    return item


def _linked(parent: Element, words: str) -> None:
    """Words, with links for the addresses in them."""
    at = 0
    for found in _LINK.finditer(words):
        _append(parent, words[at : found.start()])
        add(parent, "a", found[0], href=found[0], rel="nofollow noopener noreferrer ugc")
        at = found.end()
    _append(parent, words[at:])


def _append(parent: Element, text: str) -> None:
    """Text behind all that is in an element."""
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + clean(text)
    else:
        parent.text = (parent.text or "") + clean(text)


def _written(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", method="html")
    return b"<!DOCTYPE html>\n" + written


def _position(text: str | None) -> Position | None:
    """``<ms>-<msgid>``; of what is no such thing the beginning."""
    found = _CURSOR.fullmatch(text or "")
    return None if found is None else Position(int(found[1]), found[2])


def _day(text: str) -> date | None:
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
