"""A store that keeps nothing: records in dictionaries, for tests of all that has a store."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from chatnet.storage.digests import BUCKETS, bucket, row
from chatnet.storage.interfaces import (
    CANNOT_READ,
    CANNOT_WRITE,
    NOWHERE,
    Letter,
    Meaning,
    NameTaken,
    Page,
    Parcel,
    Part,
    Position,
    StoreError,
    Taken,
    Troubled,
)
from chatnet.storage.record import FIRST_NUMBER, NUMBER, SERVER, SPAN, Audit, Claim, Record
from chatnet.storage.runs import Run, begin, new_id

R = TypeVar("R")


class _File:
    """What outlives a process."""

    def __init__(self, sid: str) -> None:
        self.id = new_id()
        self.sid = sid
        self.known: dict[str, dict[str, tuple[int, Record]]] = {}  # entity → field → its number, and it
        self.order: dict[int, Record] = {}
        self.numbers: list[int] = []  # all that were given out, also to records that are gone
        self.seq = 0
        self.stamp = ""
        self.claims: dict[tuple[str, int], dict[tuple[str, str], Claim]] = {}
        self.peers: dict[str, Position] = {}
        self.stores: dict[str, str] = {}  # of servers, by their SIDs: the last ones
        self.runs: list[Run] = []
        self.forgotten = ""
        self.audits: list[Audit] = []
        self.reports: dict[str, str] = {}
        self.mail: dict[int, Letter] = {}
        self.mails = 0  # that were ever kept
        self.outbox: dict[int, tuple[str, Parcel]] = {}
        self.parcels = 0  # that were ever kept

    def copied(self) -> _File:
        copy = _File(self.sid)
        copy.id, copy.seq, copy.stamp, copy.forgotten = self.id, self.seq, self.stamp, self.forgotten
        copy.known = {entity: dict(fields) for entity, fields in self.known.items()}
        copy.order, copy.numbers = dict(self.order), list(self.numbers)
        copy.claims = {name: dict(claims) for name, claims in self.claims.items()}
        copy.reports = dict(self.reports)
        copy.peers, copy.runs, copy.audits = dict(self.peers), list(self.runs), list(self.audits)
        copy.stores = dict(self.stores)
        copy.mail, copy.mails = dict(self.mail), self.mails
        copy.outbox, copy.parcels = dict(self.outbox), self.parcels
        return copy


class MemoryStore:
    """A whole ``Store``, whose answers are there at once, or wait for :meth:`release` while it is `held`.

    What waits has not happened.  While it is `broken` whatever writes fails, as on a full disk; while it is
    `unreadable` whatever reads.
    """

    shared = False

    def __init__(self, meaning: Meaning, sid: str, file: _File | None = None) -> None:
        self.taken: Taken = lambda records: None
        self.troubled: Troubled = lambda error: None
        self.newest = ""
        self.held = False
        self.broken = False
        self.unreadable = False
        self._meaning: Final = meaning
        self._file: Final = _File(sid) if file is None else file
        self._waiting: deque[Callable[[], None]] = deque()
        if self._file.sid != sid:
            self._file.peers[self.id] = Position(self._file.runs[-1].id, self._file.seq, self._file.seq)
            self._file.id, self._file.sid, self._file.runs = new_id(), sid, []
        self.start()

    @property
    def id(self) -> str:
        """What tells this store from all others."""
        return self._file.id

    # what a test does to it

    def start(self) -> None:
        """Be another process from now on."""
        self._file.runs.append(Run(new_id(), self._file.seq + 1))
        self.newest = self._file.stamp

    def saved(self) -> Callable[[str], MemoryStore]:
        """A copy of its file: what this gives opens one for the server of a SID, each time another one."""
        file = self._file.copied()
        return lambda sid: MemoryStore(self._meaning, sid, file.copied())

    @property
    def audits(self) -> Sequence[Audit]:
        """What operators did."""
        return self._file.audits

    def release(self, most: int | None = None) -> None:
        """Do what waits, in its order, or only so much of it; without a number nothing is held any more."""
        self.held = self.held and most is not None
        while self._waiting and most != 0:
            self._waiting[0]()
            self._waiting.popleft()
            most = None if most is None else most - 1

    # Store

    def look(self, seq: int) -> None:
        """Nobody shares it."""

    def load(self, without: Collection[str] = ()) -> Iterable[Record]:
        """All records but those of some fields, those of an entity behind each other."""
        return [
            record
            for _, fields in sorted(self._file.known.items())
            for field, (_, record) in sorted(fields.items())
            if field not in without
        ]

    def stamps(self) -> Iterable[str]:
        """The last stamps of each server and span of time, and those of number 0."""
        last: dict[tuple[str, str, bool], str] = {}
        for record in self.load():
            stamp = record.stamp
            key = stamp[:SPAN], stamp[SERVER], stamp[NUMBER] == FIRST_NUMBER
            last[key] = max(stamp, last.get(key, ""))
        return last.values()

    def write(self, records: Sequence[Record], free: Iterable[tuple[str, int]] = ()) -> Deferred[None]:
        """Write records, all or none."""
        names = tuple(free)

        def job() -> tuple[None, Sequence[Record]]:
            own = {record.entity for record in records}
            for name in names:
                if any(claim.entity not in own for claim in self._file.claims.get(name, {}).values()):
                    raise NameTaken(*name)
            return None, self._take(records)

        return self._writes(job)

    def correct(self, records: Sequence[Record]) -> Deferred[None]:
        """Put records in the place of what is known of their fields and is later."""

        def is_later(record: Record) -> bool:
            known = self._file.known.get(record.entity, {}).get(record.field)
            return known is not None and known[1].stamp > record.stamp

        def job() -> tuple[None, Sequence[Record]]:
            news = list(filter(is_later, records))
            for record in news:
                self._drop(self._file.known[record.entity][record.field][1])
                self._enter(record)
            return None, news

        return self._writes(job)

    def merge(
        self, records: Sequence[Record], store: str, sid: str, position: Position | None
    ) -> Deferred[Sequence[Record]]:
        """Take what is news of a page of another store."""

        def job() -> tuple[Sequence[Record], Sequence[Record]]:
            news = self._take(records)
            if position is not None:
                self._file.peers[store] = position
                self._file.stores[sid] = store
            return news, news

        return self._writes(job)

    def forget(self, before: str) -> Deferred[int]:
        """Forget which fields were removed before that stamp."""

        def job() -> tuple[int, Sequence[Record]]:
            self._file.forgotten = max(self._file.forgotten, before)
            old = [each for each in self._file.order.values() if self._meaning.outdated(each, before)]
            for record in old:
                self._drop(record)
            return len(old), ()

        return self._writes(job)

    def audit(self, by: str, verb: str, about: str, detail: str, at: float) -> Deferred[None]:
        """Note what an operator did."""

        def job() -> tuple[None, Sequence[Record]]:
            self._file.audits.append(Audit(by, verb, about, detail, at))
            return None, ()

        return self._writes(job)

    def forget_audits(self, before: float) -> Deferred[int]:
        """Forget the notes from before then."""

        def job() -> tuple[int, Sequence[Record]]:
            old = [each for each in self._file.audits if each.at < before]
            self._file.audits = self._file.audits[len(old) :]
            return len(old), ()

        return self._writes(job)

    def keep_report(self, key: str, state: str | None) -> Deferred[None]:
        """Keep a report as it is now; None: no more."""

        def job() -> tuple[None, Sequence[Record]]:
            self._file.reports.pop(key, None)
            if state is not None:
                self._file.reports[key] = state
            return None, ()

        return self._writes(job)

    def reports(self) -> Deferred[Sequence[tuple[str, str]]]:
        """All reports that are kept."""
        return self._reads(lambda: list(self._file.reports.items()))

    def post(self, body: str, due: float) -> Deferred[None]:
        """Keep a mail that is to be sent at a Unix time."""

        def job() -> tuple[None, Sequence[Record]]:
            self._file.mails += 1
            self._file.mail[self._file.mails] = Letter(self._file.mails, int(due), 0, body)
            return None, ()

        return self._writes(job)

    def letters(self, due: float, most: int) -> Deferred[Sequence[Letter]]:
        """At most so many mails that are to be sent by then, the first first."""

        def job() -> Sequence[Letter]:
            waiting = sorted(self._file.mail.values(), key=lambda each: (each.due, each.id))
            return [each for each in waiting if each.due <= int(due)][:most]

        return self._reads(job)

    def put_off(self, letter: int, due: float) -> Deferred[None]:
        """Have a mail be sent later."""

        def job() -> tuple[None, Sequence[Record]]:
            if (found := self._file.mail.get(letter)) is not None:
                self._file.mail[letter] = found._replace(due=int(due), tries=found.tries + 1)
            return None, ()

        return self._writes(job)

    def discard(self, letter: int) -> Deferred[None]:
        """Keep a mail no more."""

        def job() -> tuple[None, Sequence[Record]]:
            self._file.mail.pop(letter, None)
            return None, ()

        return self._writes(job)

    def add_parcel(self, hook: str, event: str, body: str, at: float, most: int) -> Deferred[int]:
        """Keep what a hook is to be told; of more than so many the first ones go."""

        def job() -> tuple[int, Sequence[Record]]:
            self._file.parcels += 1
            number, when = self._file.parcels, int(at)
            self._file.outbox[number] = hook, Parcel(number, when, 0, when, event, body)
            mine = [each for each, (of, _) in self._file.outbox.items() if of == hook]
            gone = mine[: max(0, len(mine) - most)]
            for each in gone:
                del self._file.outbox[each]
            return len(gone), ()

        return self._writes(job)

    def parcels(self) -> Deferred[Sequence[tuple[str, int]]]:
        """Which hooks are to be told something, and how much."""
        return self._reads(lambda: list(Counter(hook for hook, _ in self._file.outbox.values()).items()))

    def next_parcel(self, hook: str) -> Deferred[Parcel | None]:
        """What a hook is to be told first."""

        def job() -> Parcel | None:
            mine = [parcel for of, parcel in self._file.outbox.values() if of == hook]
            return min(mine, key=lambda each: (each.due, each.id), default=None)

        return self._reads(job)

    def delay_parcel(self, parcel: int, due: float) -> Deferred[None]:
        """Have a hook be told later."""

        def job() -> tuple[None, Sequence[Record]]:
            if (found := self._file.outbox.get(parcel)) is not None:
                hook, known = found
                self._file.outbox[parcel] = hook, known._replace(due=int(due), tries=known.tries + 1)
            return None, ()

        return self._writes(job)

    def drop_parcel(self, parcel: int) -> Deferred[None]:
        """Keep what a hook was told no more."""

        def job() -> tuple[None, Sequence[Record]]:
            self._file.outbox.pop(parcel, None)
            return None, ()

        return self._writes(job)

    def drop_parcels(self, hook: str) -> Deferred[None]:
        """Keep nothing more that a hook was to be told."""

        def job() -> tuple[None, Sequence[Record]]:
            for each in [each for each, (of, _) in self._file.outbox.items() if of == hook]:
                del self._file.outbox[each]
            return None, ()

        return self._writes(job)

    def audited(self, word: str, since: float, most: int) -> Deferred[Sequence[Audit]]:
        """At most so many notes since then that have a word in them, the newest first."""
        word = word.lower()

        def found(each: Audit) -> bool:
            said = word in each.by.lower() or word in each.about.lower() or word == each.verb.lower()
            return said and each.at >= int(since)

        return self._reads(lambda: list(filter(found, reversed(self._file.audits)))[:most])

    def entity(self, entity: str) -> Deferred[Sequence[Record]]:
        """All that is known of one entity."""
        return self._reads(
            lambda: [record for _, (_, record) in sorted(self._file.known.get(entity, {}).items())]
        )

    def owner(self, folded: str, kind: int) -> Deferred[Sequence[Claim]]:
        """All claims on one name, the first of which has it."""
        return self._reads(
            lambda: sorted(
                self._file.claims.get((folded, kind), {}).values(), key=lambda each: (each.since, each.entity)
            )
        )

    def position(self, store: str) -> Deferred[Position]:
        """How far the other store is read here."""
        return self._reads(lambda: self._file.peers.get(store, NOWHERE))

    def last(self, sid: str) -> Deferred[tuple[str, Position] | None]:
        """The store of a server that was read last, and how far."""

        def job() -> tuple[str, Position] | None:
            store = self._file.stores.get(sid)
            return None if store is None else (store, self._file.peers[store])

        return self._reads(job)

    def begin(self, position: Position) -> Deferred[int]:
        """After which number somebody has to go on reading."""
        return self._reads(lambda: begin(position, self._file.runs))

    def page(self, after: int, most: int) -> Deferred[Page]:
        """At most so many records with a number beyond `after`."""

        def job() -> Page:
            found: list[Record] = []
            for number in self._file.numbers[bisect_right(self._file.numbers, after) :]:
                if number in self._file.order:
                    found.append(self._file.order[number])
                    if len(found) == most:
                        return Page(found, self._file.runs[-1].id, number, self._file.seq)
            return Page(found, self._file.runs[-1].id, self._file.seq, self._file.seq)

        return self._reads(job)

    def bucket(self, kind: str, number: int, behind: tuple[str, str], most: int) -> Deferred[Part]:
        """At most so many records of the entities of a kind whose digest is in one bucket."""

        def job() -> Part:
            found = [
                record
                for entity, fields in sorted(self._file.known.items())
                if entity[0] == kind and bucket(entity) == number
                for field, (_, record) in sorted(fields.items())
                if (entity, field) > behind
            ][:most]
            return Part(found, found[-1][:2] if len(found) == most else None)

        return self._reads(job)

    def digests(self, kind: str) -> Deferred[Sequence[int]]:
        """The 256 digests of a kind."""

        def job() -> Sequence[int]:
            found = [0] * BUCKETS
            for record in self._file.order.values():
                if record.entity[0] == kind:
                    found[bucket(record.entity)] ^= row(record)
            return found

        return self._reads(job)

    # inside

    def _writes(self, job: Callable[[], tuple[R, Sequence[Record]]]) -> Deferred[R]:
        def told() -> R:
            if self.broken:
                raise StoreError(CANNOT_WRITE)
            result, news = job()
            if news:
                self.taken(news)
            return result

        return self._do(told)

    def _reads(self, job: Callable[[], R]) -> Deferred[R]:
        def read() -> R:
            if self.unreadable:
                raise StoreError(CANNOT_READ)
            return job()

        return self._do(read)

    def _do(self, job: Callable[[], R]) -> Deferred[R]:
        if not self.held and not self._waiting:
            try:
                return succeed(job())
            except (NameTaken, StoreError) as error:
                return fail(error)
        answer: Deferred[R] = Deferred()

        def later() -> None:
            try:
                result = job()
            except (NameTaken, StoreError) as error:
                answer.errback(error)
            else:
                answer.callback(result)

        self._waiting.append(later)
        return answer

    def _take(self, records: Sequence[Record]) -> Sequence[Record]:
        return [record for record in records if self._took(record)]

    def _took(self, record: Record) -> bool:
        """Take `record` if it is news."""
        ending = self._meaning.ending
        fields = self._file.known.get(record.entity, {})
        if record.field != ending and ending in fields and self._meaning.ends(fields[ending][1]):
            return False
        if self._file.forgotten and self._meaning.outdated(record, self._file.forgotten):
            return False
        known = fields[record.field][1] if record.field in fields else None
        if not self._meaning.is_news(record, known):
            return False
        dropped = [each for _, each in fields.values()] if self._meaning.ends(record) else [known]
        for each in dropped:
            if each is not None:
                self._drop(each)
        self._enter(record)
        return True

    def _enter(self, record: Record) -> None:
        self._file.seq += 1
        self._file.stamp = max(self._file.stamp, record.stamp)
        self._file.known.setdefault(record.entity, {})[record.field] = self._file.seq, record
        self._file.order[self._file.seq] = record
        self._file.numbers.append(self._file.seq)
        claim = self._meaning.claim(record)
        if claim is not None:
            names = self._file.claims.setdefault((claim.folded, claim.kind), {})
            names[record.entity, record.field] = claim

    def _drop(self, record: Record) -> None:
        fields = self._file.known[record.entity]
        number, _ = fields.pop(record.field)
        if not fields:
            del self._file.known[record.entity]
        del self._file.order[number]
        claim = self._meaning.claim(record)
        if claim is not None:
            del self._file.claims[claim.folded, claim.kind][record.entity, record.field]
