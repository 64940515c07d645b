"""The tables that accounts and registered channels are kept in, and all that is asked of them, as SQL.

Text has the order of its code points (BINARY in SQLite, COLLATE "C" in PostgreSQL): records are compared by
it.  Statements are made once for a dialect, and run on the driver's own connection, which costs half as
much.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement

from chatnet.storage.record import FIRST_NUMBER, NUMBER, SERVER, SPAN

SCHEMA: Final = "0003"
"""The version of all this; ``migrations/`` lead to it."""

ACCOUNTS: Final = MetaData()

TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")

VERSION: Final = Table("accounts_version", ACCOUNTS, Column("version_num", String(32), primary_key=True))
"""One row: the schema that the file has, where Alembic looks for it."""

RECORD: Final = Table(
    "record",
    ACCOUNTS,
    Column("entity", TEXT, primary_key=True),
    Column("field", TEXT, primary_key=True),
    Column("value", TEXT),
    Column("stamp", TEXT, nullable=False),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""`seq` is the number of its arrival in this store: a record moves to the end at each change."""
Index("record_seq", RECORD.c.seq, unique=True)

CLAIM: Final = Table(
    "claim",
    ACCOUNTS,
    Column("entity", TEXT, primary_key=True),
    Column("field", TEXT, primary_key=True),
    Column("folded", TEXT, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("since", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""The names that are asked for, as the records say: of one name the first by (since, entity) has it."""
Index("claim_name", CLAIM.c.folded, CLAIM.c.kind)

BUCKET: Final = Table(
    "bucket",
    ACCOUNTS,
    Column("kind", TEXT, primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("digest", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Digests, as signed numbers; all 256 of a kind that there is, or none."""

STORE: Final = Table(
    "store",
    ACCOUNTS,
    Column("key", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""`id`; `sid` and `casemapping` of whose it is; `seq`, the highest number given out; `stamp`, the greatest
that was taken; `forgotten`, before which no removal is taken.  A database of several servers has no `sid`;
the file of one of them, which is a copy of it, has a `copy`, and the `id` of the database."""

RUN: Final = Table(
    "run",
    ACCOUNTS,
    Column("number", Integer, primary_key=True),
    Column("run", TEXT, nullable=False),
    Column("first", BigInteger, nullable=False),
)
"""One row for each start of a server."""

PEER: Final = Table(
    "peer",
    ACCOUNTS,
    Column("store", TEXT, primary_key=True),
    Column("sid", TEXT, nullable=False),
    Column("run", TEXT),
    Column("seq", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far the stores of others are read here; `at` is the Unix time of that."""

MAIL: Final = Table(
    "mail",
    ACCOUNTS,
    Column("id", Integer, primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("body", TEXT, nullable=False),
)
"""Of this server alone: what is to be sent."""

AUDIT: Final = Table(
    "audit",
    ACCOUNTS,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", TEXT, nullable=False),
    Column("verb", TEXT, nullable=False),
    Column("about", TEXT, nullable=False),
    Column("detail", TEXT, nullable=False),
)
"""Of this server alone: what operators did, without secrets."""

REPORT: Final = Table(
    "report",
    ACCOUNTS,
    Column("key", TEXT, primary_key=True),
    Column("state", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""Of this server alone: what people reported, as JSON (``services/reports.py``), by the id of each."""

OUTBOX: Final = Table(
    "outbox",
    ACCOUNTS,
    Column("id", Integer, primary_key=True),
    Column("hook", TEXT, nullable=False),
    Column("event", TEXT, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("body", TEXT, nullable=False),
)
"""Of this server alone: what hooks are to be told (``api/hooks/outgoing.py``)."""
Index("outbox_hook", OUTBOX.c.hook, OUTBOX.c.due)


@cache
def creation(dialect: Dialect) -> tuple[str, ...]:
    """The statements that make all tables and indexes."""
    made: list[str] = []
    for table in ACCOUNTS.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    return tuple(made)


class Statements:
    """What is asked of the tables, in the words of a dialect; parameters have names."""

    def __init__(self, dialect: Dialect) -> None:
        def made(statement: ClauseElement) -> str:
            return str(statement.compile(dialect=dialect))

        self._dialect = dialect
        given: Any = bindparam
        record, claim, whole = (
            RECORD.c,
            CLAIM.c,
            (RECORD.c.entity, RECORD.c.field, RECORD.c.stamp, RECORD.c.value),
        )
        this_record = (record.entity == given("entity_"), record.field == given("field_"))

        self.version = made(select(VERSION.c.version_num))
        self.lock_version = made(select(VERSION.c.version_num).with_for_update())
        self.add_version = made(insert(VERSION))

        self.known = made(select(*whole).where(*this_record))
        self.entity = made(select(*whole).where(record.entity == given("entity_")).order_by(record.field))
        self.page = made(
            select(record.seq, *whole)
            .where(record.seq > given("after"))
            .order_by(record.seq)
            .limit(given("most"))
            .offset(given("skip"))
        )
        self.beyond = made(select(*whole).where(record.seq > given("after")).order_by(record.seq))
        self.entities = made(
            select(record.entity)
            .distinct()
            .where(record.entity >= given("first"), record.entity < given("next_kind"))
            .order_by(record.entity)
            .limit(given("most"))
            .offset(given("skip"))
        )
        self.fields = made(
            select(*whole)
            .where(record.entity == given("entity_"), record.field > given("behind"))
            .order_by(record.field)
            .limit(given("most"))
            .offset(given("skip"))
        )
        self.removed = made(select(*whole).where(record.value.is_(None), record.stamp < given("before")))
        self.of_kind = made(
            select(*whole).where(record.entity >= given("first"), record.entity < given("next_kind"))
        )
        self.add_record = made(insert(RECORD))
        self.change_record = made(
            update(RECORD)
            .where(*this_record)
            .values(stamp=given("stamp"), value=given("value"), seq=given("seq"))
        )
        self.drop_record = made(delete(RECORD).where(*this_record))

        # The last stamps of each server and span of time, and those of number 0, which may be none.
        stamp = record.stamp
        server = func.substr(stamp, SERVER.start + 1, SERVER.stop - SERVER.start)
        number = func.substr(stamp, NUMBER.start + 1, NUMBER.stop - NUMBER.start)
        span = func.substr(stamp, 1, SPAN)
        of_first = func.max(case((number == FIRST_NUMBER, stamp)))
        stamps = select(func.max(stamp), of_first).group_by(server, span)
        self.stamps = str(stamps.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

        self.claims = made(
            select(claim.folded, claim.kind, claim.since, claim.entity)
            .where(claim.folded == given("folded_"), claim.kind == given("kind_"))
            .order_by(claim.since, claim.entity, claim.field)
        )
        self.add_claim = made(insert(CLAIM))
        self.drop_claim = made(
            delete(CLAIM).where(claim.entity == given("entity_"), claim.field == given("field_"))
        )

        self.all_digests = made(select(BUCKET.c.kind, BUCKET.c.number, BUCKET.c.digest))
        self.digests = made(select(BUCKET.c.number, BUCKET.c.digest).where(BUCKET.c.kind == given("kind_")))
        this_bucket = (BUCKET.c.kind == given("kind_"), BUCKET.c.number == given("number_"))
        self.digest = made(select(BUCKET.c.digest).where(*this_bucket))
        self.add_digest = made(insert(BUCKET))
        # a XOR b is (a OR b) - (a AND b), and that cannot overflow; not all dialects have an operator for it.
        digest, change = BUCKET.c.digest, given("change", type_=BigInteger)
        self.change_digest = made(
            update(BUCKET)
            .where(*this_bucket)
            .values(digest=digest.bitwise_or(change) - digest.bitwise_and(change))
        )

        self.facts = made(select(STORE.c.key, STORE.c.value))
        self.lock = made(select(STORE.c.value).where(STORE.c.key == given("key_")).with_for_update())
        self.add_fact = made(insert(STORE))
        self.change_fact = made(
            update(STORE).where(STORE.c.key == given("key_")).values(value=given("value"))
        )

        self.runs = made(select(RUN.c.run, RUN.c.first).order_by(RUN.c.number))
        self.add_run = made(insert(RUN).values(run=given("run"), first=given("first")))
        self.drop_runs = made(delete(RUN))
        self.drop_peers = made(delete(PEER))
        self.drop_all = tuple(made(delete(table)) for table in (RECORD, CLAIM, BUCKET, RUN, PEER))

        this_peer = PEER.c.store == given("store_")
        self.peer = made(select(PEER.c.run, PEER.c.seq, PEER.c.head).where(this_peer))
        self.last = made(
            select(PEER.c.store, PEER.c.run, PEER.c.seq, PEER.c.head)
            .where(PEER.c.sid == given("sid_"))
            .order_by(PEER.c.at.desc())
        )
        self.add_peer = made(insert(PEER))
        self.change_peer = made(
            update(PEER)
            .where(this_peer)
            .values(sid=given("sid"), run=given("run"), seq=given("seq"), head=given("head"), at=given("at"))
        )

        mail = MAIL.c
        self.add_mail = made(
            insert(MAIL).values(due=given("due"), tries=literal_column("0"), body=given("body"))
        )
        self.due_mail = made(
            select(mail.id, mail.due, mail.tries, mail.body)
            .where(mail.due <= given("until"))
            .order_by(mail.due, mail.id)
            .limit(given("most"))
            .offset(given("skip"))
        )
        this_mail = mail.id == given("id_")
        self.delay_mail = made(
            update(MAIL).where(this_mail).values(due=given("due"), tries=mail.tries + literal_column("1"))
        )
        self.drop_mail = made(delete(MAIL).where(this_mail))

        box = OUTBOX.c
        of_hook = box.hook == given("hook_")
        self.add_parcel = made(
            insert(OUTBOX).values(
                hook=given("hook"),
                event=given("event"),
                at=given("at"),
                due=given("at"),
                tries=literal_column("0"),
                body=given("body"),
            )
        )
        self.count_parcels = made(select(func.count(box.id)).where(of_hook))
        first = select(box.id).where(of_hook).order_by(box.id).limit(given("most")).offset(given("skip"))
        self.drop_first_parcels = made(delete(OUTBOX).where(box.id.in_(first)))
        self.parcels = made(select(box.hook, func.count(box.id)).group_by(box.hook))
        self.next_parcel = made(
            select(box.id, box.due, box.tries, box.at, box.event, box.body)
            .where(of_hook)
            .order_by(box.due, box.id)
            .limit(given("most"))
            .offset(given("skip"))
        )
        this_parcel = box.id == given("id_")
        self.delay_parcel = made(
            update(OUTBOX).where(this_parcel).values(due=given("due"), tries=box.tries + literal_column("1"))
        )
        self.drop_parcel = made(delete(OUTBOX).where(this_parcel))
        self.drop_parcels = made(delete(OUTBOX).where(of_hook))

        self.add_audit = made(
            insert(AUDIT).values(
                at=given("at"),
                by=given("by"),
                verb=given("verb"),
                about=given("about"),
                detail=given("detail"),
            )
        )
        audit = AUDIT.c
        oldest = select(audit.id).order_by(audit.id).limit(given("most")).offset(given("skip"))
        self.drop_audits = made(delete(AUDIT).where(audit.at < given("before"), audit.id.in_(oldest)))
        self.audited = made(
            select(audit.by, audit.verb, audit.about, audit.detail, audit.at)
            .where(
                audit.at >= given("since"),
                or_(
                    func.instr(func.lower(audit.by), given("word")) > literal_column("0"),
                    func.instr(func.lower(audit.about), given("word")) > literal_column("0"),
                    func.lower(audit.verb) == given("word"),
                ),
            )
            .order_by(audit.id.desc())
            .limit(given("most"))
            .offset(given("skip"))
        )

        report = REPORT.c
        self.reports = made(select(report.key, report.state))
        self.add_report = made(insert(REPORT))
        self.drop_report = made(delete(REPORT).where(report.key == given("key_")))

    def all(self, without: Collection[str]) -> str:
        """All records but those of some fields, those of an entity behind each other."""
        record = RECORD.c
        asked = select(record.entity, record.field, record.stamp, record.value)
        asked = asked.where(record.field.not_in(sorted(without))).order_by(record.entity, record.field)
        return str(asked.compile(dialect=self._dialect, compile_kwargs={"literal_binds": True}))


@cache
def statements_in(dialect: Dialect) -> Statements:
    """Those of all stores of this process: to make them takes longer than all else as a store is opened."""
    return Statements(dialect)
