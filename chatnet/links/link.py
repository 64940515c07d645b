"""One neighbour server: its handshake, its lines, and the way to it.

A link is sans-IO: a transport gives bytes to its :class:`~chatnet.links.connection.Connection` and takes
bytes from it through the exit.  The states of the handshake are the table :data:`STEPS`; beside them the link
is up or suspended (:mod:`chatnet.links.resume`), and may have several connections in its life, one after the
other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from math import inf
from typing import Final

from chatnet.dispatch import Phase, Row
from chatnet.links import line, undelivered
from chatnet.links import links as registry
from chatnet.links.batches import Batches
from chatnet.links.codecs.solanum import Solanum
from chatnet.links.companion import Companion
from chatnet.links.connection import Connection, Exit, Nowhere
from chatnet.links.identity import Identity
from chatnet.links.resume import NOTHING, OVERHEAD, Offer, Streams
from chatnet.links.resume import State as Session
from chatnet.model.entities import Channel, User
from chatnet.model.ids import SID, UID, Folded
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.settings import LinkSettings
from chatnet.wire.lines import OVERLONG
from chatnet.wire.message import split
from chatnet.wire.names import is_uid

OUTLIVING: Final = frozenset({"ETB", "KICK", "KILL", "RENAME", "TMODE", "TOPIC"})
"""Verbs that hold although the user who said so was killed here meanwhile: there they did it.  They count as
said by the user's server."""
EARLY: Final = 8192
"""Bytes a server may say before it is introduced."""


class State(Enum):
    """How far a link has come."""

    STANDBY = "standby"  # it waits until another connection is lost
    GREETING = "greeting"  # PASS and CAPAB may come, and then SERVER
    INTRODUCED = "introduced"  # we know who it is; its burst comes
    LINKED = "linked"  # it has told all that was behind it
    GONE = "gone"


STEPS: Final[dict[tuple[State, str], State]] = {
    (State.GREETING, "standby"): State.STANDBY,
    (State.STANDBY, "needed"): State.GREETING,
    (State.STANDBY, "end"): State.GONE,
    (State.GREETING, "SERVER"): State.INTRODUCED,
    (State.GREETING, "handed over"): State.GONE,
    (State.INTRODUCED, "end of burst"): State.LINKED,
    (State.GREETING, "end"): State.GONE,
    (State.INTRODUCED, "end"): State.GONE,
    (State.LINKED, "end"): State.GONE,
}
"""(state, what happened) → state."""


class Link:
    """A neighbour, and the connection to it; while it is suspended there is none, and `exit` leads nowhere.

    `settings` is its block: known from the beginning if we dialled, else since its SERVER line.  `server` is
    the neighbour once it is introduced, `caps` the tokens of its CAPAB.  `offered` is the CNRES that we said,
    `offer` the one that it said.  The link was `opened`, got its connection (`attached`), was `heard` last,
    and is in its state `since` then: monotonic seconds.
    """

    __slots__ = (
        "_confirming",
        "_grace",
        "asked",
        "asked_digests",
        "asked_to_let_go",
        "attached",
        "batches",
        "bursting",
        "bytes_in",
        "bytes_out",
        "caps",
        "codec",
        "companion",
        "compared",
        "connection",
        "departed",
        "doubts",
        "early",
        "exit",
        "greeted",
        "heard",
        "heir",
        "held",
        "held_size",
        "lag",
        "left",
        "lines_in",
        "lines_out",
        "links",
        "listed",
        "lost",
        "mended",
        "offer",
        "offered",
        "opened",
        "password",
        "pinged",
        "reason",
        "received",
        "renamed",
        "resynced",
        "server",
        "settings",
        "settled",
        "sid",
        "since",
        "stamped",
        "state",
        "streams",
        "strikes",
        "waits",
        "warned",
        "woke",
    )

    def __init__(
        self, links: registry.Links, exit_: Exit, identity: Identity, settings: LinkSettings | None
    ) -> None:
        now = links.node.clock.monotonic()
        self.links = links
        self.exit = exit_
        self.connection = Connection(self, exit_, identity, settings is not None, now)
        self.settings = settings
        self.state = State.GREETING
        self.early = True  # what comes is of the handshake
        self.streams = Streams(links.epoch)
        self.streams.step("connected")
        self.offered: Offer | None = None
        self.offer: Offer | None = None
        self.heir: Link | None = None  # who goes on with the connection that was made for this one
        self.server: Server | None = None
        self.sid: SID | None = None  # as its PASS says
        self.password: str | None = None
        self.caps: frozenset[str] = frozenset()
        self.codec = Solanum(frozenset())
        self.greeted = False
        self.stamped = False  # whether both sides stamp what they change (CNLWW)
        self.companion: Companion | None = None  # the CNSTAMP to what it tells of a channel now
        self.renamed: dict[tuple[Folded, int], Channel] = {}  # by name and TS, while its burst comes
        self.compared: float | None = None  # when digests of channels were, in monotonic seconds
        self.listed: set[Folded] | None = None  # channels whose digests it tells, having been asked
        self.asked_digests = -inf  # when it asked for ours
        self.mended = 0  # channels that it knew in another way, since all were compared
        self.settled = False  # whether it has been LINKED
        self.batches = Batches()
        self.received = 0
        self.heard = self.since = self.opened = self.attached = now
        self.lost = 0.0  # when it was suspended
        self.woke = -inf  # when we heard of it after we had stood still
        self.departed: dict[SID, int] = {}
        """Servers that left it for another link while it was suspended, with the line that tells it so."""
        self.doubts: undelivered.Doubts = {}  # of lines that were too many to be kept
        self.left: dict[SID, str] = {}  # sessions that it has given up, as it says
        self.asked_to_let_go: set[SID] = set()  # those that it has left
        self.waits: tuple[Server, str] | None = None
        """As what it is known elsewhere, and how it describes itself, while it is to be let go there."""
        self.pinged = 0.0
        self.lag: float | None = None  # seconds from the last PING to its PONG
        self.lines_in = self.bytes_in = self.lines_out = self.bytes_out = 0
        self.bursting: Iterator[bytes] | None = None
        self.held: list[bytes] | None = None  # what waits for the end of our burst
        self.held_size = 0
        self.reason = ""
        self.strikes: list[float] = []
        self.warned: set[str] = set()  # verbs of which the log tells already
        self.asked: deque[float] = deque()  # when it brought questions, in the last `queries_period`
        self.resynced: deque[float] = deque()  # when it asked for channels itself, in the same time
        self._confirming: Timer | None = None
        self._grace: Timer | None = None

    @property
    def name(self) -> str:
        """Who it is, for operators and the log."""
        if self.server is not None:
            return self.server.name
        return self.settings.name if self.settings is not None else self.identity.address

    @property
    def identity(self) -> Identity:
        """The other end of its connection, or of the last one."""
        return self.connection.identity

    @property
    def dialled(self) -> bool:
        """Whether we made that connection."""
        return self.connection.dialled

    @property
    def suspended(self) -> bool:
        """Whether it waits for another connection."""
        return self.streams.state is Session.SUSPENDED

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self.state is State.GONE

    def needed(self) -> None:
        """It was a standby, and is a connection like others from now on."""
        self.step("needed")
        self.connection.opened = self.since

    @property
    def patience(self) -> float:
        """Seconds of silence after which a neighbour has given the link up, if it is as patient as we are."""
        settings = self.links.node.settings.links
        return settings.ping_timeout + settings.resume_grace

    def step(self, happened: str) -> None:
        """Go on to the next state."""
        self.state = STEPS[self.state, happened]
        self.settled |= self.state is State.LINKED
        self.since = self.links.node.clock.monotonic()

    # in

    def hear(self, size: int) -> None:
        """Note that `size` bytes came."""
        now = self.links.node.clock.monotonic()
        if now - self.heard > self.patience:
            self.woke = now  # what comes has waited for us
        self.heard = now
        self.bytes_in += size

    def take(self, raw: bytes) -> None:
        """One line of the neighbour, without its end."""
        self.lines_in += 1
        self.streams.applied += 1  # lines that are not numbered take it back
        if raw is OVERLONG:
            self.close("Line too long")
            return
        parts = split(raw.decode("utf-8", "surrogateescape"))
        if parts is None:
            return
        tags, source_text, verb, params = parts
        row = line.LINK.rows.get(verb)
        if self.early and not self._may_be_early(verb, len(raw), row):
            return
        if row is None:
            self._unknown(source_text, verb, params)
            return
        row.count += 1
        row.bytes += len(raw)
        source = self._source(source_text)
        if source is None and verb in OUTLIVING:
            source = self._server_of(source_text)
        if source is None:
            return
        if len(params) < row.min_params:
            self._too_few(row.verb)
            return
        try:
            row.handler(line.Line(self, source, params, tags, row, raw))
        except line.Ignored:
            pass
        except line.Violation as violation:
            self.close(str(violation))
        except Exception:
            self.links.node.log.failure(f"{row.verb} from {self.name} failed")
            self.links.strike(self, "its lines cannot be handled")

    def _may_be_early(self, verb: str, size: int, row: Row | None) -> bool:
        """Whether a line may come now, in the handshake; the link is closed for what may not."""
        if self.state is State.STANDBY:
            if verb not in ("PASS", "ERROR"):
                self.close(f"{verb} from a standby")
            return not self.gone
        if self.state is not State.GREETING:
            # Between SERVER and SVINFO there is nothing: lines are numbered after it.
            if verb not in ("SVINFO", "ERROR"):
                self.close(f"{verb} before SVINFO")
            return not self.gone
        # Not by the chunk: the whole burst may follow in the one that has the SERVER line.
        self.received += size
        if self.received > EARLY:
            self.close("Too much said before SERVER")
        elif row is not None and row.phase is not Phase.ANY:
            self.close(f"{verb} before SERVER")
        return row is not None and not self.gone

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
            server = source if isinstance(source, Server) else source.server
            if not self.has_lost(server):
                self.links.strike(self, "it speaks for others")
            return None
        return source

    def has_lost(self, server: Server) -> bool:
        """Whether a server left it for another link, and it does not know that yet."""
        return self.departed.get(server.sid, 0) > self.streams.base

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
        elif verb not in self.warned:  # else the log would grow as fast as it sends
            self.warned.add(verb)
            self.links.node.log.warn(f"{self.name} sent {verb} with too few parameters")

    # out

    def send(self, text: bytes) -> None:
        """Send one line, without its CR LF."""
        if self.state is State.GONE:
            return
        if self.held is not None:
            self.held.append(text)
            self.held_size += len(text) + OVERHEAD
            if self.suspended and self.held_size + self.streams.size > self.streams.most:
                self._overflow()
        else:
            self.say(text)

    def say(self, text: bytes) -> None:
        """The same at once, even while others wait for the end of our burst: for the burst itself."""
        data = text + b"\r\n"
        self.lines_out += 1
        self.bytes_out += len(data)
        if self.streams.keep(data):
            self._crowded()
        self.exit.send(data)

    def utter(self, text: bytes) -> None:
        """Send one line that is not numbered: of the handshake, or about the numbers."""
        self.lines_out += 1
        self.bytes_out += len(text) + 2
        self.exit.send(text + b"\r\n")

    def _crowded(self) -> None:
        streams = self.streams
        before = streams.state
        if before is Session.UP and streams.is_full:
            if streams.is_whole:
                self.doubts.clear()
            undelivered.doubt(self.doubts, streams.buffer)
        if streams.crowded():
            self.utter(b"CNREQ")
        elif streams.state is not before:
            self._split_soon()

    def _overflow(self) -> None:
        self.streams.step("overflowed")
        self._split_soon()

    def _split_soon(self) -> None:
        # Not at once: whoever says the line still counts on the way that it goes.
        self.links.node.clock.later(0.0, self._split)

    def _split(self) -> None:
        if not self.gone:
            self.links.tell(f"Too much waited for {self.name}")
            self._end(self.reason)

    def confirm(self) -> None:
        """Tell the neighbour how many of its lines are applied: now if they are many, else in a moment."""
        streams = self.streams
        due = streams.applied - streams.told
        if not due or not streams.numbered or self.early:
            return
        node = self.links.node
        if due >= node.settings.links.ack_lines:
            self.confirm_now()
        elif self._confirming is None:
            self._confirming = node.clock.later(node.settings.links.ack_delay, self._confirm_late)

    def confirm_now(self) -> None:
        """Tell it at once."""
        self._stop_timers()
        if self.streams.numbered:
            self.utter(self.streams.confirm())

    def _confirm_late(self) -> None:
        self._confirming = None
        self.confirm_now()

    def bound(self) -> None:
        """Keep as much for the neighbour as the settings say, and not more than may wait for it anyway."""
        assert self.settings is not None
        settings = self.links.node.settings.links
        self.exit.sendq = self.settings.sendq
        self.streams.bound(min(settings.resume_buffer, self.settings.sendq), settings.resume_lines)

    # the end of a connection, and another one

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        if self.gone:
            return
        settings = self.links.node.settings.links
        now = self.links.node.clock.monotonic()
        # If this server stood still for so long, the other side has given it up.
        given_up = now - self.heard > self.patience or now - self.woke < settings.resume_grace
        if given_up or not self._suspend(reason):
            self._end(reason)

    def _suspend(self, reason: str) -> bool:
        """Wait for another connection; False if that cannot be."""
        grace = self.links.node.settings.links.resume_grace
        now = self.links.node.clock.monotonic()
        may = bool(grace) and self.streams.state is Session.UP
        if not may or not self.streams.lose(now + grace):
            return False
        self.reason, self.lost = reason, now
        self._let_go()
        self.wait()
        self.links.suspended(self)
        return True

    def wait(self) -> None:
        """Wait for as long since the loss as the settings say now."""
        node = self.links.node
        self.streams.until = self.lost + node.settings.links.resume_grace
        if self._grace is not None:
            self._grace.cancel()
        self._grace = node.clock.later(max(0.0, self.streams.until - node.clock.monotonic()), self.expire)

    def lose(self, reason: str) -> None:
        """Take the connection for lost, whether the transport knows or not."""
        exit_ = self.exit
        self.connection_lost(reason)
        exit_.abort()

    def expire(self) -> None:
        """The grace of a suspended link is over."""
        self._grace = None
        if self.suspended:
            self.streams.step("expired")
            seconds = self.links.node.clock.monotonic() - self.lost
            self.links.tell(f"Link to {self.name} was not back after {seconds:.1f} s")
            self._end(self.reason)

    def adopt(self, greeting: Link) -> None:
        """Go on with the connection on which `greeting` found out who is at the other end."""
        assert greeting.offer is not None
        self.streams.confirmed(greeting.offer.applied)  # so that nothing is missing which need not be kept
        exit_ = self.exit
        if not self.suspended:
            # However long nothing was heard: the other side is there.
            self._suspend("A new connection took its place")
            exit_.abort()
        now = self.links.node.clock.monotonic()
        self.since += now - self.lost
        self.heard = self.attached = now
        self.woke = -inf
        self._stop_timers()
        self.connection = greeting.hand_over(self)
        self.exit = self.connection.exit
        self.settings = greeting.settings
        self.early = True
        self.bound()

    def hand_over(self, heir: Link) -> Connection:
        """Give the connection away, with all that was read from it and is not looked at yet."""
        self.heir = heir
        self.streams.step("handed over")
        self.step("handed over")
        self.links.all.pop(self, None)
        self.connection.link = heir
        self.exit = Nowhere()  # the attempt that made this link may keep it for long
        return self.connection

    def go_on(self) -> int:
        """The handshake of the new connection is said: say again what may be lost, and give the number."""
        assert self.streams.state is Session.SUSPENDED
        again = self.streams.resume(self.streams.base)
        for data in again:
            self.exit.send(data)
        return len(again)

    # the end

    def close(self, reason: str) -> None:
        """End the link for `reason`: the neighbour reads it in an ERROR, and its servers are gone for us."""
        if self.gone:
            return
        if self.dialled and self.offer is None and self.offered and self.offered.session != NOTHING:
            # It may take our offer yet, when that arrives: an ERROR behind it would end what it goes on with.
            self.drop(reason)
            return
        exit_ = self.exit
        exit_.send(b"ERROR :Closing Link: %b (%b)\r\n" % (
            self.identity.address.encode(), reason.encode("utf-8", "surrogateescape"),
        ))  # fmt: skip
        self._end(reason)
        exit_.close()

    def drop(self, reason: str) -> None:
        """The same without a word: for the neighbour the connection is lost."""
        if not self.gone:
            exit_ = self.exit
            self._end(reason)
            exit_.abort()

    def sendq_exceeded(self) -> None:
        """The neighbour does not read what it is sent."""
        self.drop("SendQ exceeded")

    def _end(self, reason: str) -> None:
        if self.gone:
            return
        self.reason = reason
        self._let_go()
        if self.streams.state is not Session.SPLIT:
            self.streams.step("ended")
        standby = self.state is State.STANDBY
        self.step("end")
        if standby:
            self.links.forget(self)
        else:
            lost = undelivered.of(self)
            self.links.ended(self, reason)
            undelivered.tell(self, lost)
        if self.streams.state is Session.SPLIT:
            self.streams.step("told")
        # Whoever brought it back leads to it until there is another one.
        self.bursting, self.held, self.doubts = None, None, {}

    def _let_go(self) -> None:
        """Nothing that comes by the connection is for this link any more."""
        self._stop_timers()
        if self.connection.link is self:
            self.connection.link = None
            # The attempt that made it leads to it still: nothing of TLS is to wait for a collection.
            self.connection.exit = Nowhere()
        self.exit = Nowhere()

    def _stop_timers(self) -> None:
        for timer in (self._confirming, self._grace):
            if timer is not None:
                timer.cancel()
        self._confirming = self._grace = None
