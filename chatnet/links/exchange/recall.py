"""Answers other servers that ask what was said here while they were away.

One answer after the other goes out, in slices, so that clients are served meanwhile.  A server is told about
channels in which it has a member, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chatnet.links.codecs.solanum.history import line_of, lines_of
from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES
from chatnet.links.exchange.tally import tally
from chatnet.links.neighbour.trickle import Answer
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.past import Page, Past
from chatnet.model.server import Server
from chatnet.wire.text import byte_length

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


class Recall:
    """The questions that wait, and the answer that is on its way out."""

    def __init__(self, links: Neighbours, past: Past) -> None:
        self._links = links
        self._past = past
        self._waiting: deque[Asked] = deque()
        self._busy = False

    def asked(self, question: Asked) -> None:
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

    def _may_know(self, question: Asked) -> bool:
        """Only what it would hear if it were said now: where nobody of it is, it hears nothing."""
        channel = self._links.node.network.channel(question.name)
        return channel is not None and any(user.server is question.asker for user in channel.members)

    def _next(self) -> None:
        node = self._links.node
        while self._waiting:
            question = self._waiting.popleft()
            if node.network.servers.get(question.asker.sid) is question.asker:
                node.run(self._answer(question))
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

    def _go_on(self, question: Asked, lines: Iterator[tuple[int, bytes]]) -> None:
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

    def _end(self, question: Asked, how: str) -> None:
        way = self._links.way_to(question.asker)
        if way is not None:
            me = self._links.node.network.me
            text = way.codec.end_of_answer(me, question.number, question.asker, how)
            way.send_later(text, _answer(me, question), last=True)


def _answer(me: Server, question: Asked) -> Answer:
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
