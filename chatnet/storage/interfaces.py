"""What a store of records does for others, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from chatnet.storage.record import Audit, Claim, Record

WATCH: Final = 2.0
"""Seconds between two looks at what other processes wrote, and at what waits for too long."""
CANNOT_WRITE: Final = "This server cannot write to its disk"
CANNOT_READ: Final = "This server cannot read from its disk"


class StoreError(Exception):
    """The store cannot be used, or not now; the text is one sentence for people, without secrets.

    `reason` is what the database says, for the log.
    """

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class NameTaken(Exception):
    """Somebody else had asked for the name before; nothing was written."""

    def __init__(self, folded: str, kind: int) -> None:
        super().__init__(f"the name {folded!r} of kind {kind} is taken")
        self.folded = folded
        self.kind = kind


class Meaning(Protocol):
    """What records mean, as far as a store has to know it; ``chatnet/records``.

    The store calls these in its own threads.
    """

    @property
    def ending(self) -> str:
        """The one field whose record may be the end of its entity."""

    @property
    def mortal(self) -> str:
        """The kinds of entities, each a letter, whose records may be outdated though they have a value."""

    def outdated(self, record: Record, before: str) -> bool:
        """Whether nothing holds by it since a time before that stamp: it is forgotten, and not taken."""

    def is_news(self, record: Record, known: Record | None) -> bool:
        """Whether `record` holds against what is `known` of its field."""

    def ends(self, record: Record) -> bool:
        """Whether it is the end of its entity: no other field of that is kept, or taken any more."""

    def claim(self, record: Record) -> Claim | None:
        """The name that its entity asks for by it, if any."""


class Position(NamedTuple):
    """How far a store is read by another: up to number `seq` of the process `run`; `head` was its highest."""

    run: str | None
    seq: int
    head: int


NOWHERE = Position(None, 0, 0)
"""Nothing was read yet."""


class Page(NamedTuple):
    """Records in the order of their arrival numbers, which end at `seq`; `head` is the highest there is."""

    records: Sequence[Record]
    run: str
    seq: int
    head: int


class Part(NamedTuple):
    """Records of a bucket, and behind which entity and field the others are; None: these were the last."""

    records: Sequence[Record]
    behind: tuple[str, str] | None


class Letter(NamedTuple):
    """A mail that waits until the Unix time `due`, after so many `tries`; its body is a secret."""

    id: int
    due: int
    tries: int
    body: str

    def __repr__(self) -> str:
        return f"<Letter {self.id}>"


class Parcel(NamedTuple):
    """What a hook is to be told at the Unix time `due`, after so many `tries`; it happened at `at`.

    `event` is its id, which is the same for each try, and `body` what is sent.
    """

    id: int
    due: int
    tries: int
    at: int
    event: str
    body: str

    def __repr__(self) -> str:
        return f"<Parcel {self.id}>"


FIRST: Final = ("", "")
"""Behind this is all of a bucket."""
LOOKED_AT: Final = 5000
"""Ids of entities that are looked at for one part of a bucket: some 10 ms."""


Taken = Callable[[Sequence[Record]], None]
"""What hears, on the reactor's thread and in order, which records were news."""
Troubled = Callable[[StoreError | None], None]
"""What hears, on the reactor's thread, why nothing can be written though nobody tries to; None: it can."""


class Store(Protocol):
    """Records, claims, digests, and how far others' stores are read.

    What is awaited raises :class:`StoreError` where the database cannot be used.  After each transaction, and
    before its answer, `taken` hears what was news in it, whoever wrote: this process or another one.
    `troubled` hears of a database that is away, or is there again.
    """

    taken: Taken
    troubled: Troubled

    @property
    def shared(self) -> bool:
        """Whether other servers have the same store: these need not be fed from it."""

    @property
    def id(self) -> str:
        """What tells this store from all others; new after a copy became another server's."""

    @property
    def newest(self) -> str:
        """The greatest stamp that was ever taken, as of the opening; empty: none."""

    def load(self, without: Collection[str] = ()) -> Iterable[Record]:
        """All records, those of an entity behind each other, before the reactor runs.  It blocks.

        Those of fields in `without` (whole ones, as `verifier`) are left out, for a quicker start.
        """

    def stamps(self) -> Iterable[str]:
        """What stamps there are, before the reactor runs: the last ones of each server.

        Those of each span of 36^5 milliseconds (17 hours), and of these those of number 0; some are told
        twice.  It blocks.
        """

    def write(self, records: Sequence[Record], free: Iterable[tuple[str, int]] = ()) -> Awaitable[None]:
        """Write records of this server, all or none; on the disk when it is answered.

        `free` are names (folded, kind) that nobody but the entities of `records` may have asked for: else
        :class:`NameTaken`.
        """

    def correct(self, records: Sequence[Record]) -> Awaitable[None]:
        """Put records in the place of what is known of their fields, where that is later by its stamp."""

    def merge(
        self, records: Sequence[Record], store: str, sid: str, position: Position | None
    ) -> Awaitable[Sequence[Record]]:
        """Take what is news of a page of another `store`, and note in one transaction how far that is read.

        A page of a bucket moves no `position`.  Answers with what was news.
        """

    def entity(self, entity: str) -> Awaitable[Sequence[Record]]:
        """All that is known of one entity, removed fields too."""

    def owner(self, folded: str, kind: int) -> Awaitable[Sequence[Claim]]:
        """All claims on one name, the first of which has it."""

    def position(self, store: str) -> Awaitable[Position]:
        """How far the other `store` is read here."""

    def last(self, sid: str) -> Awaitable[tuple[str, Position] | None]:
        """The store of the server `sid` that was read last, and how far."""

    def begin(self, position: Position) -> Awaitable[int]:
        """After which number somebody who has read as far as that has to go on reading."""

    def page(self, after: int, most: int) -> Awaitable[Page]:
        """At most so many records with a number beyond `after`."""

    def bucket(self, kind: str, number: int, behind: tuple[str, str], most: int) -> Awaitable[Part]:
        """At most so many records of the entities of a kind whose digest is in one bucket.

        It looks at no more than ``LOOKED_AT`` entities, and may find none among these though there are more.
        """

    def digests(self, kind: str) -> Awaitable[Sequence[int]]:
        """The 256 digests of a kind."""

    def forget(self, before: str) -> Awaitable[int]:
        """Forget which fields were removed before that stamp, and what ended before; and take no such record.

        Answers with how many there were.  All stores of a network are to do so at one time, or their digests
        differ meanwhile.
        """

    def look(self, seq: int) -> None:
        """Others who share it say that it has come to number `seq`."""

    def audit(self, by: str, verb: str, about: str, detail: str, at: float) -> Awaitable[None]:
        """Note what an operator did; never a secret."""

    def audited(self, word: str, since: float, most: int) -> Awaitable[Sequence[Audit]]:
        """At most so many notes since a Unix time, the newest first, that have a word in them.

        It is a part of who did it or of what it is about, in any case, or the whole of what was done.
        """

    def forget_audits(self, before: float) -> Awaitable[int]:
        """Forget some of the notes from before that Unix time; answers with how many these were."""

    # Reports are of this server alone, and no record.

    def keep_report(self, key: str, state: str | None) -> Awaitable[None]:
        """Keep a report as it is now, in the place of what was said of it; None: no more."""

    def reports(self) -> Awaitable[Sequence[tuple[str, str]]]:
        """All that are kept."""

    # Mail is of this server alone, and no record.

    def post(self, body: str, due: float) -> Awaitable[None]:
        """Keep a mail that is to be sent at a Unix time."""

    def letters(self, due: float, most: int) -> Awaitable[Sequence[Letter]]:
        """At most so many mails that are to be sent by then, the first first."""

    def put_off(self, letter: int, due: float) -> Awaitable[None]:
        """Have a mail be sent later, since it could not be sent now."""

    def discard(self, letter: int) -> Awaitable[None]:
        """Keep a mail no more."""

    # What hooks are to be told is of this server alone, and no record.

    def add_parcel(self, hook: str, event: str, body: str, at: float, most: int) -> Awaitable[int]:
        """Keep what a hook is to be told at once, of a Unix time; of more than so many the first ones go.

        Answers with how many went.
        """

    def parcels(self) -> Awaitable[Sequence[tuple[str, int]]]:
        """Which hooks are to be told something, and how much."""

    def next_parcel(self, hook: str) -> Awaitable[Parcel | None]:
        """What a hook is to be told first; it may be due later."""

    def delay_parcel(self, parcel: int, due: float) -> Awaitable[None]:
        """Have a hook be told later, since it could not be told now."""

    def drop_parcel(self, parcel: int) -> Awaitable[None]:
        """Keep what a hook was told no more."""

    def drop_parcels(self, hook: str) -> Awaitable[None]:
        """Keep nothing more that a hook was to be told."""


class Running(Store, Protocol):
    """A store that works in threads of its own, once it was started."""

    def start(self) -> None:
        """Begin to work, once the process is a daemon, and the user that it stays."""

    def watch(self) -> None:
        """Look at what other processes wrote, and fail what waits for too long; every `WATCH` seconds."""

    def close(self) -> Awaitable[None]:
        """Write what waits, and let go of the file."""
