"""Lines over a plain connection, for boards that cannot do IRC, and for ``nc``.

    -> cn-xxxx-xxxx-xxxx-xxxx-xxxx #sensors          who it is, and where; with ``+`` behind, it also hears
    <- ok #sensors as greenhouse
    -> 21.5 degrees                                  each line is said
    <- ok
    -> =temperature 21.5 °C                          a last value, which is kept and not said
    <- ok
    <- error Cannot send to channel (+m: …)          instead of ok, in words for people

Of a token for one channel it need not be named.  What is heard is ``nick text``, a line for each line of it.

state      what comes                              next       then
GREETING   a first line that is right              TALKING    ok, and the name of the channel
GREETING   one that is wrong                       OVER       error, and the connection is closed
TALKING    a line                                  TALKING    it is said, one after the other; ok or error
TALKING    one, and its address is banned now      OVER       error
TALKING    nothing for an hour                     OVER       error
any        more lines than may wait                any        nothing is read until there is room
any        the client is over, the connection is   OVER
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from chatnet.api.banned import judge_address
from chatnet.api.client import Client
from chatnet.api.events import Stream, Streams, Wanted
from chatnet.api.hooks.posted import plain
from chatnet.api.identities import Identities, Identity
from chatnet.api.problems import Problem
from chatnet.api.speaking import Speaking
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.session.sessions import Sessions
from chatnet.wire.lines import OVERLONG, LineBuffer
from chatnet.wire.text import sanitise

MOST: Final = 400
"""Bytes of a line."""
WAITING: Final = 16
"""Lines that may wait while one is said; of more nothing is read meanwhile."""
IDLE: Final = 3600.0
"""Seconds for which nothing may come."""
GREETING: Final = 30.0
"""Seconds until the first line has to be there."""
UNREAD: Final = 65_536
"""Bytes that may wait for somebody who does not read."""
VALUE: Final = "="


class Noting(Protocol):
    """Keeps last values."""

    async def put(self, identity: Identity, channel: str, key: str, value: str) -> None:
        """Somebody measured something; raises Problem if it is not kept."""


class State(Enum):
    """How far a connection has come."""

    GREETING = "who it is has not been said"
    TALKING = "what it says is said"
    OVER = "it has ended"


class Lines:
    """What connections are answered by."""

    def __init__(
        self,
        sessions: Sessions,
        identities: Identities,
        speaking: Speaking,
        streams: Streams,
        noting: Noting,
    ) -> None:
        self.sessions = sessions
        self.node = sessions.node
        self.identities = identities
        self.speaking = speaking
        self.streams = streams
        self.noting = noting
        self._open: dict[Talk, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, outlet: Outlet, peer: Peer) -> Talk:
        """Somebody has connected."""
        talk = Talk(self, outlet, peer, lambda talk: self._open.pop(talk, None))
        self._open[talk] = None
        return talk

    def close_all(self, reason: str) -> None:
        """Say goodbye to everybody."""
        for talk in list(self._open):
            talk.end_with(reason)


class Talk:
    """One connection; as ``transports.outlets.Receiver``."""

    def __init__(self, lines: Lines, outlet: Outlet, peer: Peer, over: Callable[[Talk], object]) -> None:
        self.state = State.GREETING
        self._lines = lines
        self._outlet = outlet
        self._peer = peer
        self._over = over
        self._buffer = LineBuffer(MOST)
        self._waiting: deque[bytes] = deque()
        self._working = False
        self._paused = False
        self._identity: Identity | None = None
        self._channel = ""
        self._client: Client | None = None
        self._stream: Stream | None = None
        self._opened = self._heard = lines.node.clock.monotonic()
        outlet.sendq = UNREAD
        lines.node.clock.later(GREETING, self._look)

    # what the transport calls

    def receive(self, data: bytes) -> None:
        """Bytes, cut anywhere."""
        if self.state is State.OVER:
            return
        self._heard = self._lines.node.clock.monotonic()
        self._waiting.extend(self._buffer.feed(data))
        if len(self._waiting) > WAITING and not self._paused:
            self._paused = True
            self._outlet.pause()
        if self._waiting and not self._working:
            self._working = True
            self._lines.node.run(self._work())

    def connection_lost(self, reason: str) -> None:
        """The connection is gone."""
        self._end()

    def sendq_exceeded(self) -> None:
        """Nobody reads."""

    # what it says

    async def _work(self) -> None:
        try:
            while self._waiting and not self._is_over():
                line = self._waiting.popleft()
                try:
                    await self._take(line)
                except Problem as why:
                    self._refuse(why)
                if self._paused and len(self._waiting) <= WAITING // 2 and not self._is_over():
                    self._paused = False
                    self._outlet.resume()
        finally:
            self._working = False

    async def _take(self, line: bytes) -> None:
        if line == OVERLONG:
            raise Problem("invalid", f"A line has at most {MOST} bytes")
        judge_address(self._lines.sessions, self._peer.address)
        text = line.decode("utf-8", "replace")
        if self.state is State.GREETING:
            await self._greet(text.split())
            return
        assert self._identity is not None
        if text[:1] == VALUE:
            key, _, value = text[1:].strip().partition(" ")
            await self._lines.noting.put(self._identity, self._channel, key, value.strip())
        else:
            said = plain(text)
            await self._lines.speaking.say(self._identity, self._channel, said)
        self._answer("ok")

    async def _greet(self, words: list[str]) -> None:
        hears = any(word == "+" for word in words[1:])
        words = [word for word in words if word != "+"]
        if words and words[0].endswith("+"):
            words[0], hears = words[0][:-1], True
        if not words or len(words) > 2:
            raise Problem("invalid", "The first line is TOKEN #channel")
        identities = self._lines.identities
        identity = await identities.of(f"Bearer {words[0]}", self._peer.address)
        if not identity.allows("send") or (hears and not identity.allows("events")):
            raise Problem("scope", f"The token is not for {'events' if identity.allows('send') else 'send'}")
        channels = identity.scope.channels
        if len(words) == 2:
            name = words[1] if words[1][:1] == "#" else f"#{words[1]}"
        elif channels is not None and len(channels) == 1:
            name = channels[0]
        else:
            raise Problem("invalid", "Say in which channel: TOKEN #channel")
        fold = self._lines.node.network.fold
        if channels is not None and fold(name) not in {fold(each) for each in channels}:
            raise Problem("channel")
        client, name = await self._lines.speaking.enter(identity, name)
        if self._is_over():
            return  # they have gone meanwhile
        self._identity, self._channel, self.state = identity, name, State.TALKING
        client.hold()
        self._client = client
        self._answer(f"ok {name} as {client.user.nick}")
        if hears:
            wanted = Wanted(frozenset({fold(name)}), frozenset({"message"}), None, [name], True)
            self._stream = self._lines.streams.open(client, wanted)
            self._stream.begin(self)

    def _is_over(self) -> bool:
        return self.state is State.OVER

    def _refuse(self, why: Problem) -> None:
        self._answer(f"error {why.body['detail']}")
        if self.state is State.GREETING or why.kind == "banned":
            self._end()
            self._outlet.close()

    def _answer(self, text: str) -> None:
        if self.state is not State.OVER:
            self._outlet.send(f"{' '.join(sanitise(text).split())}\r\n".encode())

    # what it hears: a sink of events

    @property
    def waiting(self) -> int:
        """Bytes that have not been taken."""
        return self._outlet.waiting

    def send(self, data: bytes) -> None:
        """An event, as it is sent to readers of streams."""
        _, mark, text = data.partition(b"\ndata: ")
        if not mark or self._identity is None or self.state is State.OVER:
            return
        found = json.loads(text)
        author = found.get("from", {}).get("nick", "")
        own = "" if self._client is None else self._client.user.nick
        if found.get("type") != "message" or author == own:
            return
        for line in str(found.get("text", "")).split("\n"):
            self._answer(f"{author} {line}")

    def end(self) -> None:
        """There are no more: its user is gone."""
        self._stream = None
        self.end_with("The user of this token was disconnected")

    # the end

    def _look(self) -> None:
        if self.state is State.OVER:
            return
        now = self._lines.node.clock.monotonic()
        greeting = self.state is State.GREETING  # which may not be drawn out
        left = (self._opened + GREETING if greeting else self._heard + IDLE) - now
        if left <= 0 and (greeting or not self._working):
            self.end_with("Nothing has come for long")
        else:
            self._lines.node.clock.later(max(left, 1.0), self._look)

    def end_with(self, reason: str) -> None:
        """Close it, and say why."""
        if self.state is not State.OVER:
            self._answer(f"error {reason}")
            self._end()
            self._outlet.close()

    def _end(self) -> None:
        if self.state is State.OVER:
            return
        self.state = State.OVER
        self._waiting.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()
        client, self._client = self._client, None
        if client is not None:
            client.release()
        self._over(self)
