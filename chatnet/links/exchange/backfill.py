"""Asks servers that came back what was said on their side meanwhile, and remembers it.

For each server it is known since when it was away; when it is here again, with all that is behind it, it is
asked about each channel in which both have members.  Whoever was in a channel heard all that was said on
their side of a split, so that between any two servers nothing is missing, however splits overlapped.  In
place of a server that does not know CNHIST the nearest one on the way to it is asked that does.

Nothing of it is told to clients; messages between two users are not asked for, since nobody of the other side
was there to hear them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chatnet.links.exchange.asking import TOKEN, Numbers
from chatnet.links.exchange.records import Nonsense, Reader
from chatnet.links.exchange.tally import tally
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import Channel
from chatnet.model.facts import (
    CapabilitiesTold,
    Fact,
    Hearer,
    NetJoinEnded,
    NetSplit,
    SeatLeft,
    ServerIntroduced,
)
from chatnet.model.ids import SID
from chatnet.model.past import Event, Missed, Page, Past, Record, Redaction
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.settings import LinksSettings

LOOK: Final = 2000
"""Members of channels that are looked at in one turn, for whom to ask."""

KEPT: Final = 400 * 86400.0
"""Seconds for which it is known since when a server is away."""
UNKNOWN: Final = 31 * 86400.0
"""Seconds for which a server is held to have been away that was never here since this start; if messages are
stored.  What both know of that time they compare first."""

TRIES: Final = 5
"""How often somebody who does not answer is asked again while they are here, at ever greater distances."""


class Question:
    """What `server` was asked about a `channel`, by the `name` it had, and what it has answered so far.

    The servers to ask `next` about it follow when it has ended.
    """

    __slots__ = (
        "asked", "bytes", "channel", "heard", "most", "name", "next", "number", "reader", "records",
        "redactions", "server", "since", "timer",
    )  # fmt: skip

    def __init__(
        self, number: int, server: Server, channel: Channel, since: float, most: int, reader: Reader
    ) -> None:
        self.number = number
        self.server = server
        self.channel = channel
        self.name = channel.name
        self.since = since
        self.most = most
        self.reader = reader
        self.next: deque[Server] = deque()
        self.records: list[Record] = []
        self.redactions: list[Redaction] = []
        self.bytes = 0
        self.asked = 0.0
        self.heard = 0.0
        self.timer: Timer | None = None


class Walk:
    """Through all channels, for some `servers`: each with what of its messages was news.

    Those that did not answer are `silent`: they will be asked again from the same time on.
    """

    __slots__ = ("channels", "servers", "silent")

    def __init__(self, servers: dict[Server, int], channels: Iterator[Channel]) -> None:
        self.servers = servers
        self.silent: set[Server] = set()
        self.channels: Iterator[Channel] | None = channels


class BackFill:
    """An observer of servers that come and go."""

    def __init__(self, links: Neighbours, past: Past, numbers: Numbers, missed: Missed | None = None) -> None:
        self._links = links
        self._past = past
        self._missed = missed
        self.reaches_store: Callable[[Server], bool] = lambda server: False
        """Whether a server can be asked for all that it has stored: then `missed` is told that it is back."""
        self._away: dict[SID, float] = {}
        """Since when (monotonic seconds, for clocks are set) messages of a server may be missing."""
        self._had: dict[SID, set[Channel]] = {}
        """In which channels a server that is away had members: it may have stored more, though they left."""
        self._here: dict[Server, float] = {}
        """Since when a server is here, in the same seconds."""
        self._began = links.node.clock.monotonic()
        self._pinged: dict[Server, None] = {}
        """Whose burst is not over until they answer."""
        self._due: dict[Server, None] = {}
        self._walk: Walk | None = None
        self._open: dict[int, Question] = {}
        self._taking = 0
        """Answers that are being put away."""
        self._tries: dict[Server, int] = {}
        """How often a server was asked that did not answer all."""
        self._numbers = numbers
        self.hears: Mapping[type[Fact], Hearer] = {
            ServerIntroduced: self._introduced,
            CapabilitiesTold: self._told,
            NetSplit: self._split,
            SeatLeft: self._seat_left,
            NetJoinEnded: self._joined,
        }

    # who is there

    def _introduced(self, fact: ServerIntroduced, origin: object) -> None:
        self._here[fact.server] = self._now

    def _joined(self, fact: NetJoinEnded, origin: object) -> None:
        if self._reaches(fact.far):
            self._arrived(fact.far)

    def _told(self, fact: CapabilitiesTold, origin: object) -> None:
        """If it is no neighbour, its PONG will tell that its burst is over."""
        server = fact.server
        way = self._links.way_to(server)
        if (
            way is not None
            and way.server is not server
            and server not in self._pinged
            and self._reaches(server)
        ):
            self._pinged[server] = None
            me = self._links.node.network.me
            way.send(way.codec.sign_of_life("PING", me, me.name, server))

    def heard(self, server: Server) -> None:
        """The PONG of a server that was asked for it: all it has told before is known."""
        if server in self._pinged:
            del self._pinged[server]
            self._arrived(server)

    def _reaches(self, server: Server) -> bool:
        """Whether a question gets there: all servers on the way know what it is."""
        return server.uplink is not None and server.is_reached_with(TOKEN)

    def _arrived(self, server: Server) -> None:
        self._due[server] = None
        self._away.setdefault(server.sid, self._first)  # if it was never here
        self._begin()

    def _split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        since = self._now
        if isinstance(origin, Link):
            # Not when it is noticed: who has stood still notices it much later.
            since = min(since, origin.silent_since)
        for server in fact.servers:
            self._away.setdefault(server.sid, since)
            for those in (self._here, self._pinged, self._due, self._tries):
                those.pop(server, None)
        self._away = {sid: at for sid, at in self._away.items() if at > self._now - KEPT}
        if self._missed is not None:
            for user in fact.users:
                if user.channels:
                    self._had.setdefault(user.server.sid, set()).update(user.channels)
            self._had = {sid: channels for sid, channels in self._had.items() if sid in self._away}
        for question in list(self._open.values()):
            question.next = deque(server for server in question.next if server not in gone)
            if question.server in gone:
                self._end(question, well=False)

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        """A server that is about to be lost heard these channels, and may go on to do so."""
        if self._missed is not None and not fact.stamp and fact.user.channels:
            self._had.setdefault(fact.server.sid, set()).update(fact.user.channels)

    # whom to ask

    def _begin(self) -> None:
        if self._walk is None and self._due:
            servers = dict.fromkeys(self._due, 0)
            self._due.clear()
            self._walk = Walk(servers, iter(list(self._links.node.network.channels.values())))
            self._go_on()

    def _go_on(self) -> None:
        walk = self._walk
        if walk is None:
            return
        looked = 0
        while walk.channels is not None and (
            len(self._open) + self._taking < self._settings.backfill_requests
        ):
            channel = next(walk.channels, None)
            if channel is None:
                walk.channels = None
                break
            servers = self._to_ask(walk, channel)
            if servers:
                self._ask(channel, servers)
            looked += 1 + len(channel.members)
            if looked > LOOK:
                self._links.node.clock.later(0.0, self._go_on)
                return
        if walk.channels is None and not self._open and not self._taking:
            self._walk = None
            self._finish(walk)
            self._begin()

    def _to_ask(self, walk: Walk, channel: Channel) -> deque[Server]:
        """The servers of the walk that can know of a channel we have members in, the nearest first."""
        network = self._links.node.network
        if network.channels.get(channel.folded) is not channel or not self._most:
            return deque()
        servers = {server for user in channel.members for server in user.places}
        if network.me not in servers:
            return deque()
        asked = {self._witness(server) for server in servers} & walk.servers.keys()
        asked |= {server for server in walk.servers if channel in self._had.get(server.sid, ())}
        return deque(sorted(asked, key=lambda server: (server.hops, server.sid)))

    def _witness(self, server: Server) -> Server:
        """The server itself, or the nearest on the way to it that can be asked; this one if none can."""
        while server.uplink is not None and not self._reaches(server):
            server = server.uplink
        return server

    def _finish(self, walk: Walk) -> None:
        for server, news in walk.servers.items():
            if self._missed is not None:
                self._missed.arrived(server.sid)
            if server in self._here:
                if server in walk.silent:
                    self._ask_later(server)
                else:
                    self._away.pop(server.sid, None)
                    self._had.pop(server.sid, None)
                    self._tries.pop(server, None)
            if news:
                self._links.tell(f"{server.name} told {news} messages that were missing here")

    def _ask_later(self, server: Server) -> None:
        """It may have been busy, or its link without a connection; not for ever."""
        tries = self._tries[server] = self._tries.get(server, 0) + 1
        if tries <= TRIES:
            seconds = self._settings.backfill_timeout * 2**tries
            self._links.node.clock.later(seconds, lambda: self._ask_again(server))

    def _ask_again(self, server: Server) -> None:
        if server in self._tries:  # and has not gone since
            self._arrived(server)

    # asking

    @property
    def _settings(self) -> LinksSettings:
        return self._links.node.settings.links

    @property
    def _earliest(self) -> float:
        return self._now - self._settings.backfill_duration

    @property
    def _first(self) -> float:
        """Since when a server that was never here since this start is held to have been away."""
        return self._earliest if self._missed is None else min(self._earliest, self._now - UNKNOWN)

    @property
    def _now(self) -> float:
        return self._links.node.clock.monotonic()

    def _time_of(self, monotonic: float) -> float:
        """What our clock would have shown then, as it is set now."""
        return self._links.node.clock.time() - (self._now - monotonic)

    @property
    def _most(self) -> int:
        settings = self._links.node.settings
        return min(settings.links.backfill_messages, settings.history.messages)

    def _ask(self, channel: Channel, servers: deque[Server]) -> None:
        node, server = self._links.node, servers.popleft()
        now, settings = node.clock.time(), self._settings
        away = self._away.get(server.sid, self._earliest)
        # What a link has not told when it is given up may be as old as it was waited for.
        overlap = max(settings.backfill_overlap, settings.ping_timeout + settings.resume_grace)
        if self._missed is not None and self.reaches_store(server):
            told = int(max(0.0, self._time_of(away - overlap) - self._links.skew) * 1000)
            self._taking += 1
            assert self._walk is not None
            node.run(self._ask_stored(self._missed, channel, servers, server, told, self._walk))
            return
        since = self._time_of(max(self._earliest, away - overlap)) - self._links.skew
        now, since = (int(at * 1000) / 1000 for at in (now, since))  # as it is told
        number = self._numbers.take()
        reader = Reader(channel.name, node.network.fold)
        question = Question(number, server, channel, since, self._most, reader)
        question.next = servers
        question.asked = question.heard = node.clock.monotonic()
        self._open[question.number] = question
        self._wait(question, settings.backfill_timeout)
        node.run(self._send(question, now))

    async def _ask_stored(
        self, missed: Missed, channel: Channel, servers: deque[Server], server: Server, since: int, walk: Walk
    ) -> None:
        """What is not answered stays a gap, and so is asked for again without our doing."""
        try:
            walk.servers[server] += await missed.apart(channel, server.sid, since) or 0
        except Exception:
            self._links.node.log.failure("what was told of a channel could not be kept")
        self._taking -= 1
        self._ask_next(channel, servers)

    def _ask_next(self, channel: Channel, servers: deque[Server]) -> None:
        servers = deque(server for server in servers if server in self._here)
        if servers and self._links.node.network.channels.get(channel.folded) is channel:
            self._ask(channel, servers)
        else:
            self._go_on()

    async def _send(self, question: Question, now: float) -> None:
        try:
            page = await self._past.page(question.channel, question.since, question.most)
        except Exception:
            self._links.node.log.failure("what is remembered of a channel could not be read")
            page = Page()  # then we are told what we know, too
        way = self._links.way_to(question.server)
        if way is not None and question.number in self._open:
            me = self._links.node.network.me
            way.send(
                way.codec.question(
                    me, question.number, question.server, question.name, question.since, question.most,
                    now, tally(page, now),
                )
            )  # fmt: skip

    def _wait(self, question: Question, seconds: float) -> None:
        question.timer = self._links.node.clock.later(seconds, lambda: self._is_late(question))

    def _is_late(self, question: Question) -> None:
        question.timer = None
        settings = self._settings
        until = min(question.heard + settings.backfill_timeout, question.asked + settings.backfill_longest)
        left = until - self._links.node.clock.monotonic()
        if left > 0.001:
            self._wait(question, left)
            return
        self._links.node.log.warn(f"{question.server.name} did not answer what was said in a channel")
        self._end(question, well=False)

    # answers

    def answered(self, link: Link, server: Server, number: int, what: str, text: str) -> str | None:
        """A part of an answer of `server`: the line of a message, or its end.  What is wrong, or None."""
        question = self._open.get(number)
        if question is None or question.server is not server:
            # If it is known, it comes too late.
            known = question is None and number <= self._numbers.last
            return None if known else "CNHR that nobody asked for"
        if what in ("END", "NO"):
            self._end(question, well=what == "END")
            return None
        try:
            self._take(question, link, text)
        except Nonsense as nonsense:
            self._end(question, well=False)
            return f"CNHR: {nonsense}"
        return None

    def _take(self, question: Question, link: Link, text: str) -> None:
        question.bytes += len(text)
        if question.bytes > self._settings.backfill_bytes:
            self._end(question, well=True)  # we do not want more
            return
        found = question.reader.read(text)
        question.heard = self._links.node.clock.monotonic()
        if found is None:
            return
        now = self._links.node.clock.time()
        if not question.since <= found.at + 0.001 or found.at > now + self._links.ahead(link):
            raise Nonsense("it is of another time")
        if isinstance(found, Redaction):
            question.redactions.append(found)
        elif self.can_know(link, found):
            question.records.append(found)
        if max(len(question.records), len(question.redactions)) > question.most:
            raise Nonsense("there is more than was asked for")

    def can_know(self, link: Link, record: Record | Event) -> bool:
        """Whether it was not heard here: what was said by who is on our side, since they are, was."""
        network = self._links.node.network
        if isinstance(record, Event):
            return True  # nobody says of it whose it is
        server = network.servers.get(SID(record.uid[:3]))
        if server is None or self._links.way_to(server) is link:
            return True
        if record.person is not None and link.codec.seats and self._links.may_sit(link):
            return True  # they may have said it there, where they were the user of this side
        return record.at < self._time_of(self._here.get(server, self._began)) + self._links.skew

    def _end(self, question: Question, *, well: bool) -> None:
        del self._open[question.number]
        if question.timer is not None:
            question.timer.cancel()
        walk = self._walk
        assert walk is not None
        if not well:
            walk.silent.add(question.server)
        self._taking += 1
        self._links.node.run(self._take_in(question, walk))

    async def _take_in(self, question: Question, walk: Walk) -> None:
        server, channel = question.server, question.channel
        page = Page(question.records, question.redactions)
        try:
            walk.servers[server] += await self._past.take_in(channel, page)
        except Exception:
            self._links.node.log.failure("what was told of a channel could not be kept")
            walk.silent.add(server)
        self._taking -= 1
        self._ask_next(channel, question.next)
