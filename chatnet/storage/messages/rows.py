"""What a store of messages is told, and what it answers with: rows, without any IRC.

Times are Unix time in milliseconds, but for those of :data:`Said`.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """What messages are kept for.

    ======  ====================  =====================  =====================
    `kind`  `name`                `other`                `ts`
    ======  ====================  =====================  =====================
    ``c``   of a channel, folded  empty                  its TS, Unix seconds
    ``d``   lower account key     higher account key     0
    ``g``   account key           nick of a guest,       0
                                  folded
    ======  ====================  =====================  =====================

    A channel that was made anew has another TS, and so is another place.  Who talks to themselves has their
    own key twice.
    """

    kind: str
    name: str
    other: str = ""
    ts: int = 0


PRIVMSG: Final = 1
NOTICE: Final = 2
TAGMSG: Final = 3
JOIN: Final = 4
PART: Final = 5
QUIT: Final = 6
NICK: Final = 7
KICK: Final = 8
MODE: Final = 9
TOPIC: Final = 10
RENAME: Final = 11

CLOSED: Final = 1
"""Said behind closed doors: for those who were there."""
BOT: Final = 2
OPER: Final = 4
EXTRA: Final = 8
"""There is something in `extra`."""
OURS: Final = 16
"""Said behind closed doors where others of the place were not: no other server is told of it."""
RANKS: Final = 8
"""So many bits above stand the ranks that a message is for; none: it is for everybody."""

Said = tuple[Place, float, str, int, int, str | None, bytes, str]
"""A message that is nothing but that, as it is put into a group: the first fields of :class:`Row`, with
Unix time in seconds, and the source as bytes.

A bare tuple, for it is made of every message: `int(at * 1000)` is the time of its row.
"""


class Row(NamedTuple):
    """A message, or something that happened.

    `kind` is one of the numbers above.  `flags` are bits.  `person` is the key of the account that did it,
    None of a guest or a server; `source` is ``nick!user@host`` as it was.  `refers` is the id of the message
    that a reaction is to.  `extra` is JSON, of what few messages have; what it holds is the business of who
    puts it there.
    """

    place: Place
    at: int
    msgid: str
    kind: int
    flags: int
    person: str | None
    source: str
    text: str
    refers: str | None = None
    extra: str | None = None


class Redacted(NamedTuple):
    """That the message `redacted` was deleted; whether it is known or not, it is told no more.

    `msgid` is the id of this itself.  `flags` are those of a message: who did not hear it is not told.
    Without a `source` no client is, and who wanted that is not known (any more); in a group it is noted only
    of a place that is known.
    """

    place: Place
    redacted: str
    at: int
    msgid: str
    person: str | None
    source: str
    reason: str
    flags: int = 0


class Began(NamedTuple):
    """From now on messages of a place are heard here.  `shown` is its name as it is written."""

    place: Place
    shown: str
    at: int


class Silent(NamedTuple):
    """From now on none are, since nobody here is there: what is said after `at` is not known."""

    place: Place
    at: int


class Ended(NamedTuple):
    """The place is no more, and nobody can ask for it."""

    place: Place
    at: int


class Moved(NamedTuple):
    """What was kept for one place is kept for another: a channel was renamed, or an older one won.

    Where that is there already, the rows of both are its own.  Without `stays` those of the first are not
    brought along, for who was there did not hear what was said in the other; nor is what was said behind
    closed doors, which is for nobody then.  With `ours` that is told to no other server, on which those may
    be who were in the other one at that time.
    """

    place: Place
    to: Place
    shown: str
    stays: bool = True
    ours: bool = False


class Kept(NamedTuple):
    """How long messages of a place are kept (None: as others), and who may see what (None: as others).

    `since` is ``all``, ``join`` or ``account``; the store only keeps it.
    """

    place: Place
    span: int | None
    since: str | None


class Came(NamedTuple):
    """An account is in a channel from now on: a stay begins, unless one is open."""

    place: Place
    person: str
    at: int


class Went(NamedTuple):
    """It is not any more: the open stay ends."""

    place: Place
    person: str
    at: int


class Stayed(NamedTuple):
    """It was, from `since` until then, as another server tells; beside what is known here."""

    place: Place
    person: str
    since: int
    until: int


class Marked(NamedTuple):
    """Somebody has read as far as `at` in a `spot`; the greatest such time holds.

    A spot is ``#channel`` (folded), ``@`` and an account key, or the folded nick of a guest; or ``=`` and the
    name of a device of theirs, which has heard as far of all.  Of one person `most` spots are kept, those in
    which they have read last; 0: all.
    """

    person: str
    spot: str
    at: int
    most: int = 0


class Erased(NamedTuple):
    """What an account said, or what was said between it and others, up to `until` is gone, now and for ever.

    With a `place` only there.  `stamp` tells when that was decided.
    """

    person: str
    until: int
    stamp: str
    place: Place | None = None


APART: Final = "-"
"""In the place of a SID: a time in which another channel of that name was heard here."""


class Gap(NamedTuple):
    """From `since` to `until` messages of a place may be missing that the server `sid` knows (``*``: any).

    Of a time with :data:`APART` nothing is missing, but who was there then was in a channel that was another
    one on other servers: what was said behind the closed doors of one is not for who was in the other.
    """

    place: Place
    since: int
    until: int
    sid: str


class Filled(NamedTuple):
    """Of the gaps of a place that a server could fill, nothing is left between these times."""

    place: Place
    since: int
    until: int
    sid: str


Entry = (
    Said
    | Row
    | Redacted
    | Began
    | Silent
    | Ended
    | Moved
    | Kept
    | Came
    | Went
    | Stayed
    | Marked
    | Erased
    | Gap
    | Filled
)
"""What can be in a group, in the order in which it happened."""


class Position(NamedTuple):
    """Where a message stands among those of its place: the same on all servers."""

    at: int
    msgid: str


Times = tuple[tuple[int, int], ...]
"""From when to when, both included, in order."""

BEFORE_ALL: Final = ""
"""As an id: before every message of its millisecond."""
AFTER_ALL: Final = "\U0010ffff"
"""As an id: behind every message of its millisecond."""
LAST: Final = 1 << 43
"""A time that is never reached."""


class View(NamedTuple):
    """Which messages of a place somebody may see.

    Those from `since` on, but for those with one of the flags `hidden`; with `within`, only those said at
    these times.  What was said behind closed doors only at the times `closed`; None: all of it.  What is for
    ranks only with one of the bits `ranks`, or if they are its author, `person`.
    """

    place: Place
    since: int = 0
    within: Times | None = None
    closed: Times | None = ()
    ranks: int = 0
    person: str | None = None
    hidden: int = 0


class Wanted(NamedTuple):
    """Which of those are asked for: strictly between two positions, of these `kinds`, at most so many.

    `newest` counts from the newest on.  With `whole` the page is prolonged to the end of its last
    millisecond, at most to twice as many.
    """

    kinds: frozenset[int]
    most: int
    newest: bool = True
    after: Position | None = None
    before: Position | None = None
    whole: bool = False


class Found(NamedTuple):
    """A page, in ascending order.  `more` says that there is more in the direction that was asked for.

    `redacted` are redactions whose own time lies in the page; `reactions` are to its messages, from beyond
    it.  `gaps` are those that touch what was asked for.
    """

    rows: tuple[Row, ...] = ()
    more: bool = False
    redacted: tuple[Redacted, ...] = ()
    reactions: tuple[Row, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Target(NamedTuple):
    """A place, and what is known of it; `ended` and `heard` are None as long as it is heard."""

    place: Place
    shown: str
    began: int
    ended: int | None
    heard: int | None
    span: int | None
    since: str | None


class Figures(NamedTuple):
    """How much there is: messages, bytes of the database, gaps; and bytes of messages that wait."""

    messages: int
    bytes: int
    gaps: int
    waiting: int = 0


class Words(NamedTuple):
    """What to search for.

    `text` is as a person wrote it; empty: everything.  `person` or else `nick` (folded) is who said it.
    """

    text: str
    since: int = 0
    until: int = LAST
    most: int = 50
    newest: bool = True
    person: str | None = None
    nick: str | None = None
