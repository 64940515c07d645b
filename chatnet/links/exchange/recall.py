"""Answers other servers that ask what was said here while they were away.

One answer after the other goes out, in slices, so that clients are served meanwhile.  A server is told about
channels in which it has a member, and about talks of accounts that are logged in there, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Final

from chatnet.links.codecs.solanum import GUESTS, encode
from chatnet.links.codecs.solanum.history import TALK, History, line_of, lines_of, stored_lines
from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES
from chatnet.links.exchange.tally import tally
from chatnet.links.neighbour.trickle import Answer
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.past import Archive, Chapter, Event, Page, Past, Record
from chatnet.model.places import is_key, talk_called
from chatnet.model.server import Server
from chatnet.storage.messages.gone import talkers
from chatnet.storage.messages.rows import LAST
from chatnet.wire.text import byte_length

COMPARED: Final = 32 * 86_400_000
"""Milliseconds of a channel of which a tally is made, at most: it is a look at all of them."""
MOST_GONE: Final = 10_000
"""Redactions of one answer."""
PAUSE: Final = 0.25
"""Seconds until an answer goes on whose link has enough that is not confirmed, or no connection."""


@dataclass(slots=True, frozen=True)
class Asked:
    """What `asker` wants to know: the newest `most` messages of a channel since then.

    If the `tally` of those before `until` is the same here, only later ones are wanted.
    """

    asker: Server
    number: int
    name: str
    since: float
    most: int
    until: float
    tally: str


@dataclass(slots=True, frozen=True)
class AskedStored:
    """What `asker` wants to know of what is stored: the newest `most` of a time, in milliseconds.

    `how` is ``latest``, with all that was deleted; ``before``; ``targets``: with whom an account talks; or
    ``stays``: since when it is in its channels.
    If the `tally` is the same here, only what was deleted is wanted.
    """

    asker: Server
    number: int
    how: str
    name: str
    since: int
    until: int
    most: int
    tally: str


class Recall:
    """The questions that wait, and the answer that is on its way out."""

    def __init__(self, links: Neighbours, past: Past, archive: Archive | None) -> None:
        self._links = links
        self._past = past
        self._archive = archive
        self._waiting: deque[Asked | AskedStored] = deque()
        self._busy = False

    def asked(self, question: Asked | AskedStored) -> None:
        """Answer when it is its turn, or refuse at once."""
        most = self._links.node.settings.links.backfill_requests
        waiting = sum(other.asker is question.asker for other in self._waiting)
        if waiting >= most or not self._may_know(question):
            self._end(question, "NO")
            return
        self._waiting.append(question)
        if not self._busy:
            self._busy = True
            self._next()

    def _may_know(self, question: Asked | AskedStored) -> bool:
        """Only what it would hear if it were said now: where nobody of it is, it hears nothing."""
        if question.name[:1] == "@":
            return self._may_know_talks(question)
        channel = self._links.node.network.channel(question.name)
        return channel is not None and any(user.is_at(question.asker) for user in channel.members)

    def _may_know_talks(self, question: Asked | AskedStored) -> bool:
        """Whether somebody is there who is logged in to one of these accounts, as it is believed here."""
        links, network = self._links, self._links.node.network
        way, place = links.way_to(question.asker), talk_called(question.name, network.fold)
        keys = (question.name[1:],) if place is None else talkers(place)
        archive = self._archive
        if archive is None or way is None or not all(map(is_key, keys)) or not links.knows_accounts(way):
            return False
        return any(user.is_at(question.asker) for key in keys for user in archive.people(key))

    def _next(self) -> None:
        node = self._links.node
        while self._waiting:
            question = self._waiting.popleft()
            if node.network.servers.get(question.asker.sid) is question.asker:
                if isinstance(question, Asked):
                    node.run(self._answer(question))
                else:
                    node.run(self._answer_stored(question))
                return
        self._busy = False

    async def _answer(self, question: Asked) -> None:
        links = self._links
        channel = links.node.network.channel(question.name)
        settings = links.node.settings.links
        page = Page()
        if channel is not None and self._may_know(question):
            most = min(question.most, settings.backfill_messages)
            try:
                page = await self._past.page(channel, question.since, most)
            except Exception:
                links.node.log.failure("what is remembered of a channel could not be read")
                self._end(question, "NO")
                self._next()
                return
        if tally(page, question.until) == question.tally:
            page = later(page, question.until)
        lines = enumerate(told(page, question.name, settings.backfill_bytes), 1)
        self._go_on(question, ((number, line) for number, several in lines for line in several))

    async def _answer_stored(self, question: AskedStored) -> None:
        links, archive = self._links, self._archive
        if archive is None or not self._may_know(question):
            self._end(question, "NO")
            self._next()
            return
        try:
            lines = await self._stored(question, archive)
        except Exception:
            links.node.log.failure("what is stored could not be read")
            self._end(question, "NO")
            self._next()
            return
        self._go_on(question, iter(lines))

    async def _stored(self, question: AskedStored, archive: Archive) -> Sequence[tuple[int, bytes]]:
        settings = self._links.node.settings.links
        most, since = min(question.most, settings.backfill_messages), question.since
        if question.how == "targets":
            key = question.name.removeprefix("@")
            if not archive.knows_talks(key):
                self._waits(question, since, LAST)
            until = int(self._links.node.clock.time() * 1000) + 1
            talks = await archive.talks(key, since, until, most, guests=GUESTS in question.asker.caps)
            return [(number, History.talk(place, key, at)) for number, (place, at) in enumerate(talks, 1)]
        if question.how == "stays":
            stays = await archive.stays(question.name.removeprefix("@"), most)
            now = int(self._links.node.clock.time() * 1000)
            return [
                (number, b"%b %d %d %d" % (encode(channel), ts, since, min(until, now)))
                for number, (channel, ts, since, until) in enumerate(stays, 1)
            ]
        place = archive.place(question.name)
        if place is None:
            return ()
        until, gone = question.until, question.how == "latest"
        waits = archive.waits(place, since, until)
        if waits is not None:
            self._waits(question, *waits)
        compared = until - since <= COMPARED or place.kind != "c"
        if question.tally != "-" and compared and await archive.tally(place, since, until) == question.tally:
            return ()
        chapter = await archive.chapter(place, since, until, most, gone=gone)
        name = question.name if place.kind == "c" else TALK
        found, cut = all_told(chapter, name, settings.backfill_bytes)
        if cut > since:
            way = self._links.way_to(question.asker)
            if way is not None:
                me = self._links.node.network.me
                text = way.codec.missing(me, question.number, question.asker, since, cut)
                way.send_later(text, _answer(me, question))
        return [(number, line) for number, several in enumerate(found, 1) for line in several]

    def _waits(self, question: AskedStored, since: int, until: int) -> None:
        """Tell that of a time more is known here as soon as it is written."""
        way = self._links.way_to(question.asker)
        if way is not None:
            me = self._links.node.network.me
            text = way.codec.waiting(me, question.number, question.asker, since, until)
            way.send_later(text, _answer(me, question))

    def _go_on(self, question: Asked | AskedStored, lines: Iterator[tuple[int, bytes]]) -> None:
        """Hand out one slice, and come back for the next."""
        links, me = self._links, self._links.node.network.me
        way = links.way_to(question.asker)
        if way is None:
            self._next()
            return
        answer = _answer(me, question)
        for _ in range(links.node.settings.links.backfill_slice):
            if way.trickle:
                links.node.clock.later(PAUSE, lambda: self._go_on(question, lines))
                return
            number, line = next(lines, (0, b""))
            if not number:
                self._end(question, "END")
                links.node.clock.later(0.0, self._next)
                return
            way.send_later(way.codec.answer(me, question.number, question.asker, number, line), answer)
        links.node.clock.later(0.0, lambda: self._go_on(question, lines))

    def _end(self, question: Asked | AskedStored, how: str) -> None:
        way = self._links.way_to(question.asker)
        if way is not None:
            me = self._links.node.network.me
            text = way.codec.end_of_answer(me, question.number, question.asker, how)
            way.send_later(text, _answer(me, question), last=True)


def _answer(me: Server, question: Asked | AskedStored) -> Answer:
    return me.sid, question.asker.sid, str(question.number)


def later(page: Page, until: float) -> Page:
    """What is there from the Unix time `until` on."""
    return Page(
        [record for record in page.records if record.at >= until],
        [gone for gone in page.redactions if gone.at >= until],
    )


def told(page: Page, name: str, most_bytes: int) -> list[list[bytes]]:
    """A page as lines about the channel `name`, the lines of each message together.

    What was deleted comes first; where there are too many bytes, the oldest messages are left out, and so is
    one that no server reads because it has too many lines.
    """
    redactions = [[line_of(gone, name)] for gone in page.redactions]
    records = []
    room = most_bytes - sum(len(line) for several in redactions for line in several)
    for number, record in enumerate(reversed(page.records)):
        if len(record.parts) > MOST_LINES or byte_length(record.text) > MOST_BYTES:
            continue
        lines = lines_of(record, name, number)
        room -= sum(map(len, lines))
        if room < 0:
            break
        records.append(lines)
    return redactions + records[::-1]


def all_told(chapter: Chapter, name: str, most_bytes: int) -> tuple[list[list[bytes]], int]:
    """A chapter as lines; and up to when it does not tell what was deleted, where there is too much of it.

    Where there are too many bytes the oldest are left out, but for one; and so is a message that no server
    reads because it has too many lines.
    """
    gone, cut, room = [], 0, most_bytes
    for each in reversed(chapter.redactions):
        lines = stored_lines(each, name, 0)
        room -= sum(map(len, lines))
        if room < most_bytes // 2:
            cut = round(each.at * 1000) + 1
            break
        gone.append(lines)
    if len(chapter.redactions) >= MOST_GONE:
        cut = max(cut, round(chapter.redactions[0].at * 1000))
    records: list[list[bytes]] = []
    number = count()
    for _, moment in groupby(filter(_is_read, reversed(chapter.records)), lambda each: round(each.at * 1000)):
        # All of a millisecond or none: who asks on asks for what is older.
        several = [stored_lines(record, name, next(number)) for record in moment]
        room -= sum(len(line) for lines in several for line in lines)
        if room < 0 and records:
            break
        records += several
    return gone[::-1] + records[::-1], cut


def _is_read(record: Record | Event) -> bool:
    if isinstance(record, Event):
        return all(word and " " not in word and word[0] != ":" for word in record.words) or (
            record.verb == "PART"
        )
    return len(record.parts) <= MOST_LINES and byte_length(record.text) <= MOST_BYTES
