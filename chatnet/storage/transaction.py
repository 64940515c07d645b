"""One transaction that writes: all that the writer's jobs may do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from chatnet.storage.connection import Connection
from chatnet.storage.digests import BUCKETS, bucket, row
from chatnet.storage.interfaces import Meaning, NameTaken, Position
from chatnet.storage.record import Record
from chatnet.storage.tables import Statements

_HALF: Final = 1 << 63
OLDEST: Final = 1000
"""Notes that are looked at whether they are to be forgotten, in one transaction."""
MANY: Final = 3
"""Records of one entity, for which it is cheaper to ask for all of its fields at once."""


def signed(digest: int) -> int:
    """64 bits as a column has them."""
    return digest - 2 * _HALF if digest >= _HALF else digest


def unsigned(number: int) -> int:
    """What :func:`signed` was given."""
    return number % (2 * _HALF)


class Extract(NamedTuple):
    """What a database has of records with numbers beyond `after`, in their order, and as of when.

    `rows` are all up to number `seq`; if there may be `more` there are others behind.
    """

    after: int
    rows: Sequence[tuple[int, Record]]
    seq: int
    stamp: str
    forgotten: str
    more: bool


class Gap(Exception):
    """What is to be copied does not follow what is here, which ends at number `seq`."""

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


class Mark(NamedTuple):
    """Where a transaction stands, to go back to."""

    seq: int
    stamp: str
    forgotten: str
    news: int
    digests: dict[tuple[str, int], int]


class Transaction:
    """Writes records, with their numbers, claims and digests; what belongs to all of it is written by `end`.

    `news` is what was taken, and what :meth:`catch_up` found.
    """

    def __init__(self, connection: Connection, statements: Statements, meaning: Meaning) -> None:
        self.connection = connection
        self._statements = statements
        self._meaning = meaning
        facts = dict(connection.execute(statements.facts))
        self._facts = facts
        self.seq = int(facts["seq"])
        self.stamp: str = facts["stamp"]
        self.forgotten: str = facts["forgotten"]
        self.news: list[Record] = []
        self._digests: dict[tuple[str, int], int] = {}
        self._counted, self._bucket = "", ("", 0)  # the entity that was counted last, and its bucket

    def catch_up(self, seen: int) -> None:
        """What others wrote is news as well: what has a number beyond `seen`, which is known here."""
        if self.seq > seen:
            self.news += map(Record._make, self.connection.execute(self._statements.beyond, {"after": seen}))

    def mark(self) -> Mark:
        """What `back_to` takes."""
        return Mark(self.seq, self.stamp, self.forgotten, len(self.news), dict(self._digests))

    def back_to(self, mark: Mark) -> None:
        """Forget what was noted since; the connection is told by who has it."""
        self.seq, self.stamp, self.forgotten = mark.seq, mark.stamp, mark.forgotten
        del self.news[mark.news :]
        self._digests = mark.digests

    # jobs

    def write(self, records: Sequence[Record], free: Iterable[tuple[str, int]]) -> None:
        """Take records, if nobody but their entities asks for the names that are to be `free`."""
        own = {record.entity for record in records}
        for folded, kind in free:
            claims = self.connection.execute(self._statements.claims, {"folded_": folded, "kind_": kind})
            if any(entity not in own for _, _, _, entity in claims):
                raise NameTaken(folded, kind)
        self.take(records)

    def correct(self, records: Sequence[Record]) -> None:
        """Put records in the place of what is known of their fields and is later."""
        sheet, numbers = _Sheet(self.connection, self._statements), dict[Record, int]()
        for record in records:
            known = sheet.known(record.entity, record.field)
            if known is not None and known.stamp > record.stamp:
                sheet.now[record.entity, record.field] = record
                self.seq += 1
                numbers[record] = self.seq
        self._keep(sheet, numbers)
        self.news += numbers

    def merge(
        self, records: Sequence[Record], store: str, sid: str, position: Position | None, at: int
    ) -> Sequence[Record]:
        """Take what is news, and note how far the other `store` is read."""
        news = self.take(records)
        if position is not None:
            self.note(store, sid, position, at)
        return news

    def note(self, store: str, sid: str, position: Position, at: int) -> None:
        """Note how far another store is read, as of the Unix time `at`."""
        values = {"sid": sid, "at": at, **position._asdict()}
        if not self.connection.execute(self._statements.change_peer, {"store_": store, **values}).rowcount:
            self.connection.execute(self._statements.add_peer, {"store": store, **values})

    def forget(self, before: str) -> int:
        """Forget which fields were removed before that stamp, and what ended before."""
        self.forgotten = max(self.forgotten, before)
        execute = self.connection.execute
        old = set(map(Record._make, execute(self._statements.removed, {"before": before})))
        for kind in self._meaning.mortal:
            mortal = execute(self._statements.of_kind, {"first": kind, "next_kind": chr(ord(kind) + 1)})
            old.update(each for each in map(Record._make, mortal) if self._meaning.outdated(each, before))
        sheet = _Sheet(self.connection, self._statements)
        for record in old:
            sheet.before[record[:2]], sheet.now[record[:2]] = record, None
        self._keep(sheet, {})
        return len(old)

    def audit(self, by: str, verb: str, about: str, detail: str, at: int) -> None:
        """Note what an operator did."""
        self.connection.execute(
            self._statements.add_audit, {"at": at, "by": by, "verb": verb, "about": about, "detail": detail}
        )

    def forget_audits(self, before: int) -> int:
        """Forget some of the notes from before then: of the oldest, so that no other ones are looked at."""
        which = {"before": before, "most": OLDEST, "skip": 0}
        return self.connection.execute(self._statements.drop_audits, which).rowcount

    def keep_report(self, key: str, state: str | None) -> None:
        """Keep a report as it is now; None: no more."""
        self.connection.execute(self._statements.drop_report, {"key_": key})
        if state is not None:
            self.connection.execute(self._statements.add_report, {"key": key, "state": state})

    def post(self, body: str, due: int) -> None:
        """Keep a mail that is to be sent at a Unix time."""
        self.connection.execute(self._statements.add_mail, {"body": body, "due": due})

    def put_off(self, letter: int, due: int) -> None:
        """Have a mail be sent later."""
        self.connection.execute(self._statements.delay_mail, {"id_": letter, "due": due})

    def discard(self, letter: int) -> None:
        """Keep a mail no more."""
        self.connection.execute(self._statements.drop_mail, {"id_": letter})

    def add_parcel(self, hook: str, event: str, body: str, at: int, most: int) -> int:
        """Keep what a hook is to be told; of more than so many the first ones go.  How many went."""
        self.connection.execute(
            self._statements.add_parcel, {"hook": hook, "event": event, "at": at, "body": body}
        )
        ((count,),) = self.connection.execute(self._statements.count_parcels, {"hook_": hook})
        if count <= most:
            return 0
        which = {"hook_": hook, "most": count - most, "skip": 0}
        return self.connection.execute(self._statements.drop_first_parcels, which).rowcount

    def delay_parcel(self, parcel: int, due: int) -> None:
        """Have a hook be told later."""
        self.connection.execute(self._statements.delay_parcel, {"id_": parcel, "due": due})

    def drop_parcel(self, parcel: int) -> None:
        """Keep what a hook was told no more."""
        self.connection.execute(self._statements.drop_parcel, {"id_": parcel})

    def drop_parcels(self, hook: str) -> None:
        """Keep nothing more that a hook was to be told."""
        self.connection.execute(self._statements.drop_parcels, {"hook_": hook})

    def take(self, records: Sequence[Record]) -> Sequence[Record]:
        """Take what is news of these, in their order, and answer with that."""
        sheet = self._sheet(records)
        meaning, ending, news = self._meaning, self._meaning.ending, list[Record]()
        numbers: dict[Record, int] = {}
        forgotten = self.forgotten
        for record in records:
            entity, field, _, _ = record
            if field != ending:
                end = sheet.known(entity, ending)
                if end is not None and meaning.ends(end):
                    continue
            if forgotten and meaning.outdated(record, forgotten):
                continue
            if not meaning.is_news(record, sheet.known(entity, field)):
                continue
            if meaning.ends(record):
                sheet.clear(entity)
            sheet.now[entity, field] = record
            self.seq += 1
            numbers[record] = self.seq
            news.append(record)
        self._keep(sheet, numbers)
        self.news += news
        self.stamp = max(chain((self.stamp,), (record.stamp for record in news)))
        return news

    def copy(self, extract: Extract) -> None:
        """Have here what stands in the database that this is a copy of, under the numbers it has there.

        What is here already is left out, for another process may have copied it.  Raises :class:`Gap`.
        """
        if self.seq < extract.after:
            raise Gap(self.seq)
        rows = [(number, record) for number, record in extract.rows if number > self.seq]
        sheet, numbers = self._sheet([record for _, record in rows]), dict[Record, int]()
        for number, record in rows:
            sheet.known(record.entity, record.field)
            if self._meaning.ends(record):
                sheet.clear(record.entity)
            sheet.now[record.entity, record.field] = record
            numbers[record] = number
        self._keep(sheet, numbers)
        self.news += numbers
        self.seq = max(self.seq, extract.seq)
        self.stamp = max(chain((self.stamp, extract.stamp), (record.stamp for record in numbers)))
        if extract.forgotten > self.forgotten:
            self.forget(extract.forgotten)

    def _sheet(self, records: Sequence[Record]) -> _Sheet:
        sheet = _Sheet(self.connection, self._statements)
        for entity, number in Counter(record.entity for record in records).items():
            if number >= MANY:
                sheet.read(entity)
        return sheet

    def _keep(self, sheet: _Sheet, numbers: Mapping[Record, int]) -> None:
        """Have the tables say what the `sheet` says."""
        rows = _Changes()
        names = _Changes()
        for key, new in sheet.now.items():
            old = sheet.before[key]
            if new is old:
                continue
            where: dict[str, object] = {"entity_": key[0], "field_": key[1]}
            if old is not None:
                self._count(old)
                if self._meaning.claim(old) is not None:
                    names.drop.append(where)
            if new is None:
                rows.drop.append(where)
                continue
            self._count(new)
            values = {"stamp": new.stamp, "value": new.value, "seq": numbers[new]}
            if old is None:
                rows.add.append({"entity": new.entity, "field": new.field, **values})
            else:
                rows.change.append({**where, **values})
            claim = self._meaning.claim(new)
            if claim is not None:
                names.add.append({"field": new.field, **claim._asdict()})
        many, statements = self.connection.executemany, self._statements
        many(statements.drop_record, rows.drop)
        many(statements.change_record, rows.change)
        many(statements.add_record, rows.add)
        many(statements.drop_claim, names.drop)
        many(statements.add_claim, names.add)

    def _count(self, record: Record) -> None:
        """Have the digest of its bucket be with it, or without it if it was."""
        entity = record.entity
        if entity != self._counted:
            self._counted, self._bucket = entity, (entity[0], bucket(entity))
        self._digests[self._bucket] = self._digests.get(self._bucket, 0) ^ row(record)

    # the end

    def end(self) -> None:
        """Write what belongs to the whole of it."""
        execute, statements = self.connection.execute, self._statements
        for kind in {kind for kind, _ in self._digests}:
            if execute(statements.digest, {"kind_": kind, "number_": 0}).fetchone() is None:
                new = [{"kind": kind, "number": number, "digest": 0} for number in range(BUCKETS)]
                self.connection.executemany(statements.add_digest, new)
        changes = [
            {"kind_": kind, "number_": number, "change": signed(digest)}
            for (kind, number), digest in self._digests.items()
        ]
        self.connection.executemany(statements.change_digest, changes)
        for key, value in (("seq", str(self.seq)), ("stamp", self.stamp), ("forgotten", self.forgotten)):
            if value != self._facts[key]:
                execute(statements.change_fact, {"key_": key, "value": value})


class _Sheet:
    """What is known of the fields that some records touch: in the tables, and with these records."""

    __slots__ = ("_connection", "_statements", "_whole", "before", "now")

    def __init__(self, connection: Connection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self._whole: set[str] = set()
        self.before: dict[tuple[str, str], Record | None] = {}
        self.now: dict[tuple[str, str], Record | None] = {}

    def known(self, entity: str, field: str) -> Record | None:
        """What holds of a field."""
        key = entity, field
        if key not in self.now:
            found = None
            if entity not in self._whole:
                where = {"entity_": entity, "field_": field}
                found = self._connection.execute(self._statements.known, where).fetchone()
            self.before[key] = self.now[key] = None if found is None else Record._make(found)
        return self.now[key]

    def read(self, entity: str) -> None:
        """Know all fields of an entity, by one question."""
        for found in self._connection.execute(self._statements.entity, {"entity_": entity}):
            record = Record._make(found)
            self.before.setdefault(record[:2], record)
            self.now.setdefault(record[:2], record)
        self._whole.add(entity)

    def clear(self, entity: str) -> None:
        """Nothing holds of an entity any more."""
        self.read(entity)
        for key in self.now:
            if key[0] == entity:
                self.now[key] = None


class _Changes:
    """Rows of a table that are to go, to change, or to come."""

    __slots__ = ("add", "change", "drop")

    def __init__(self) -> None:
        self.add: list[dict[str, object]] = []
        self.change: list[dict[str, object]] = []
        self.drop: list[dict[str, object]] = []
