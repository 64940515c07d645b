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
from chatnet.model.ids import UID
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
    ``model/places.py``.  The other fields are those of ``MessageSent``.
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


class Redaction(NamedTuple):
    """That the message `redacted` was deleted, by whom; known or not, it must not come back.

    `msgid` is the id of this itself.
    """

    redacted: str
    at: float
    msgid: str
    source: bytes
    uid: UID
    reason: str


class Page(NamedTuple):
    """Some of what was said in a channel, the oldest first; no record of a message that was deleted."""

    records: Sequence[Record] = ()
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


def order(msgid: str, at: float) -> tuple[int, str]:
    """Where a message stands among others: the same for all servers, whatever their clocks resolve."""
    return int(at * 1000), msgid
