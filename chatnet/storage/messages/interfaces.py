"""What a store of messages does for others, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from chatnet.storage.messages.rows import (
    Entry,
    Erased,
    Figures,
    Found,
    Gap,
    Place,
    Position,
    Redacted,
    Row,
    Target,
    Times,
    View,
    Wanted,
    Words,
)

SPOOL: Final = "history.spool"
"""In the data folder."""


class Trouble(NamedTuple):
    """What is wrong with the store: one sentence for operators, and how many messages were lost by it.

    `stored`: those that are said now are kept nevertheless.
    """

    text: str
    lost: int = 0
    stored: bool = False


Troubled = Callable[[Trouble | None], None]


class MessageStore(Protocol):
    """Messages of places.

    What is awaited raises ``StoreError`` where the database cannot be used, or not in time.  What was put
    before is in every answer, as far as it could be written; what was deleted or erased is in none, whether
    that could be written or waits.
    """

    @property
    def heard(self) -> int:
        """When the last group was written before it was opened, in Unix milliseconds; 0: never."""

    @property
    def spooled(self) -> int:
        """Bytes of what was put that wait in a file, and cannot be read until the database has them."""

    def unread(self, place: Place) -> tuple[int, int] | None:
        """From when on and up to before when something of a place waits to be written, in milliseconds.

        So it is in no answer, for as long as what is put may not be written for long.  None: nothing waits.
        """

    def unread_stays(self, place: Place) -> int:
        """From when on (ms) it waits like that who came to a channel and went; ``LAST``: nothing waits."""

    def unread_talks(self, person: str) -> Sequence[tuple[Place, int]] | None:
        """The talks of an account of which something waits, each with its last time; None: perhaps any."""

    def put(self, entries: Sequence[Entry]) -> Awaitable[None]:
        """Keep these; on the disk when it is answered.

        A message that is known, was redacted or erased is passed over.  Where the disk fails it is tried
        again, forever, and the answer waits; if too much waits by then, the oldest messages are dropped, and
        StoreError is their answer.  One entry that cannot be kept is no matter of the others.
        """

    def take_in(self, rows: Sequence[Row], redacted: Sequence[Redacted]) -> Awaitable[Sequence[Row]]:
        """Keep what others told of the past; answers with what was news, in order."""

    def target(self, place: Place) -> Awaitable[Target | None]:
        """What is known of a place."""

    def targets(self, person: str) -> Awaitable[Sequence[Target]]:
        """The talks of an account: places of kinds ``d`` and ``g``."""

    def channels(self, name: str) -> Awaitable[Sequence[Target]]:
        """All channels that had that folded name, by their TS."""

    def standing(self) -> Awaitable[Sequence[Target]]:
        """The channels that had not ended when they were heard of last, for a start."""

    def stays(self, places: Sequence[Place], person: str) -> Awaitable[Mapping[Place, Times]]:
        """When an account was in each of these channels; an open stay ends at ``LAST``.

        :class:`Silent` and :class:`Ended` end all of them.
        """

    def apart(self, places: Sequence[Place]) -> Awaitable[Mapping[Place, Times]]:
        """When other channels were heard here as these, and are these now; see ``rows.APART``.

        Who stayed then is known here, and is nobody else's business.  Of those times nothing is taken in that
        was said behind closed doors, and no stay that is told.
        """

    def page(self, view: View, wanted: Wanted, reactions: int = 0) -> Awaitable[Found]:
        """Messages of a view; with at most so many `reactions` for each, from beyond the page."""

    def around(self, view: View, position: Position, wanted: Wanted, reactions: int = 0) -> Awaitable[Found]:
        """Half of them before a position, the rest from it on; what one side lacks the other gets."""

    def latest(
        self, views: Sequence[View], kinds: Collection[int], after: int, before: int, most: int, newest: bool
    ) -> Awaitable[Sequence[tuple[Place, Position]]]:
        """Of each view its last visible message, if its time is strictly between; by time, then name."""

    def find(self, place: Place, msgid: str) -> Awaitable[Row | None]:
        """The message of that id, if it is kept."""

    def position(self, place: Place, msgid: str) -> Awaitable[Position | None]:
        """Where a message of that id stands, or stood; None if nothing tells it."""

    def redactions(self, place: Place, since: int, most: int) -> Awaitable[Sequence[Redacted]]:
        """What was redacted of a place, the newest so many since then, in ascending order.

        Also what nobody is told of, without a source.
        """

    def search(self, views: Sequence[View], words: Words) -> Awaitable[Sequence[Row]]:
        """Messages in which all of the words are, in ascending order."""

    def marks(self, person: str) -> Awaitable[Sequence[tuple[str, int]]]:
        """How far somebody has read, by spot."""

    def all_marks(
        self, since: int, behind: tuple[str, str], most: int
    ) -> Awaitable[Sequence[tuple[str, str, int]]]:
        """Marks from then on of everybody, by key and spot: at most so many behind one of these."""

    def gaps(self, place: Place) -> Awaitable[Sequence[Gap]]:
        """What may be missing of a place."""

    def erasures(self, since: str) -> Awaitable[Sequence[Erased]]:
        """What was erased, as of stamps greater than that."""

    def figures(self) -> Awaitable[Figures]:
        """How much there is."""

    def tell(self, place: Place, since: int, until: int) -> Awaitable[int]:
        """A sum of all messages and redactions of a place between these times, both included.

        It is the same on all servers that have the same: modulo 2^64, the sum of the blake2b of 8 bytes of
        ``said NUL at NUL msgid`` and ``deleted NUL at NUL redacted``, the first byte being the highest.
        """


class Gathers(Protocol):
    """Reads all that is kept of somebody.  It blocks, and may be used in any thread."""

    def of_person(self, key: str, since: int) -> Iterator[tuple[str, Row]]:
        """What an account said, and what was said to it alone, from a time on; with what places are called.

        Raises StoreError.
        """


class RunningMessages(MessageStore, Protocol):
    """A store that works in threads of its own, once it was started.

    `troubled` hears on the reactor's thread what is wrong, once, and None when it is over.  `pressed` hears
    there that more is put than can be written, and when that is over: until then nothing should be read that
    might be more.  `took` hears there, of each group, how many seconds it took until that was on the disk.
    """

    troubled: Troubled
    pressed: Callable[[bool], object]
    took: Callable[[float], object]

    @property
    def heard(self) -> int:
        """When the last group was written before this start, Unix time in milliseconds; 0: never.

        A restored file has an earlier one, and so has one after a crash: what was said since may be missing.
        """

    @property
    def searches(self) -> bool:
        """Whether words can be searched for."""

    @property
    def waiting(self) -> int:
        """How many bytes wait to be written, a message counting for 1 KiB."""

    @property
    def gathering(self) -> Gathers:
        """What reads all that is kept of somebody."""

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""

    def watch(self) -> None:
        """Fail what waits for too long; every ``WATCH`` seconds."""

    def close(self) -> Awaitable[None]:
        """Write what waits, as long as the settings allow, and let go of the database."""
