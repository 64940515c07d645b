"""Link resume (CNRES): a connection that is lost loses nothing.

A *session* between two neighbours is a pair of streams of numbered lines, one each way.  It may live on
several connections one after the other, from any address.  Each side counts the lines it *applied*, and keeps
those it sent until the other side has confirmed them; on the next connection both say how far they came and
send the rest again.  Nothing here knows a connection or a clock: this is the machine alone, of one side.

    CNRES 1 <epoch> <session|*> <applied>    in the handshake, before SERVER: what I can go on with
    CNACK <applied>                          so many of your lines are applied
    CNREQ                                    tell me that, now

The *epoch* is drawn at random by each process, so a server that was started anew is known as such.  Lines are
numbered by their place in the stream, without being told: all after SVINFO but CNACK, CNREQ and ERROR.

               connected                   fresh
    ┌──────┐ ───────────► ┌───────────┐ ───────────► ┌──────┐    lost    ┌───────────┐
    │      │              │ HANDSHAKE │              │  UP  │ ─────────► │ SUSPENDED │
    │ DOWN │ ◄─────────── └───────────┘              │      │ ◄───────── │           │
    │      │    ended,                               └──────┘  resumed   └───────────┘
    │      │    handed over                              │ ended               │ expired, overflowed,
    │      │      told                  ┌───────┐        │                     │ ended
    └──────┘ ◄───────────────────────── │ SPLIT │ ◄──────┴─────────────────────┘
                                        └───────┘

A connection to a neighbour whose link is suspended makes a handshake of its own.  If the one who was dialled
decides to resume, it is *handed over* to the session that waits; otherwise that session is split, and the
handshake ends *fresh*, in a session of its own.  Only the one who was dialled decides.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

VERSION: Final = "1"
NOTHING: Final = "*"
"""In the place of a session: there is none to go on with."""
OVERHEAD: Final = 64
"""Bytes of memory that a line takes besides its own."""
_DIGITS: Final = 15
_LONGEST_ID: Final = 64


class State(Enum):
    """How it stands between two neighbours."""

    DOWN = "down"
    HANDSHAKE = "handshake"
    UP = "up"
    SUSPENDED = "suspended"
    SPLIT = "split"


STEPS: Final[dict[tuple[State, str], State]] = {
    (State.DOWN, "connected"): State.HANDSHAKE,
    (State.HANDSHAKE, "ended"): State.DOWN,
    (State.HANDSHAKE, "handed over"): State.DOWN,
    (State.HANDSHAKE, "fresh"): State.UP,
    (State.UP, "lost"): State.SUSPENDED,
    (State.UP, "ended"): State.SPLIT,
    (State.SUSPENDED, "resumed"): State.UP,
    (State.SUSPENDED, "expired"): State.SPLIT,
    (State.SUSPENDED, "overflowed"): State.SPLIT,
    (State.SUSPENDED, "ended"): State.SPLIT,
    (State.SPLIT, "told"): State.DOWN,
}
"""(state, what happened) → state."""


def token(size: int) -> str:
    """`size` random bytes as a word: an epoch has 16, a session 12."""
    return b32encode(secrets.token_bytes(size)).decode().rstrip("=")


class Offer(NamedTuple):
    """What a CNRES line says: whose epoch, which session (or NOTHING), and how many lines are applied."""

    epoch: str
    session: str
    applied: int

    @classmethod
    def parse(cls, params: Sequence[str]) -> Offer | None:
        """From the parameters of the line; None if they are of another version, or make no sense."""
        if len(params) < 4 or params[0] != VERSION:
            return None
        _, epoch, session, applied = params[:4]
        if not (applied.isascii() and applied.isdigit()) or len(applied) > _DIGITS:
            return None
        if not all(1 <= len(word) <= _LONGEST_ID for word in (epoch, session)):
            return None
        return cls(epoch, session, int(applied))

    def line(self) -> bytes:
        """``CNRES 1 <epoch> <session|*> <applied>``"""
        return f"CNRES {VERSION} {self.epoch} {self.session} {self.applied}".encode()


class Decision(Enum):
    """Whether a session goes on; the words say why not."""

    RESUME = "the session goes on"
    NOTHING = "it has nothing to go on with"
    UNKNOWN = "its session is not known here"
    RESTARTED = "it was started anew"
    EXPIRED = "it was away for too long"
    OVERFLOWED = "more was said meanwhile than is kept"
    OUTSIDE = "its count of lines cannot be"
    CHANGED = "it speaks in another way than before"
    STALE = "it says what is not so any more"


class Streams:
    """Our side of a session, or of what may become one.

    `base` lines of ours are confirmed, and those after `floor` are kept in `buffer`, as sent, with CR LF: the
    outlet has the same bytes.  `floor` is beyond `base` if too much waited; that heals as soon as all which
    was dropped is confirmed.  `applied` counts the neighbour's lines, of which it was `told`.  `size` is the
    memory in bytes that the buffer takes.  Without `numbered` (it does not know CNRES) nothing is kept.
    """

    __slots__ = (
        "applied",
        "asked",
        "base",
        "buffer",
        "epoch",
        "floor",
        "mark",
        "mark_lines",
        "most",
        "most_lines",
        "numbered",
        "session",
        "size",
        "state",
        "theirs",
        "told",
        "until",
    )

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.state = State.DOWN
        self.numbered = False
        self.session = NOTHING
        self.theirs = ""  # their epoch
        self.base = self.floor = 0
        self.applied = self.told = 0
        self.buffer: list[bytes] = []
        self.size = 0
        self.most = self.most_lines = self.mark = self.mark_lines = 0
        self.asked = False
        self.until = 0.0  # if suspended: the end of its grace

    def step(self, happened: str) -> None:
        """Go on to the next state."""
        self.state = STEPS[self.state, happened]
        if self.state is State.DOWN:  # Until then somebody may want to know what is lost.
            self.buffer.clear()
            self.size = 0
            self.numbered = False

    # the handshake

    def begin(self, session: str, theirs: str) -> None:
        """Fresh: both sides know the session by this name, and count from 0."""
        self.step("fresh")
        self.session, self.theirs = session, theirs
        self.applied = self.told = 0  # what came until now was of the handshake
        self.numbered = True

    def bound(self, size: int, lines: int) -> None:
        """Keep no more than so many bytes of memory, and lines."""
        self.most, self.most_lines = size, lines
        self._set_marks()

    def offer(self) -> Offer:
        """What we can go on with."""
        if self.state is State.SUSPENDED:
            return Offer(self.epoch, self.session, self.applied)
        return Offer(self.epoch, NOTHING, 0)

    def still(self, offer: Offer) -> bool:
        """Whether we would offer the same again."""
        return self.state is State.SUSPENDED and offer == self.offer()

    def resume(self, applied: int) -> list[bytes]:
        """Go on: the neighbour has applied so many lines. The others, to be sent again; all in order."""
        self.step("resumed")
        self._drop(applied)
        self.told = self.applied
        return self.buffer

    # lines

    @property
    def sent(self) -> int:
        """How many lines were sent, or are to be."""
        return self.floor + len(self.buffer)

    @property
    def is_whole(self) -> bool:
        """Whether all is kept that the neighbour may lack."""
        return self.floor == self.base

    @property
    def is_full(self) -> bool:
        """Whether more is kept than may be."""
        return self.size > self.most or len(self.buffer) > self.most_lines

    @property
    def is_roomy(self) -> bool:
        """Whether less than a quarter of what may be kept is."""
        return self.size < self.most // 4 and len(self.buffer) < self.most_lines // 4

    @property
    def waiting(self) -> int:
        """Lines that are not confirmed."""
        return self.sent - self.base

    def keep(self, line: bytes) -> bool:
        """Count a line that is sent; True if the buffer grows beyond one of its marks (:meth:`crowded`)."""
        if not self.numbered:
            return False
        self.buffer.append(line)
        self.size += len(line) + OVERHEAD
        return self.size > self.mark or len(self.buffer) > self.mark_lines

    def crowded(self) -> bool:
        """Beyond a quarter: whether the neighbour is to be asked (CNREQ). Beyond the limit: drop it all."""
        if self.is_full:
            if self.state is State.SUSPENDED:
                self.step("overflowed")
            if self.state is State.SPLIT:
                return False
            self.floor = self.sent
            self.buffer.clear()
            self.size = 0
            self._set_marks()
        if self.asked or self.state is not State.UP:
            return False
        self.asked = True
        self._set_marks()
        return True

    def confirmed(self, applied: int) -> bool:
        """They have applied so many lines; False if they cannot have."""
        if applied > self.sent:
            return False
        self._drop(applied)
        return True

    def confirm(self) -> bytes:
        """``CNACK <applied>``"""
        self.told = self.applied
        return b"CNACK %d" % self.applied

    def _drop(self, applied: int) -> None:
        if applied > self.floor:
            count = applied - self.floor
            gone = self.buffer[:count]
            self.size -= sum(map(len, gone)) + OVERHEAD * count
            del self.buffer[:count]
            self.floor = applied
        self.base = max(self.base, applied)
        self.asked = False
        self._set_marks()

    def _set_marks(self) -> None:
        """The first mark is a quarter of the limit; while an answer to CNREQ is awaited it is the limit."""
        few = not self.asked and self.size <= self.most // 4 and len(self.buffer) <= self.most_lines // 4
        self.mark = self.most // 4 if few else self.most
        self.mark_lines = self.most_lines // 4 if few else self.most_lines

    # the end of a connection

    def lose(self, until: float) -> bool:
        """The connection is lost: whether the session waits, until then, for another one."""
        if not self.numbered or not self.is_whole:
            return False
        self.step("lost")
        self.until = until
        self.asked = True  # nobody is to be asked now
        self._set_marks()
        return True


def decide(old: Streams | None, offer: Offer, now: float) -> Decision:
    """Whether a neighbour that is known for who it is may go on with `old`, our side of what it offers."""
    if offer.session == NOTHING:
        return Decision.NOTHING
    if old is None or old.state not in (State.UP, State.SUSPENDED) or old.session != offer.session:
        return Decision.UNKNOWN
    if old.theirs != offer.epoch:
        return Decision.RESTARTED
    if old.state is State.SUSPENDED and now >= old.until:
        return Decision.EXPIRED
    if old.state is State.UP and offer.applied < old.base:
        return Decision.STALE  # it has confirmed more since: another connection was quicker
    if not old.base <= offer.applied <= old.sent:
        return Decision.OUTSIDE
    if offer.applied < old.floor:
        return Decision.OVERFLOWED
    return Decision.RESUME


def agree(old: Streams | None, offered: Offer, answer: Offer, now: float) -> Decision:
    """What the answer to our offer comes to: RESUME, or NOTHING for a fresh session.

    STALE is an answer that came too late: the connection is lost for us, and nothing more.  Anything else is
    a session of which we know nothing any more, or an answer that cannot be: the connection is of no use.
    """
    if answer.session == NOTHING:
        return Decision.UNKNOWN
    if answer.session == offered.session:
        decision = decide(old, answer, now)
        if decision is Decision.RESUME and old is not None and not old.still(offered):
            return Decision.STALE  # another connection was quicker: they would say again what it brought
        return decision
    return Decision.NOTHING if answer.applied == 0 else Decision.OUTSIDE
