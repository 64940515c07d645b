"""Asks servers that know ``CNPAST`` for what they have stored, and reads what they answer.

So many questions are open by each link at a time as ``links.backfill_requests`` says; the others wait for
their turn.  So a neighbour that is slow, or what is behind it, keeps nobody from asking others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Final

from chatnet.links.codecs.solanum import GUESTS, PAST, SEATS
from chatnet.links.exchange.records import Nonsense, StoredReader
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import Channel
from chatnet.model.facts import Fact, Hearer, NetSplit
from chatnet.model.ids import SID
from chatnet.model.past import Event, Record, Redaction, Stay, Talks, Told
from chatnet.model.places import MOST_CHANNEL, talk_called, talk_with
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.storage.messages.rows import Place
from chatnet.storage.promise import Promise
from chatnet.wire.names import is_channel
from chatnet.wire.server_time import read_time

TOKEN: Final = "CNHIST"
"""The word in CAPAB of who carries questions on."""
GONE: Final = 10_000
"""Redactions that an answer may have at most."""


class Numbers:
    """Those of all questions of this server."""

    def __init__(self) -> None:
        self._next = count(1)
        self.last = 0

    def take(self) -> int:
        """The next one."""
        self.last = next(self._next)
        return self.last


class Inquiry:
    """What `server` was asked, and what it has answered: of a time, or (without a reader) of a `person`."""

    __slots__ = (
        "asked", "bytes", "done", "events", "gaps", "gone", "heard", "most", "number", "person", "reader",
        "redactions", "server", "since", "stays", "talks", "timer", "until", "waits", "way",
    )  # fmt: skip

    def __init__(
        self, number: int, server: Server, since: int, until: int, most: int, reader: StoredReader | None,
        person: str = "",
    ) -> None:  # fmt: skip
        self.number = number
        self.server = server
        self.since = since
        self.until = until
        self.most = most
        self.reader = reader
        self.person = person
        self.events: list[Record | Event] = []
        self.redactions: list[Redaction] = []
        self.talks: dict[Place, int] = {}
        self.stays: list[Stay] = []
        self.gaps: list[tuple[int, int]] = []
        self.waits: list[tuple[int, int]] = []
        self.gone = False
        self.bytes = 0
        self.asked = 0.0
        self.heard = 0.0
        self.way: Link | None = None
        self.timer: Timer | None = None
        self.done: Promise[bool] = Promise()


class Inquiries:
    """An ``Asking`` of ``model/past.py``.  `can_know` says of a record whether others may know better."""

    def __init__(
        self, links: Neighbours, numbers: Numbers, can_know: Callable[[Link, Record | Event], bool]
    ) -> None:
        self._links = links
        self._numbers = numbers
        self._can_know = can_know
        self._open: dict[int, Inquiry] = {}
        self._by_way: dict[Link, int] = {}
        """How many are open, or are about to be."""
        self._waiting: dict[Link, deque[Promise[None]]] = {}
        self.hears: Mapping[type[Fact], Hearer] = {NetSplit: self._split}

    # whom

    def witnesses(self, channel: Channel | None, *, guest: bool = False) -> Sequence[SID]:
        """Who can be asked; see ``model/past.py``."""
        there = set() if channel is None else {server for user in channel.members for server in user.places}
        found = [server for server in self._links.node.network.servers.values() if self.reaches(server)]
        if channel is None:
            found = [server for server in found if self._knows(server)]
        if guest:
            found = [server for server in found if GUESTS in server.caps]
        found.sort(key=lambda server: (server not in there, server.hops, server.sid))
        return [server.sid for server in found]

    def reaches(self, server: Server) -> bool:
        """Whether it can be asked: it knows what it is, and those on the way carry it on."""
        return PAST in server.caps and server.uplink is not None and server.is_reached_with(TOKEN)

    def _knows(self, server: Server) -> bool:
        way = self._links.way_to(server)
        return way is not None and self._links.knows_accounts(way)

    # asking

    async def ask(
        self, sid: SID, target: str, since: int, until: int, most: int, tally: str = "-", *, gone: bool = True
    ) -> Told | None:
        """The newest of what a server knows of a time; see ``model/past.py``."""
        server = self._links.node.network.servers.get(sid)
        way = None if server is None else self._links.way_to(server)
        if server is None or way is None:
            return None
        fold = self._links.node.network.fold
        place = talk_called(target, fold)
        reader = StoredReader(target, fold, place, knows=self._links.knows_accounts(way))
        inquiry = Inquiry(0, server, since, until, most, reader)
        inquiry.gone = gone
        how = "latest" if gone else "before"
        if not await self._answered(inquiry, how, target, tally):
            return None
        return Told(inquiry.events, inquiry.redactions, tuple(inquiry.gaps), tuple(inquiry.waits))

    async def ask_talks(self, sid: SID, person: str, since: int, most: int) -> Talks | None:
        """With whom an account talked; see ``model/past.py``."""
        server = self._links.node.network.servers.get(sid)
        if server is None or not self._knows(server):
            return None
        inquiry = Inquiry(0, server, since, 0, most, None, person)
        if not await self._answered(inquiry, "targets", f"@{person}", "-"):
            return None
        return Talks(list(inquiry.talks.items()), bool(inquiry.waits))

    async def ask_stays(self, sid: SID, person: str, most: int) -> Sequence[Stay]:
        """Since when an account is in its channels, as a server knows; see ``model/past.py``."""
        server = self._links.node.network.servers.get(sid)
        if server is None or SEATS not in server.caps or not self._knows(server):
            return ()
        inquiry = Inquiry(0, server, 0, 0, most, None)
        return inquiry.stays if await self._answered(inquiry, "stays", f"@{person}", "-") else ()

    async def _answered(self, inquiry: Inquiry, how: str, target: str, tally: str) -> bool:
        """Ask, as soon as there is room; whether it is answered."""
        links, settings, server = self._links, self._links.node.settings.links, inquiry.server
        way = links.way_to(server)
        while way is not None and self._by_way.get(way, 0) >= settings.backfill_requests:
            turn = Promise[None]()
            self._waiting.setdefault(way, deque()).append(turn)
            await turn
            asked, way = way, links.way_to(server)
            if way is not asked:
                self._next(asked)
        if way is None or links.node.network.servers.get(server.sid) is not server:
            if way is not None:
                self._next(way)
            return False
        inquiry.way = way
        self._by_way[way] = self._by_way.get(way, 0) + 1
        inquiry.number = self._numbers.take()
        inquiry.asked = inquiry.heard = links.node.clock.monotonic()
        self._open[inquiry.number] = inquiry
        self._wait(inquiry, settings.backfill_timeout)
        way.send(
            way.codec.stored(
                links.node.network.me, inquiry.number, server, how, target, inquiry.since, inquiry.most,
                inquiry.until, tally,
            )
        )  # fmt: skip
        return await inquiry.done

    def _wait(self, inquiry: Inquiry, seconds: float) -> None:
        inquiry.timer = self._links.node.clock.later(seconds, lambda: self._is_late(inquiry))

    def _is_late(self, inquiry: Inquiry) -> None:
        inquiry.timer = None
        settings = self._links.node.settings.links
        until = min(inquiry.heard + settings.backfill_timeout, inquiry.asked + settings.backfill_longest)
        left = until - self._links.node.clock.monotonic()
        if left > 0.001:
            self._wait(inquiry, left)
            return
        self._links.node.log.warn(f"{inquiry.server.name} did not answer what is stored there")
        self._end(inquiry, well=False)

    def _split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        for inquiry in list(self._open.values()):
            if inquiry.server in gone:
                self._end(inquiry, well=False)

    # answers

    def has(self, number: int) -> bool:
        """Whether it is a question of this kind that is open."""
        return number in self._open

    def answered(self, link: Link, server: Server, number: int, params: Sequence[str]) -> str | None:
        """A part of an answer of `server`; what is wrong, or None."""
        inquiry = self._open[number]
        if inquiry.server is not server:
            return "CNHR that nobody asked for"
        what = params[0]
        if what in ("END", "NO"):
            self._end(inquiry, well=what == "END")
            return None
        inquiry.heard = self._links.node.clock.monotonic()
        try:
            if what == "GAP":
                self._gap(inquiry, params[1:])
            else:
                self._take(inquiry, link, params[-1])
        except Nonsense as nonsense:
            self._end(inquiry, well=False)
            return f"CNHR: {nonsense}"
        return None

    @staticmethod
    def _gap(inquiry: Inquiry, params: Sequence[str]) -> None:
        times = [int(each) for each in params if each.isascii() and each.isdigit() and len(each) < 15]
        if len(times) != 2 or len(inquiry.gaps) + len(inquiry.waits) >= 100:
            raise Nonsense("it is no gap")
        (inquiry.waits if params[-1] == "WAITS" else inquiry.gaps).append((times[0], times[1]))

    def _take(self, inquiry: Inquiry, link: Link, text: str) -> None:
        inquiry.bytes += len(text)
        # Who answers leaves out what is too much, but for one message.
        if inquiry.bytes > 2 * self._links.node.settings.links.backfill_bytes + 262_144:
            raise Nonsense("there is more than was asked for")
        if inquiry.reader is None:
            (self._take_stay if text[:1] == "#" else self._take_talk)(inquiry, text)
            return
        found = inquiry.reader.take(text)
        if found is None:
            return
        now = self._links.node.clock.time()
        if found.at > now + self._links.ahead(link):
            raise Nonsense("it is of the future")
        at = round(found.at * 1000)
        if not inquiry.since <= at < inquiry.until:
            raise Nonsense("it is of another time")
        if isinstance(found, Redaction):
            if not inquiry.gone:
                raise Nonsense("it was not asked what was deleted")
            inquiry.redactions.append(found)
        elif self._can_know(link, found) or (inquiry.reader.of_talk and not self._is_ours(found)):
            inquiry.events.append(found)
        if len(inquiry.events) > 2 * inquiry.most or len(inquiry.redactions) > GONE:
            raise Nonsense("there is more than was asked for")

    def _is_ours(self, found: Record | Event) -> bool:
        """Whether somebody of this server has said it: of a talk nothing else need have been heard here."""
        me = self._links.node.network.me
        return isinstance(found, Record) and found.uid[:3] == me.sid

    def _take_talk(self, inquiry: Inquiry, text: str) -> None:
        name, _, word = text.partition(" ")
        at = read_time(word.removeprefix("timestamp="))
        place = talk_with(inquiry.person, name, self._links.node.network.fold)
        if place is None or at is None:
            raise Nonsense("it is no talk")
        if len(inquiry.talks) >= 2 * inquiry.most:  # so many with accounts, and with guests
            raise Nonsense("there is more than was asked for")
        ms = round(at * 1000)
        if not inquiry.since <= ms <= (self._links.node.clock.time() + 86400) * 1000:
            raise Nonsense("it is of another time")
        inquiry.talks[place] = ms

    def _take_stay(self, inquiry: Inquiry, text: str) -> None:
        name, *words = text.split(" ")
        times = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 15]
        if not is_channel(name, MOST_CHANNEL) or len(times) != 3 or len(inquiry.stays) >= inquiry.most:
            raise Nonsense("it is no stay")
        ts, since, until = times
        if not since <= until <= (self._links.node.clock.time() + 86400) * 1000:
            raise Nonsense("it is of another time")
        inquiry.stays.append(Stay(name, ts, since, until))

    def _end(self, inquiry: Inquiry, *, well: bool) -> None:
        del self._open[inquiry.number]
        if inquiry.timer is not None:
            inquiry.timer.cancel()
        way = inquiry.way
        assert way is not None
        self._by_way[way] -= 1
        self._next(way)
        inquiry.done.keep(well)

    def _next(self, way: Link) -> None:
        """Whoever waits longest for a link looks whether it is their turn."""
        if not self._by_way.get(way):
            self._by_way.pop(way, None)
        if way in self._waiting:
            turn = self._waiting[way].popleft()
            if not self._waiting[way]:
                del self._waiting[way]
            turn.keep(None)
