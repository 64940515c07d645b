"""Streams of what happens, as server-sent events.  https://html.spec.whatwg.org/multipage/server-sent-events.html

state       what comes                                        next        then
REPLAYING   something happens                                 REPLAYING   it is kept
REPLAYING   all that was missed has been told                 LIVE        ``resumed``, and what was kept
LIVE        something happens                                 LIVE        it is told, if it is wanted
any         more than ``api.stream_queue`` waits              OVER        ``closing``
any         the client is over, the server stops              OVER        ``closing``
any         the reader goes                                   OVER
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Final, NamedTuple

from pydantic_core import to_json

from chatnet.api.client import Client
from chatnet.api.identities import Identity
from chatnet.api.notices import Notice
from chatnet.api.problems import Problem
from chatnet.api.reading import Heard
from chatnet.api.told import Object, event, message
from chatnet.model.modes import RANK_OF_PREFIX
from chatnet.node import Node
from chatnet.web.exchange import Sink
from chatnet.wire.server_time import written_ms

TICKET: Final = 60
"""Seconds for which a ticket is good."""
MOST_TICKETS: Final = 10_000
_CURSOR: Final = re.compile(r"([0-9]{1,14})-([!-~]{1,64})", re.ASCII)
_PREFIXES: Final = "".join(RANK_OF_PREFIX)
_SIGN: Final = b": \n\n"
_LOOK: Final = 65_536
"""Bytes that are sent between two looks at how much waits."""
_TALKS: Final = 100
"""Talks with people of which is told what was missed."""


class Cursor(NamedTuple):
    """A position in what was said."""

    ms: int
    msgid: str


def read_cursor(text: str) -> Cursor | None:
    """``<ms>-<msgid>``; None if it is none."""
    found = _CURSOR.fullmatch(text)
    return None if found is None else Cursor(int(found[1]), found[2])


def rendered(found: Object) -> bytes:
    """An event as it is sent."""
    kind, cursor = found["type"].encode(), found.get("cursor")
    head = b"event: %b\n" % kind if cursor is None else b"event: %b\nid: %b\n" % (kind, cursor.encode())
    return b"%bdata: %b\n\n" % (head, to_json(found))


class State(Enum):
    """How far a stream has come."""

    REPLAYING = "what was missed is told"
    LIVE = "what happens is told"
    OVER = "it has ended"


class Wanted(NamedTuple):
    """What a reader wants to hear: of which channels (folded; None: all, and what is in none), which types.

    One who is `limited` may hear of nothing else; others hear of people as well, who may be elsewhere.
    """

    channels: frozenset[str] | None
    types: frozenset[str] | None
    since: Cursor | None
    named: Sequence[str] = ()
    """The channels as they are written."""
    limited: bool = False


class Stream:
    """What one reader gets: see ``web/exchange.py``."""

    def __init__(self, streams: Streams, client: Client, wanted: Wanted) -> None:
        self.client = client
        self.wanted = wanted
        self.state = State.LIVE if wanted.since is None else State.REPLAYING
        self._streams = streams
        self._sink: Sink | None = None
        self._unlooked = 0
        self._kept: list[tuple[Object, bytes]] = []

    def begin(self, sink: Sink) -> None:
        self._sink = sink
        sink.send(_SIGN)
        self._streams.begun(self)

    def stop(self) -> None:
        sink = self._sink
        if self.state is not State.OVER and sink is not None:
            # Perhaps it is the server that stops; then this still leaves.
            sink.send(rendered({"type": "closing", "reason": "The server stops"}))
        self._over()

    def _over(self) -> None:
        if self.state is not State.OVER:
            self.state = State.OVER
            self._kept.clear()
            self._streams.ended(self)

    def close(self, why: str) -> None:
        """End it, and say why."""
        sink = self._sink
        if self.state is State.OVER or sink is None:
            return
        self._over()
        sink.send(rendered({"type": "closing", "reason": why}))
        sink.end()

    def sign(self) -> None:
        """Something, so that nobody between takes the connection for dead."""
        if self._sink is not None and self._room():
            self._sink.send(_SIGN)

    def offer(self, found: Object, data: bytes) -> None:
        """Something happened."""
        if not self._wants(found):
            return
        if self.state is State.REPLAYING:
            self._kept.append((found, data))
        else:
            self.tell(data)

    def tell(self, data: bytes) -> None:
        """Send an event, unless the reader is too slow."""
        sink = self._sink
        if sink is None or self.state is State.OVER:
            return
        self._unlooked += len(data)
        if self._unlooked < _LOOK or self._room():
            sink.send(data)

    def _room(self) -> bool:
        """Whether the reader keeps up; else it ends."""
        assert self._sink is not None
        self._unlooked = 0
        if self._sink.waiting <= self._streams.queue:
            return True
        self.close("You read too slowly: come back with the last id that you have")
        return False

    def resume(self, told: Collection[str]) -> None:
        """All that was missed has been told, the messages of these ids among it."""
        if self.state is State.REPLAYING:
            self.state = State.LIVE
            self.tell(rendered({"type": "resumed"}))
            kept, self._kept = self._kept, []
            for found, data in kept:
                if found.get("id") not in told:
                    self.tell(data)

    def _wants(self, found: Object) -> bool:
        types, channels = self.wanted.types, self.wanted.channels
        if types is not None and found["type"] not in types:
            return False
        if channels is None:
            return True
        target = found.get("target")
        if target is None:
            # Of people, and of splits, it cannot be told where: whoever hears of it shares a channel.
            return not self.wanted.limited and found["type"] != "line"
        return self._streams.fold(target.lstrip(_PREFIXES) if "#" in target else target) in channels


class Streams:
    """All of them, by their clients."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._by_client: dict[Client, dict[Stream, None]] = {}
        self._tickets: dict[str, tuple[Identity, float]] = {}
        self._number = 0
        self._ticking = False

    def __len__(self) -> int:
        return self._number

    @property
    def queue(self) -> int:
        """Bytes that may wait for a reader."""
        return self._node.settings.api.stream_queue

    def fold(self, name: str) -> str:
        """A channel's name, as it is compared."""
        return self._node.network.fold(name)

    def open(self, client: Client, wanted: Wanted) -> Stream:
        """A stream for a client; raises Problem if there are too many."""
        api = self._node.settings.api
        if self._number >= api.streams:
            raise Problem("unavailable", "Too many streams are open")
        if len(self._by_client.get(client, ())) >= api.streams_per_token:
            raise Problem("too-many", "Too many streams of this token are open", retry=60)
        stream = Stream(self, client, wanted)
        self._number += 1
        client.hold()
        self._by_client.setdefault(client, {})[stream] = None
        client.listener = lambda heard: self._hear(client, heard)
        return stream

    def begun(self, stream: Stream) -> None:
        """Its reader is there."""
        if not self._ticking:
            self._ticking = True
            self._node.clock.later(self._node.settings.api.keepalive, self._tick)
        if stream.wanted.since is not None:
            self._node.run(self._replay(stream, stream.wanted.since))

    def ended(self, stream: Stream) -> None:
        """It is over."""
        client = stream.client
        streams = self._by_client.get(client)
        if streams is None or stream not in streams:
            return
        del streams[stream]
        self._number -= 1
        client.release()
        if not streams:
            del self._by_client[client]
            client.listener = None

    def over(self, client: Client) -> None:
        """A client has ended, and so do its streams."""
        for stream in list(self._by_client.get(client, ())):
            stream.close("The user of this token was disconnected")

    def _hear(self, client: Client, heard: Heard) -> None:
        found = event(heard)
        if found is not None:
            self._offer(client, found)

    def noticed(self, notice: Notice) -> None:
        """Operators are told something: the streams of those tell it whose tokens are for that."""
        for client in list(self._by_client):
            text = notice.shown(client.user) if client.may_operate else None
            if text is not None:
                at = written_ms(int(notice.at * 1000))
                found: Object = {
                    "type": "notice", "number": notice.number, "time": at, "letter": notice.letter,
                    "server": notice.server, "text": text,
                }  # fmt: skip
                self._offer(client, found)

    def tell_operators(self, found: Object, privilege: str | None = None) -> None:
        """Something happened that operators may know, who have a privilege perhaps."""
        for client in list(self._by_client):
            if client.may_operate and (privilege is None or client.user.may(privilege)):
                self._offer(client, found)

    def _offer(self, client: Client, found: Object) -> None:
        data = rendered(found)
        for stream in list(self._by_client.get(client, ())):
            stream.offer(found, data)

    def _tick(self) -> None:
        self._ticking = False
        for streams in list(self._by_client.values()):
            for stream in list(streams):
                stream.sign()
        if self._by_client:
            self._ticking = True
            self._node.clock.later(self._node.settings.api.keepalive, self._tick)

    # tickets

    def ticket(self, identity: Identity) -> str:
        """What lets in to one stream, for a minute."""
        now = self._node.clock.monotonic()
        while self._tickets:
            text, (_, until) = next(iter(self._tickets.items()))
            if until > now and len(self._tickets) < MOST_TICKETS:
                break
            del self._tickets[text]
        text = secrets.token_urlsafe(24)
        self._tickets[text] = identity, now + TICKET
        return text

    def use(self, ticket: str) -> Identity:
        """Whose a ticket is, which is used up; raises Problem if it is none."""
        found = self._tickets.pop(ticket, None)
        if found is None or found[1] <= self._node.clock.monotonic():
            raise Problem("unauthenticated", "The ticket is wrong, over or used")
        return found[0]

    # what was missed

    async def _replay(self, stream: Stream, since: Cursor) -> None:
        told: set[str] = set()
        try:
            for target in await self._targets(stream, since):
                await self._tell_missed(stream, target, since, told)
        except Problem as why:
            self._gap(stream, None, since.ms, why.detail)
        stream.resume(told)

    async def _targets(self, stream: Stream, since: Cursor) -> list[str]:
        """The channels that it is about, and, if it is about all, those with whom something was said."""
        client, wanted = stream.client, stream.wanted
        if wanted.channels is not None:
            return list(wanted.named)
        names = [channel.name for channel in client.user.channels]
        now = written_ms(int(self._node.clock.time() * 1000) + 1000)
        points = [f"timestamp={written_ms(max(since.ms - 1, 0))}", f"timestamp={now}"]
        answer = await client.ask("CHATHISTORY", ["TARGETS", *points, str(_TALKS)])
        listed = answer.batch("draft/chathistory-targets")
        for each in () if listed is None else listed.inner or ():
            if each.command == "CHATHISTORY" and len(each.params) > 1 and each.params[1][:1] != "#":
                names.append(each.params[1])
        return names

    async def _tell_missed(self, stream: Stream, target: str, since: Cursor, told: set[str]) -> None:
        """The newest messages since then, in order; before them, that there are more."""
        most, page = self._node.settings.api.replay, self._node.settings.history.page
        found: list[Object] = []
        begin = f"timestamp={written_ms(max(since.ms - 1, 0))}"
        words = ["LATEST", target, begin]
        more = True
        while more and len(found) < most:
            answer = await stream.client.command("CHATHISTORY", [*words, str(page)])
            problem = answer.problem
            if problem is not None:
                self._gap(stream, target, since.ms, problem.detail)
                return
            batch = answer.batch("chathistory")
            inner = () if batch is None else batch.inner or ()
            read = [each for each in map(message, inner) if each is not None and each["cursor"] is not None]
            fresh = [each for each in read if _is_after(each, since)]
            found = fresh + found
            ended = batch is None or "draft/chathistory-end" in batch.tags
            more = bool(read) and len(fresh) == len(read) and not ended
            if more:
                words = ["BEFORE", target, f"msgid={fresh[0]['id']}"]
            note = answer.first("NOTE")
            if note is not None and len(note.params) > 4:
                stream.tell(rendered(_gap_of(target, note.params[3], note.params[4], note.words)))
        if len(found) > most or more:
            found = found[-most:] if most else []
            until = found[0]["time"] if found else written_ms(int(self._node.clock.time() * 1000))
            text = "There are more than are told here"
            stream.tell(rendered(_gap_of(target, written_ms(since.ms), until, text)))
        for each in found:
            told.add(each["id"])
            if stream.wanted.types is None or "message" in stream.wanted.types:
                stream.tell(rendered(each))

    def _gap(self, stream: Stream, target: str | None, since: int, why: str) -> None:
        now = written_ms(int(self._node.clock.time() * 1000))
        stream.tell(rendered(_gap_of(target, written_ms(since), now, why)))


def _gap_of(target: str | None, since: str, until: str, why: str) -> Object:
    return {"type": "gap", "target": target, "since": since, "until": until, "reason": why}


def _is_after(found: Object, since: Cursor) -> bool:
    """Whether a message is not known yet; of the same millisecond it is told once more, to be sure."""
    cursor = read_cursor(found["cursor"])
    return cursor is None or (cursor.ms >= since.ms and cursor != since)
