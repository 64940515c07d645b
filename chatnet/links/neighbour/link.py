"""One neighbour server: how far we have come with it, and the way to it.

A link is sans-IO: a transport gives bytes to its ``Connection`` and takes bytes from it through the exit.
The states of the handshake are the table :data:`STEPS`; beside them the link is up or suspended
(``resume.py``), and may have several connections in its life, one after the other.  What becomes of it, it
tells its :class:`Life`.  Notebooks lie on it so that they die with it; one or two rooms write in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from math import inf
from typing import Final, Protocol

from chatnet.links.codecs.solanum import Solanum
from chatnet.links.neighbour import undelivered
from chatnet.links.neighbour.batches import Batches
from chatnet.links.neighbour.conduct import Conduct
from chatnet.links.neighbour.connection import Connection, Exit, Nowhere
from chatnet.links.neighbour.greeting import Greeting
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.pulse import Pulse
from chatnet.links.neighbour.recovery import Recovery
from chatnet.links.neighbour.resume import NOTHING, OVERHEAD, Streams
from chatnet.links.neighbour.resume import State as Session
from chatnet.links.neighbour.telling import tell
from chatnet.links.neighbour.trickle import Answer, Trickle
from chatnet.links.stamps.companions import Companions
from chatnet.links.stamps.comparison import Comparison
from chatnet.model.entities import User
from chatnet.model.facts import Hearsay
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.node import Node, Timer
from chatnet.settings import LinkSettings


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


class Life(Protocol):
    """Who is told what becomes of a link."""

    def suspended(self, link: Link) -> None:
        """It lost its connection, and waits for another one."""

    def ended(self, link: Link, reason: str) -> None:
        """It is gone, and all that was behind it."""

    def dropped(self, link: Link, reason: str) -> None:
        """It is gone, and never was more than a standby."""


class Link(Hearsay):
    """A neighbour, and the connection to it; while it is suspended there is none, and `exit` leads nowhere.

    `settings` is its block: known from the beginning if we dialled, else since its SERVER line.  `server` is
    the neighbour once it is introduced, `sid` as its PASS says, `caps` the tokens of its CAPAB; `stamped`
    tells that both sides stamp what they change (CNLWW), `resumable` that both wait for a connection (CNRES).
    It is in its `state` `since` then, in monotonic seconds; `settled`: it has been LINKED; `early`: what
    comes is of the handshake.  While our burst comes out of `bursting`, other lines are `held`.
    """

    __slots__ = (
        "_confirming",
        "_life",
        "batches",
        "bursting",
        "bytes_in",
        "bytes_out",
        "caps",
        "codec",
        "companions",
        "comparison",
        "conduct",
        "connection",
        "early",
        "exit",
        "greeting",
        "held",
        "held_size",
        "lines_in",
        "lines_out",
        "node",
        "pulse",
        "reason",
        "recovery",
        "resumable",
        "server",
        "settings",
        "settled",
        "sid",
        "since",
        "stamped",
        "state",
        "streams",
        "trickle",
    )

    def __init__(
        self,
        node: Node,
        life: Life,
        read: Callable[[Link, bytes], None],
        epoch: str,
        exit_: Exit,
        identity: Identity,
        settings: LinkSettings | None,
    ) -> None:
        now = node.clock.monotonic()
        self.node = node
        self._life = life
        self.exit = exit_
        self.connection = Connection(node, read, self, exit_, identity, settings is not None)
        self.settings = settings
        self.state = State.GREETING
        self.since = now
        self.early = True
        self.settled = False
        self.reason = ""
        self.streams = Streams(epoch)
        self.streams.step("connected")
        self.server: Server | None = None
        self.sid: SID | None = None
        self.caps: frozenset[str] = frozenset()
        self.codec = Solanum(frozenset())
        self.stamped = False
        self.resumable = False
        self.lines_in = self.bytes_in = self.lines_out = self.bytes_out = 0
        self.bursting: Iterator[bytes] | None = None
        self.held: list[bytes] | None = None
        self.held_size = 0
        self.batches = Batches()
        self.greeting: Greeting[Link] = Greeting()
        self.pulse = Pulse(now)
        self.recovery = Recovery()
        self.conduct = Conduct()
        self.comparison = Comparison()
        self.companions = Companions()
        self.trickle = Trickle()
        self._confirming: Timer | None = None

    @property
    def name(self) -> str:
        """Who it is, for operators and the log."""
        if self.server is not None:
            return self.server.name
        return self.settings.name if self.settings is not None else self.identity.address

    @property
    def public_name(self) -> str:
        """The same for those who may not see addresses."""
        return self.name if self.server is not None or self.settings is not None else "a stranger"

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
        settings = self.node.settings.links
        return settings.ping_timeout + settings.resume_grace

    def step(self, happened: str) -> None:
        """Go on to the next state."""
        self.state = STEPS[self.state, happened]
        self.settled |= self.state is State.LINKED
        self.since = self.node.clock.monotonic()

    # in

    def hear(self, size: int) -> None:
        """Note that `size` bytes came."""
        now = self.node.clock.monotonic()
        pulse = self.pulse
        if now - pulse.heard > self.patience:
            pulse.woke, pulse.slept = now, pulse.heard  # what comes has waited for us
        pulse.heard = now
        self.bytes_in += size

    @property
    def silent_since(self) -> float:
        """Since when (monotonic seconds) what it said may be missing: we may have stood still."""
        pulse, grace = self.pulse, self.node.settings.links.resume_grace
        return pulse.slept if self.node.clock.monotonic() - pulse.woke < grace else pulse.heard

    def has_lost(self, server: Server) -> bool:
        """Whether a server left it for another link, and it does not know that yet."""
        return self.recovery.departed.get(server.sid, 0) > self.streams.base

    def strike(self, why: str) -> None:
        """It did what a broken or hostile neighbour does: too often, and the link is closed."""
        settings, conduct = self.node.settings.links, self.conduct
        now = self.node.clock.monotonic()
        conduct.strikes = [at for at in conduct.strikes if at > now - settings.strike_period] + [now]
        if len(conduct.strikes) == 1:
            tell(self.node, f"{self.name} is odd: {why}", f"{self.public_name} is odd: {why}")
        if len(conduct.strikes) >= settings.strikes:
            self.close(f"Too many mistakes: {why}")

    def warn_once(self, what: str, text: str) -> None:
        """Tell the operators what the neighbour does; `what` it is tells whether they know already."""
        if what not in self.conduct.warned:  # else the log would grow as fast as it sends
            self.conduct.warned.add(what)
            tell(self.node, f"{self.name} {text}", f"{self.public_name} {text}")

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

    def send_later(self, text: bytes, answer: Answer, *, last: bool = False) -> None:
        """Send a line of an answer, `last` its end, when little is unconfirmed of what was sent before."""
        self.trickle.add(text, answer, last=last)
        self.pour()

    def pour(self) -> None:
        """Send of what waits for that as much as may go now."""
        if self.trickle:
            self.trickle.pour(self._has_room, self.send)

    def _has_room(self) -> bool:
        return (
            not self.suspended and self.held is None and (not self.streams.numbered or self.streams.is_roomy)
        )

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
                self.recovery.doubts.clear()
            undelivered.doubt(self.recovery.doubts, streams.buffer)
        if streams.crowded():
            self.utter(b"CNREQ")
        elif streams.state is not before:
            self._split_soon()

    def _overflow(self) -> None:
        self.streams.step("overflowed")
        self._split_soon()

    def _split_soon(self) -> None:
        # Not at once: whoever says the line still counts on the way that it goes.
        self.node.clock.later(0.0, self._split)

    def _split(self) -> None:
        if not self.gone:
            tell(self.node, f"Too much waited for {self.name}")
            self._end(self.reason)

    def confirm(self) -> None:
        """Tell the neighbour how many of its lines are applied: now if they are many, else in a moment."""
        streams = self.streams
        due = streams.applied - streams.told
        if not due or not streams.numbered or self.early:
            return
        node = self.node
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
        settings = self.node.settings.links
        self.exit.sendq = self.settings.sendq
        self.streams.bound(min(settings.resume_buffer, self.settings.sendq), settings.resume_lines)

    # the end of a connection, and another one

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        if self.gone:
            return
        settings = self.node.settings.links
        now = self.node.clock.monotonic()
        # If this server stood still for so long, the other side has given it up.
        given_up = now - self.pulse.heard > self.patience or now - self.pulse.woke < settings.resume_grace
        if given_up or not self._suspend(reason):
            if self.resumable and not given_up and not self.streams.is_whole:
                tell(self.node, f"{self.name} had not confirmed more than is kept (links.resume_buffer)")
            self._end(reason)

    def _suspend(self, reason: str) -> bool:
        """Wait for another connection; False if that cannot be."""
        grace = self.node.settings.links.resume_grace
        now = self.node.clock.monotonic()
        may = bool(grace) and self.resumable and self.streams.state is Session.UP
        if not may or not self.streams.lose(now + grace):
            return False
        self.reason, self.recovery.lost = reason, now
        self._let_go()
        self.wait()
        self._life.suspended(self)
        return True

    def wait(self) -> None:
        """Wait for as long since the loss as the settings say now."""
        node, recovery = self.node, self.recovery
        self.streams.until = recovery.lost + node.settings.links.resume_grace
        recovery.stop()
        recovery.grace = node.clock.later(max(0.0, self.streams.until - node.clock.monotonic()), self.expire)

    def lose(self, reason: str) -> None:
        """Take the connection for lost, whether the transport knows or not."""
        exit_ = self.exit
        self.connection_lost(reason)
        exit_.abort()

    def expire(self) -> None:
        """The grace of a suspended link is over."""
        self.recovery.grace = None
        if self.suspended:
            self.streams.step("expired")
            seconds = self.node.clock.monotonic() - self.recovery.lost
            tell(self.node, f"Link to {self.name} was not back after {seconds:.1f} s")
            self._end(self.reason)

    def adopt(self, greeting: Link) -> None:
        """Go on with the connection on which `greeting` found out who is at the other end."""
        assert greeting.greeting.offer is not None
        self.streams.confirmed(
            greeting.greeting.offer.applied
        )  # so that nothing is missing which need not be kept
        exit_ = self.exit
        if not self.suspended:
            # However long nothing was heard: the other side is there.
            self._suspend("A new connection took its place")
            exit_.abort()
        now = self.node.clock.monotonic()
        self.since += now - self.recovery.lost
        self.pulse.heard = self.pulse.attached = now
        self.pulse.woke = -inf
        self._stop_timers()
        self.connection = greeting.hand_over(self)
        self.exit = self.connection.exit
        self.settings = greeting.settings
        self.early = True
        self.bound()

    def hand_over(self, heir: Link) -> Connection[Link]:
        """Give the connection away, with all that was read from it and is not looked at yet."""
        self.greeting.heir = heir
        self.streams.step("handed over")
        self.step("handed over")
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

    @property
    def unconfirmed(self) -> list[tuple[User, User]]:
        """Who said something to whom that it has not brought there for sure."""
        streams, recovery = self.streams, self.recovery
        doubts = {} if streams.is_whole else recovery.doubts
        return undelivered.of(doubts, [*streams.buffer, *(self.held or ())], self.node.network.users)

    # the end

    def close(self, reason: str) -> None:
        """End the link for `reason`: the neighbour reads it in an ERROR, and its servers are gone for us."""
        if self.gone:
            return
        said = self.greeting
        if self.dialled and said.offer is None and said.offered and said.offered.session != NOTHING:
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
            self._life.dropped(self, reason)
        else:
            self._life.ended(self, reason)
        if self.streams.state is Session.SPLIT:
            self.streams.step("told")
        # Whoever brought it back leads to it until there is another one.
        self.bursting, self.held, self.recovery.doubts = None, None, {}

    def _let_go(self) -> None:
        """Nothing that comes by the connection is for this link any more."""
        self._stop_timers()
        if self.connection.link is self:
            self.connection.link = None
            # The attempt that made it leads to it still: nothing of TLS is to wait for a collection.
            self.connection.exit = Nowhere()
        self.exit = Nowhere()

    def _stop_timers(self) -> None:
        self.recovery.stop()
        if self._confirming is not None:
            self._confirming.cancel()
            self._confirming = None
