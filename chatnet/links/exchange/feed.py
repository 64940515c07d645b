"""What is known of one full neighbour: how far it is fed, and what it feeds us."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum
from math import inf
from typing import Final

from chatnet.links.codecs.feeds import Beginning, Have
from chatnet.storage.interfaces import FIRST
from chatnet.storage.record import Record

PAGE: Final = 200
"""Records of one page, at most."""
UNCONFIRMED: Final = 16
"""Pages that may be on their way."""
WINDOW: Final = 1_048_576
"""Bytes of these: no further page is told while so many are on their way."""
MOST_PAGES: Final = 64
"""Pages that may wait to be stored, more than who heeds all that would tell."""
MOST_WAITING: Final = 8_388_608
"""Bytes of memory of these."""
OVERHEAD: Final = 300
"""Bytes of memory that a record takes besides its texts."""
LEARNED: Final = 20_000
"""Records of a neighbour that are remembered, at most, so that they are not fed back to it."""


class Comparison:
    """How far the records of both sides are compared.

    `at` is when digests were told, `compared` when each bucket (None: a kind) was last held against ours, and
    `told` when each was begun to be told, all in monotonic seconds.  Of the buckets that are `wanted` the
    first is told, one page after the other; that of it which is `on_the_way` is not confirmed.
    """

    __slots__ = ("at", "behind", "busy", "compared", "on_the_way", "told", "wanted")

    def __init__(self) -> None:
        self.at = -inf
        self.compared: dict[tuple[str, int | None], float] = {}
        self.told: dict[tuple[str, int], float] = {}
        self.wanted: dict[tuple[str, int], None] = {}
        self.behind = FIRST
        self.busy = False
        self.on_the_way = False

    def stop(self) -> None:
        """What is on its way does not count; the rest of its bucket is not told."""
        self.wanted.clear()
        self.behind = FIRST
        self.on_the_way = False


class State(Enum):
    """How far we are with feeding a neighbour."""

    NEW = "new"
    FEEDING = "feeding"
    EVEN = "even"


class Feed:
    """One full neighbour: what it is fed, and what it feeds us."""

    __slots__ = (
        "after", "beginning", "begun", "busy", "changed", "comparison", "database", "deaf",
        "doubted", "even", "filled", "finding", "have", "heard", "kinds", "learned", "merging",
        "new", "news", "on_the_way", "pages", "records", "said", "serial", "shared", "skipped",
        "state", "store", "told", "unconfirmed", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.said = False  # our CNHAVE
        self.new = False  # in which nothing of its store was
        self.heard = False  # theirs
        self.doubted = False  # it did not come for long
        self.kinds = ""  # that it knows
        self.shared = False  # it has the same database, and is told only that there is news
        self.database = 0  # up to which number of that both know that it goes
        # What it is fed:
        self.state = State.NEW
        self.serial = 0  # of their CNHAVE: what was read for an older one is not told any more
        self.have: Have | None = None  # the last of them
        self.finding = False  # where to begin
        self.begun = -inf  # when that was looked for last, in monotonic seconds
        self.after = 0  # all up to this number was told
        self.told = 0  # as it knows by a page
        self.on_the_way: deque[tuple[int, int]] = deque()  # number and bytes of pages that are not confirmed
        self.unconfirmed = 0  # bytes of these
        self.busy = False  # a page is being read
        self.news = False  # while it was
        self.even = False  # CNEVEN was said
        # What it feeds:
        self.store = ""  # its id
        self.deaf: int | None = None  # until it begins at this number, or before, nothing counts
        self.beginning: Beginning | None = None
        self.skipped = 0  # records to come of a page that is forgotten
        self.records: list[Record] = []
        self.pages: deque[tuple[Beginning, list[Record]]] = deque()  # that are to be stored
        self.waiting = 0  # bytes of memory that these take
        self.merging = False
        self.filled = False  # it said CNEVEN
        self.learned: dict[tuple[str, str, str], None] = {}
        self.changed = -inf  # when something was told, or taken, in monotonic seconds
        self.comparison = Comparison()

    def __str__(self) -> str:
        """How far it is, for operators."""
        if self.shared:
            return "it has the same database"
        fed = (
            "it has all records"
            if self.state is State.EVEN
            else f"it is told of {len(self.on_the_way)} page(s)"
        )
        return f"{fed}, and {'has told all' if self.filled else 'tells'} that it has"

    @property
    def has_room(self) -> bool:
        """Whether so little is on its way that one more page may be told."""
        return len(self.on_the_way) < UNCONFIRMED and self.unconfirmed < WINDOW

    def sent(self, seq: int, size: int) -> None:
        """A page is on its way, of so many bytes."""
        self.on_the_way.append((seq, size))
        self.unconfirmed += size

    def confirmed(self, seq: int) -> None:
        """All pages up to this number are on its disk."""
        while self.on_the_way and self.on_the_way[0][0] <= seq:
            self.unconfirmed -= self.on_the_way.popleft()[1]

    def forget_sent(self) -> None:
        """Nothing is on its way any more, for it begins anew."""
        self.on_the_way.clear()
        self.unconfirmed = 0

    def put(self, beginning: Beginning, records: list[Record]) -> bool:
        """A page is to be stored; False if too many wait: more than it would tell that heeds the window."""
        if not records and self.pages and not self.pages[-1][1]:
            self.pages[-1] = beginning, records  # it only tells how far that goes
            return True
        self.pages.append((beginning, records))
        self.waiting += weight(records)
        return len(self.pages) <= MOST_PAGES and self.waiting <= MOST_WAITING

    def next_page(self) -> tuple[Beginning, list[Record]]:
        """The page that is to be stored next; there is one."""
        page = self.pages.popleft()
        self.waiting -= weight(page[1])
        return page

    def forget_pages(self) -> None:
        """What waits is told again."""
        self.pages.clear()
        self.waiting = 0

    def learn(self, records: Sequence[Record]) -> None:
        """These come from it."""
        self.learned.update(((each.entity, each.field, each.stamp), None) for each in records)
        if len(self.learned) > LEARNED:  # an echo does no harm
            self.learned.clear()

    def known(self, record: Record) -> bool:
        """Whether it came from there; it is asked once, when its turn comes."""
        key = record.entity, record.field, record.stamp
        if key not in self.learned:
            return False
        del self.learned[key]
        return True


def weight(records: Sequence[Record]) -> int:
    """Bytes of memory that records take, about."""
    return sum(OVERHEAD + len(each.field) + len(each.value or "") for each in records)
