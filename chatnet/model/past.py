"""What was said: messages as they are remembered, and what every memory of them offers.

The ring of ``history`` is one, in memory, and the store is another.  Servers that meet again tell each other
out of theirs what the other side missed; ``links`` asks and answers, and knows a memory as :class:`Past`
only.  Clients point at single messages; sessions know it as :class:`Messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chatnet.model.entities import Channel, User
from chatnet.model.facts import Source
from chatnet.model.ids import SID, UID
from chatnet.storage.messages.rows import Erased, Place, Times
from chatnet.wire.multiline import Part

Key = Channel | tuple[UID, UID]
"""A channel, or two users (the lower UID first) who write to each other."""


def key_of(by: Source, target: Channel | User) -> Key | None:
    """Under which key a message from `by` to `target` is kept; None for what a server tells a user."""
    if isinstance(target, Channel):
        return target
    if not isinstance(by, User):
        return None
    mine, other = by.uid, target.uid
    return (mine, other) if mine < other else (other, mine)


class Record(NamedTuple):
    """A message as it was sent; `source` and `uid` are its author's (no UID if it was a server).

    `person` is the key of the account that they were logged in to, where that is known: see
    ``model/places.py``.  `flags` are those of a row of the store, without ranks.  The other fields are those
    of ``MessageSent``.
    """

    msgid: str
    at: float
    command: str
    source: bytes
    uid: UID
    text: str
    tags: bytes = b""
    ranks: int = 0
    status: str = ""
    parts: tuple[Part, ...] = ()
    person: str | None = None
    flags: int = 0


class Event(NamedTuple):
    """Something that happened: `verb` with `words` and a `text`, as ``history/extra.py`` lists them."""

    msgid: str
    at: float
    verb: str
    source: bytes
    text: str
    words: tuple[str, ...] = ()
    person: str | None = None
    flags: int = 0


class Redaction(NamedTuple):
    """That the message `redacted` was deleted, by whom; known or not, it must not come back.

    `msgid` is the id of this itself.  Without a `source` it is not known whose it is.
    """

    redacted: str
    at: float
    msgid: str
    source: bytes
    uid: UID
    reason: str
    person: str | None = None
    ranks: int = 0
    flags: int = 0


class Page(NamedTuple):
    """Some of what was said in a channel, the oldest first; no record of a message that was deleted."""

    records: Sequence[Record] = ()
    redactions: Sequence[Redaction] = ()


class Chapter(NamedTuple):
    """Some of all that is stored of a place, the oldest first."""

    records: Sequence[Record | Event] = ()
    redactions: Sequence[Redaction] = ()


class Messages(Protocol):
    """What is remembered, as far as this server's own clients have to do with it."""

    async def find(self, by: Source, target: Channel | User, msgid: str) -> Record | None:
        """The message of that id, if it was sent to the channel, or said between the two users, and is kept.

        Raises ``StoreError`` where that cannot be looked up.
        """


class Past(Protocol):
    """What is remembered of channels, as far as other servers have to do with it."""

    async def page(self, channel: Channel, since: float, most: int) -> Page:
        """What other servers may know of a channel from the Unix time `since` on: the newest `most` of each.

        Records are in the order of their times, in milliseconds, then of their ids.
        """

    async def take_in(self, channel: Channel, page: Page) -> int:
        """Remember what others told; how many of its records were news.

        Each stands where its time puts it.  What is known stays as it is, and what was deleted stays away,
        whichever of the two came first.
        """


class Stay(NamedTuple):
    """That an account was in a channel, as old as its `ts` (Unix seconds), from when to when.

    These are milliseconds; until ``LAST``: it is in it now.
    """

    channel: str
    ts: int
    since: int
    until: int


class Archive(Protocol):
    """What is stored, as far as servers have to do with it that know how to ask for it (``CNPAST``).

    Times are Unix time in milliseconds; the first is included, the last is not.
    """

    def people(self, person: str) -> Sequence[User]:
        """Who is logged in to the account of this key, wherever they are."""

    def place(self, target: str) -> Place | None:
        """What a name of a channel, or a talk as servers call it, stands for; None if for nothing."""

    async def chapter(self, place: Place, since: int, until: int, most: int, *, gone: bool) -> Chapter:
        """The newest `most` records of that time, and all others of the last one's millisecond.

        At most twice as many; with the newest redactions of that time if `gone`.
        """

    def waits(self, place: Place, since: int, until: int) -> tuple[int, int] | None:
        """Of which part of that time something waits to be written, so that no chapter has it: None, of none.

        To be asked before the chapter is, for it may be written then.
        """

    async def tally(self, place: Place, since: int, until: int) -> str:
        """What stands for all that is known of that time: where it is the same, nothing need be told."""

    async def talks(
        self, person: str, since: int, until: int, most: int, *, guests: bool
    ) -> Sequence[tuple[Place, int]]:
        """The talks of an account, and when there was the last word, in the order of that.

        At most so many with accounts, the newest; and as many with guests, if these are wanted.  Also what
        waits to be written.
        """

    def knows_talks(self, person: str) -> bool:
        """Whether all of them can be told: something waits of which nothing is known."""

    async def stays(self, person: str, most: int) -> Sequence[Stay]:
        """Since when an account is in channels that it is in now, and when it was before; the last first.

        Up to what waits to be written.
        """

    async def keep(self, place: Place, told: Chapter) -> int:
        """Store what others told of a place; how much of it was news."""

    def is_news(self, person: str, until: int, place: Place | None) -> bool:
        """Whether it is not known that what an account said up to then is to be gone."""

    def erasures(self) -> Sequence[Erased]:
        """What was erased lately, for servers that were away."""

    def moves(self, person: str, spot: str, until: int) -> bool:
        """Whether it is not known that somebody has read as far in a spot."""

    async def marks(self, since: int, behind: tuple[str, str], most: int) -> Sequence[tuple[str, str, int]]:
        """Read marks of everybody from then on, in order, behind an account and a spot: with the times."""


class Asking(Protocol):
    """Other servers, as far as what they have stored is asked for."""

    def witnesses(self, channel: Channel | None, *, guest: bool = False) -> Sequence[SID]:
        """Who can be asked of a channel, or of talks: first who has members in it, the nearest of each.

        Of talks with a `guest` those cannot that are of the version before.
        """

    async def ask(
        self, sid: SID, target: str, since: int, until: int, most: int, tally: str = "-", *, gone: bool = True
    ) -> Told | None:
        """The newest of what a server knows of a time; None if it did not answer.

        Beside them what was deleted then, if `gone`.  With a `tally` nothing is told that has the same.
        """

    async def ask_talks(self, sid: SID, person: str, since: int, most: int) -> Talks | None:
        """With whom an account talked, as a server knows; None if it did not answer."""

    async def ask_stays(self, sid: SID, person: str, most: int) -> Sequence[Stay]:
        """Since when an account is in its channels, as a server knows; nothing if it did not answer."""


class Talks(NamedTuple):
    """The talks of an account, and when there was the last word; `later` more of them are known."""

    known: Sequence[tuple[Place, int]] = ()
    later: bool = False


class Told(NamedTuple):
    """What a server answered, what is missing there as well, and of when it will know more: that `waits`."""

    records: Sequence[Record | Event] = ()
    redactions: Sequence[Redaction] = ()
    gaps: Times = ()
    waits: Times = ()


class Missing(NamedTuple):
    """What is missing of a place, as far as it was asked for: the `times`.

    What is older than `unsure` (Unix milliseconds) may have been deleted meanwhile, where that is to be asked
    for yet, and is shown to nobody.
    """

    times: Times = ()
    unsure: int = 0


class Missed(Protocol):
    """What is known to be missing here."""

    async def ask(self, place: Place, since: int, until: int, seconds: float | None = None) -> Missing:
        """Ask for what is missing of a time, and wait so long for it; None: as long as the settings allow."""

    def begin(self, place: Place, since: int, until: int) -> None:
        """The same without waiting: for what is waited for after something else."""

    async def looked(self, person: str, seconds: float) -> None:
        """Wait so long until it is known where somebody talked elsewhere, by the key of their account.

        It is asked for when they come, and when they may have talked at another server as well.
        """

    def missing(self, place: Place, since: int, until: int) -> Missing:
        """The same as is known now, without asking: for what came while somebody waited."""

    def unsure(self, place: Place) -> int:
        """See ``Missing``; 0: nothing is."""

    def spoke_at(self, person: str, sid: SID) -> None:
        """Somebody who is here, by the key of their account, may have talked at another server as well."""

    async def apart(self, channel: Channel, sid: SID, since: int) -> int | None:
        """A server is back that was away: ask it for what was said meanwhile in a channel.

        How much was news; None if it did not answer.
        """

    def arrived(self, sid: SID) -> None:
        """A server that came was asked of all channels in which both have members."""


def order(msgid: str, at: float) -> tuple[int, str]:
    """Where a message stands among others: the same for all servers, whatever their clocks resolve."""
    return int(at * 1000), msgid
