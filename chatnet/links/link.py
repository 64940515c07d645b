"""One neighbour server: its handshake, its lines, and the way to it.

A link is sans-IO: a transport gives it bytes (:meth:`Link.receive`) and takes bytes from it through its
:class:`Exit`.  The states of the handshake are the table :data:`STEPS`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Final, Protocol

from chatnet.dispatch import Phase
from chatnet.links import line
from chatnet.links import links as registry
from chatnet.links.batches import Batches
from chatnet.links.codecs.solanum import Solanum
from chatnet.links.identity import Identity
from chatnet.model.ids import SID, UID
from chatnet.model.server import Server
from chatnet.model.user import User
from chatnet.settings import LinkSettings
from chatnet.wire.lines import OVERLONG, LineBuffer
from chatnet.wire.message import split
from chatnet.wire.names import is_uid

LONGEST: Final = 8192 + 16384
"""Bytes of a line: tags, and what chatnet servers say to each other without them."""
OUTLIVING: Final = frozenset({"KICK", "KILL", "RENAME", "TMODE", "TOPIC"})
"""Verbs that hold although the user who said so was killed here meanwhile: there they did it.  They count as
said by the user's server."""
EARLY: Final = 8192
"""Bytes a server may say before it is introduced."""


class Exit(Protocol):
    """The outgoing side of a connection, which a transport gives."""

    sendq: int
    """Bytes that may wait in it."""

    @property
    def waiting(self) -> int:
        """Bytes that wait in it now."""

    def send(self, line: bytes) -> None:
        """Queue a whole line, with its CR LF, for the end of this turn."""

    def close(self) -> None:
        """Send what is queued, then close."""

    def abort(self) -> None:
        """Close at once."""


class State(Enum):
    """How far a link has come."""

    GREETING = "greeting"  # PASS and CAPAB may come, and then SERVER
    INTRODUCED = "introduced"  # we know who it is; its burst comes
    LINKED = "linked"  # it has told all that was behind it
    GONE = "gone"


STEPS: Final[dict[tuple[State, str], State]] = {
    (State.GREETING, "SERVER"): State.INTRODUCED,
    (State.INTRODUCED, "end of burst"): State.LINKED,
    (State.GREETING, "end"): State.GONE,
    (State.INTRODUCED, "end"): State.GONE,
    (State.LINKED, "end"): State.GONE,
}
"""(state, what happened) → state."""


class Link:
    """A connection to a neighbour.

    `settings` is its block: known from the beginning if we dialled, else since its SERVER line.  `server` is
    the neighbour once it is introduced, `caps` the tokens of its CAPAB.  It was `opened`, was `heard` last,
    and is in its state `since` then: monotonic seconds.
    """

    __slots__ = (
        "asked",
        "batches",
        "buffer",
        "bursting",
        "bytes_in",
        "bytes_out",
        "caps",
        "codec",
        "dialled",
        "exit",
        "greeted",
        "heard",
        "held",
        "identity",
        "lag",
        "lines_in",
        "lines_out",
        "links",
        "opened",
        "password",
        "pinged",
        "reason",
        "received",
        "server",
        "settings",
        "settled",
        "sid",
        "since",
        "state",
        "strikes",
    )

    def __init__(
        self, links: registry.Links, exit_: Exit, identity: Identity, settings: LinkSettings | None
    ) -> None:
        self.links = links
        self.exit = exit_
        self.identity = identity
        self.settings = settings
        self.dialled = settings is not None
        self.state = State.GREETING
        self.buffer = LineBuffer(LONGEST)
        self.server: Server | None = None
        self.sid: SID | None = None  # as its PASS says
        self.password: str | None = None
        self.caps: frozenset[str] = frozenset()
        self.codec = Solanum(frozenset())
        self.greeted = False
        self.settled = False  # whether it has been LINKED
        self.batches = Batches()
        self.received = 0
        self.heard = self.since = self.opened = links.node.clock.monotonic()
        self.pinged = 0.0
        self.lag: float | None = None  # seconds from the last PING to its PONG
        self.lines_in = self.bytes_in = self.lines_out = self.bytes_out = 0
        self.bursting: Iterator[bytes] | None = None
        self.held: list[bytes] | None = None  # what waits for the end of our burst
        self.reason = ""
        self.strikes: list[float] = []
        self.asked: deque[float] = deque()  # when it brought questions, in the last `queries_period`

    @property
    def name(self) -> str:
        """Who it is, for operators and the log."""
        if self.server is not None:
            return self.server.name
        return self.settings.name if self.settings is not None else self.identity.address

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self.state is State.GONE

    def step(self, happened: str) -> None:
        """Go on to the next state."""
        self.state = STEPS[self.state, happened]
        self.settled |= self.state is State.LINKED
        self.since = self.links.node.clock.monotonic()

    # in

    def receive(self, data: bytes) -> None:
        """Take a chunk of what the neighbour sent, in any size."""
        if self.gone:
            return
        self.heard = self.links.node.clock.monotonic()
        self.bytes_in += len(data)
        for raw in self.buffer.feed(data):
            self.lines_in += 1
            self._line(raw)
            if self.gone:
                return

    def _line(self, raw: bytes) -> None:
        if raw is OVERLONG:
            self.close("Line too long")
            return
        parts = split(raw.decode("utf-8", "surrogateescape"))
        if parts is None:
            return
        tags, source_text, verb, params = parts
        row = line.LINK.rows.get(verb)
        early = self.state is State.GREETING
        if early:
            # Not by the chunk: the whole burst may follow in the one that has the SERVER line.
            self.received += len(raw)
            if self.received > EARLY:
                self.close("Too much said before SERVER")
                return
        if row is None:
            if not early:
                self._unknown(source_text, verb, params)
            return
        row.count += 1
        row.bytes += len(raw)
        if early and row.phase is not Phase.ANY:
            self.close(f"{verb} before SERVER")
            return
        source = self._source(source_text)
        if source is None and verb in OUTLIVING:
            source = self._server_of(source_text)
        if source is None:
            return
        if len(params) < row.min_params:
            self._too_few(row.verb)
            return
        try:
            row.handler(line.Line(self, source, params, tags, row))
        except line.Ignored:
            pass
        except line.Violation as violation:
            self.close(str(violation))
        except Exception:
            self.links.node.log.failure(f"{row.verb} from {self.name} failed")
            self.links.strike(self, "its lines cannot be handled")

    def _source(self, text: str) -> Server | User | None:
        """Who said it; None, and a strike, if that is nobody behind this link."""
        if self.server is None:
            return (
                self.links.node.network.me
            )  # a placeholder: in the handshake nobody speaks but the neighbour
        if not text:
            return self.server
        network = self.links.node.network
        source: Server | User | None = (
            network.users.get(UID(text)) or self.links.server(text) or network.user(text.partition("!")[0])
        )
        if source is None:
            return None  # killed or split away meanwhile: it is on its way to there
        if self.links.way_to(source) is not self:
            self.links.strike(self, "it speaks for others")
            return None
        return source

    def _server_of(self, text: str) -> Server | None:
        """The server behind this link of a user who is gone."""
        server = self.links.node.network.servers.get(SID(text[:3])) if is_uid(text) else None
        return server if server is not None and self.links.way_to(server) is self else None

    def _unknown(self, source: str, verb: str, params: list[str]) -> None:
        if len(verb) == 3 and verb.isascii() and verb.isdigit():
            origin = self._source(source)
            if isinstance(origin, Server) and params:
                self.links.carry_numeric(origin, verb, params)

    def _too_few(self, verb: str) -> None:
        if "CN1" in self.caps:
            self.close(f"{verb} with too few parameters")
        else:
            self.links.node.log.warn(f"{self.name} sent {verb} with too few parameters")

    # out

    def send(self, text: bytes) -> None:
        """Send one line, without its CR LF."""
        if self.state is State.GONE:
            return
        if self.held is not None:
            self.held.append(text)
        else:
            self.say(text)

    def say(self, text: bytes) -> None:
        """The same at once, even while others wait for the end of our burst: for the burst itself."""
        self.lines_out += 1
        self.bytes_out += len(text) + 2
        self.exit.send(text + b"\r\n")

    # the end

    def close(self, reason: str) -> None:
        """End the link for `reason`: the neighbour reads it in an ERROR, and its servers are gone for us."""
        if self.state is State.GONE:
            return
        self.exit.send(b"ERROR :Closing Link: %b (%b)\r\n" % (
            self.identity.address.encode(), reason.encode("utf-8", "surrogateescape"),
        ))  # fmt: skip
        self._end(reason)
        self.exit.close()

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        if self.state is not State.GONE:
            self._end(reason)

    def sendq_exceeded(self) -> None:
        """The neighbour does not read what it is sent."""
        if self.state is not State.GONE:
            self._end("SendQ exceeded")
            self.exit.abort()

    def _end(self, reason: str) -> None:
        self.reason = reason
        self.step("end")
        self.links.ended(self, reason)
