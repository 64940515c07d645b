"""All that is read of a store, within one transaction that sees it as it is at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from chatnet.storage.connection import Connection
from chatnet.storage.digests import BUCKETS, bucket
from chatnet.storage.interfaces import LOOKED_AT, NOWHERE, Letter, Page, Parcel, Part, Position
from chatnet.storage.record import Audit, Claim, Record
from chatnet.storage.runs import Run, begin
from chatnet.storage.tables import Statements
from chatnet.storage.transaction import unsigned


class Reading:
    """What the reader's jobs may ask."""

    def __init__(self, connection: Connection, statements: Statements) -> None:
        self.connection = connection
        self._statements = statements

    def all(self, without: Collection[str]) -> Iterator[Record]:
        """All records but those of some fields, those of an entity behind each other."""
        return map(Record._make, self.connection.execute(self._statements.all(without)))

    def stamps(self) -> Iterator[str]:
        """The last stamps of each server and span of time, and those of number 0."""
        for last in self.connection.execute(self._statements.stamps):
            yield from filter(None, last)

    def fact(self, key: str) -> str:
        """What the store says of itself."""
        value: str = dict(self.connection.execute(self._statements.facts))[key]
        return value

    def entity(self, entity: str) -> Sequence[Record]:
        """All that is known of one entity."""
        return list(map(Record._make, self.connection.execute(self._statements.entity, {"entity_": entity})))

    def owner(self, folded: str, kind: int) -> Sequence[Claim]:
        """All claims on one name, the first of which has it."""
        rows = self.connection.execute(self._statements.claims, {"folded_": folded, "kind_": kind})
        return list(map(Claim._make, rows))

    def position(self, store: str) -> Position:
        """How far the other store is read here."""
        row = self.connection.execute(self._statements.peer, {"store_": store}).fetchone()
        return NOWHERE if row is None else Position._make(row)

    def last(self, sid: str) -> tuple[str, Position] | None:
        """The store of a server that was read last, and how far."""
        row = self.connection.execute(self._statements.last, {"sid_": sid}).fetchone()
        return None if row is None else (row[0], Position._make(row[1:]))

    def begin(self, position: Position) -> int:
        """After which number somebody has to go on reading."""
        return begin(position, list(map(Run._make, self.connection.execute(self._statements.runs))))

    def page(self, after: int, most: int, run: str) -> Page:
        """At most so many records with a number beyond `after`."""
        head = int(self.fact("seq"))
        where = {"after": after, "most": most, "skip": 0}
        rows = list(self.connection.execute(self._statements.page, where))
        # Whoever has the last page has all there is, though what had the last number may be gone.
        seq = rows[-1][0] if len(rows) == most else head
        return Page([Record._make(row[1:]) for row in rows], run, seq, head)

    def bucket(self, kind: str, number: int, behind: tuple[str, str], most: int) -> Part:
        """At most so many records of a bucket; see ``Store.bucket``."""
        first, end = max(kind, behind[0]), chr(ord(kind) + 1)
        where = {"first": first, "next_kind": end, "most": LOOKED_AT, "skip": 0}
        ids = [entity for (entity,) in self.connection.execute(self._statements.entities, where)]
        found: list[Record] = []
        for each in ids:
            if bucket(each) == number:
                after = behind[1] if each == behind[0] else ""
                rest = {"entity_": each, "behind": after, "most": most - len(found), "skip": 0}
                found += map(Record._make, self.connection.execute(self._statements.fields, rest))
                if len(found) == most:
                    return Part(found, (each, found[-1].field))
        # A space is in no id: behind this are the next ones.
        return Part(found, (ids[-1] + " ", "") if len(ids) == LOOKED_AT else None)

    def digests(self, kind: str) -> Sequence[int]:
        """The 256 digests of a kind."""
        found = [0] * BUCKETS
        for number, digest in self.connection.execute(self._statements.digests, {"kind_": kind}):
            found[number] = unsigned(digest)
        return found

    def audited(self, word: str, since: int, most: int) -> Sequence[Audit]:
        """At most so many notes since then that have a word in them, the newest first."""
        where = {"word": word.lower(), "since": since, "most": most, "skip": 0}
        return list(map(Audit._make, self.connection.execute(self._statements.audited, where)))

    def reports(self) -> Sequence[tuple[str, str]]:
        """All reports that are kept."""
        return [(key, state) for key, state in self.connection.execute(self._statements.reports)]

    def parcels(self) -> Sequence[tuple[str, int]]:
        """Which hooks are to be told something, and how much."""
        return [(hook, count) for hook, count in self.connection.execute(self._statements.parcels)]

    def next_parcel(self, hook: str) -> Parcel | None:
        """What a hook is to be told first."""
        where = {"hook_": hook, "most": 1, "skip": 0}
        return next(map(Parcel._make, self.connection.execute(self._statements.next_parcel, where)), None)

    def letters(self, due: int, most: int) -> Sequence[Letter]:
        """At most so many mails that are to be sent by then, the first first."""
        where = {"until": due, "most": most, "skip": 0}
        return list(map(Letter._make, self.connection.execute(self._statements.due_mail, where)))
