"""The tables that messages are kept in, and all that is asked of them, as SQL.

Text has the order of its code points (BINARY in SQLite, COLLATE "C" in PostgreSQL), as positions have.  What
is bound for each message is bound by place, all else by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Select,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from chatnet.storage.messages.rows import CLOSED, LAST, OURS, RANKS, Place
from chatnet.storage.messages.speech import BY_PLACE, SQLITE, Speech
from chatnet.storage.messages.texts import written
from chatnet.storage.tables import TEXT

SCHEMA: Final = "0001"
"""The version of all this; ``migrations/`` lead to it."""

HISTORY: Final = MetaData()


VERSION: Final = Table("history_version", HISTORY, Column("version_num", String(32), primary_key=True))
"""One row: the schema that the file has, where Alembic looks for it."""

FACT: Final = Table(
    "fact",
    HISTORY,
    Column("key", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""`heard`: when the last group was written, in milliseconds.  `search`: what kind of index there is;
`indexed`: of which message on, by its number, it has all."""

PERSON: Final = Table(
    "person",
    HISTORY,
    Column("id", Integer, primary_key=True),
    Column("key", TEXT, nullable=False, unique=True),
)

TARGET: Final = Table(
    "target",
    HISTORY,
    Column("id", Integer, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("other", TEXT, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("shown", TEXT, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("heard", BigInteger),
    Column("span", BigInteger),
    Column("since", TEXT),
    Column("kept", BigInteger, nullable=False, server_default="0"),
    Column("into_id", Integer),
    UniqueConstraint("kind", "name", "other", "ts"),
)
"""The fields of ``rows.Target``; `kept` is when `span` was changed last.  While rows of one are brought to
another, `into_id` says to which."""
Index("target_other", TARGET.c.other, sqlite_where=TARGET.c.other != "")
Index("target_into", TARGET.c.into_id, sqlite_where=TARGET.c.into_id.is_not(None))

MESSAGE: Final = Table(
    "message",
    HISTORY,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("target", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("msgid", TEXT, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("person", Integer),
    Column("source", TEXT, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("refers", TEXT),
    Column("extra", TEXT),
)
"""Its number is about its time: see ``numbers``."""
Index("message_place", MESSAGE.c.target, MESSAGE.c.at, MESSAGE.c.msgid, unique=True)
Index("message_refers", MESSAGE.c.target, MESSAGE.c.refers, sqlite_where=MESSAGE.c.refers.is_not(None))

ODD_ID: Final = Table(
    "odd_id",
    HISTORY,
    Column("target", Integer, primary_key=True),
    Column("msgid", TEXT, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Ids that do not tell the time of their message, or not well enough."""

REDACTION: Final = Table(
    "redaction",
    HISTORY,
    Column("target", Integer, primary_key=True),
    Column("redacted", TEXT, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("msgid", TEXT, nullable=False),
    Column("person", Integer),
    Column("source", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("flags", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("redaction_at", REDACTION.c.target, REDACTION.c.at)
_SIGNED: Final = ("at", "msgid", "person", "source", "reason", "flags")
"""What one redaction of a message has that another one has not."""

STAY: Final = Table(
    "stay",
    HISTORY,
    Column("target", Integer, primary_key=True),
    Column("person", Integer, primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("stay_open", STAY.c.target, sqlite_where=STAY.c.until == LAST)

GAP: Final = Table(
    "gap",
    HISTORY,
    Column("target", Integer, primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("sid", TEXT, primary_key=True),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

MARK: Final = Table(
    "mark",
    HISTORY,
    Column("person", Integer, primary_key=True),
    Column("spot", TEXT, primary_key=True),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

ERASURE: Final = Table(
    "erasure",
    HISTORY,
    Column("key", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("other", TEXT, primary_key=True),
    Column("ts", BigInteger, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("stamp", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""What was erased of an account, of all places if their columns are empty; both the greatest told."""

ERASING: Final = Table(
    "erasing",
    HISTORY,
    Column("id", Integer, primary_key=True),
    Column("target", Integer),
    Column("person", Integer),
    Column("until", BigInteger, nullable=False),
)
"""What is erased and still has to be deleted: of one target or all, by one person or all."""

BROUGHT: Final = "m"
"""The kind of a target whose rows are brought to another one."""

COLUMNS: Final = (
    MESSAGE.c.at,
    MESSAGE.c.msgid,
    MESSAGE.c.kind,
    MESSAGE.c.flags,
    PERSON.c.key,
    MESSAGE.c.source,
    MESSAGE.c.text,
    MESSAGE.c.refers,
    MESSAGE.c.extra,
)
"""The fields of ``rows.Row`` behind its place."""


made: Final = SQLITE.made


def named(place: Place) -> dict[str, object]:
    """A place, to look for it."""
    return {
        "kind_": place.kind,
        "name_": written(place.name),
        "other_": written(place.other),
        "ts_": place.ts,
    }


def labelled(place: Place, shown: str | None = None) -> dict[str, object]:
    """A place and its name as it is written, to be noted; None: of that nobody has told."""
    if shown is None:
        shown = place.other if place.kind == "g" else place.name
    return {
        "kind": place.kind,
        "name": written(place.name),
        "other": written(place.other),
        "ts": place.ts,
        "shown": written(shown),
    }


@cache
def creation(dialect: Dialect) -> tuple[str, ...]:
    """The statements that make all tables and indexes, but for the index of words."""
    made: list[str] = []
    for table in HISTORY.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    return tuple(made)


class Statements:
    """What is asked of the tables, as a database is spoken to."""

    def __init__(self, speech: Speech = SQLITE) -> None:
        self.speech: Final = speech
        given: Any = bindparam
        insert, made, greatest = speech.insert, speech.made, speech.greatest
        person, target, message, odd = PERSON.c, TARGET.c, MESSAGE.c, ODD_ID.c
        redaction, stay, mark = REDACTION.c, STAY.c, MARK.c

        self.version = made(select(VERSION.c.version_num))
        self.add_version = made(insert(VERSION))
        self.facts = made(select(FACT.c.key, FACT.c.value))
        self.state = made(
            insert(FACT)
            .values(key=given("key"), value=given("value"))
            .on_conflict_do_update(index_elements=["key"], set_={"value": given("value")})
        )

        self.figures = (
            made(select(func.count()).select_from(MESSAGE)),
            "PRAGMA page_count",
            "PRAGMA page_size",
            made(select(func.count()).select_from(GAP)),
        )

        # people and targets

        self.person = made(select(person.id).where(person.key == given("key_")))
        self.add_person = made(insert(PERSON).values(key=given("key")).returning(person.id))
        place = (
            target.kind == given("kind_"),
            target.name == given("name_"),
            target.other == given("other_"),
            target.ts == given("ts_"),
        )
        this_target = target.id == given("target_")
        whole = (
            target.kind,
            target.name,
            target.other,
            target.ts,
            target.shown,
            target.began,
            target.ended,
            target.heard,
            target.span,
            target.since,
        )
        self.target_id = made(select(target.id).where(*place))
        self.target = made(select(*whole).where(*place, target.into_id.is_(None)))
        talks = (
            target.into_id.is_(None),
            or_(
                (target.kind == "d") & (target.name == given("key_")),
                (target.kind == "g") & (target.name == given("key_")),
                (target.kind == "d") & (target.other != "") & (target.other == given("key_")),
            ),
        )
        self.targets = made(select(*whole).where(*talks).order_by(target.id))
        self.talk_ids = made(select(target.id).where(*talks))
        self.channels = made(
            select(*whole)
            .where(target.kind == "c", target.name == given("name_"), target.into_id.is_(None))
            .order_by(target.ts)
        )
        self.standing = made(
            select(*whole)
            .where(target.kind == "c", target.ended.is_(None), target.into_id.is_(None))
            .order_by(target.id)
        )
        self.parts = made(select(target.id).where(target.into_id == given("into")))
        self.add_target = made(
            insert(TARGET)
            .values(
                kind=given("kind"),
                name=given("name"),
                other=given("other"),
                ts=given("ts"),
                shown=given("shown"),
                began=given("began"),
            )
            .returning(target.id)
        )
        self.note_target = made(
            insert(TARGET)
            .values({name: given(name) for name in ("kind", "name", "other", "ts", "shown", "began")})
            .on_conflict_do_nothing()
        )
        self.hear = made(
            update(TARGET).where(this_target).values(shown=given("shown"), ended=None, heard=None)
        )
        self.silence = made(
            update(TARGET).where(this_target).values(heard=func.coalesce(target.heard, given("at")))
        )
        self.silence_all = made(
            update(TARGET)
            .where(target.kind == "c", target.heard.is_(None), target.ended.is_(None))
            .values(heard=given("at"))
        )
        self.end = made(
            update(TARGET)
            .where(this_target)
            .values(
                ended=func.coalesce(target.ended, given("at")), heard=func.coalesce(target.heard, given("at"))
            )
        )
        self.keep = made(
            update(TARGET)
            .where(
                this_target,
                or_(
                    target.span.is_distinct_from(given("span")), target.since.is_distinct_from(given("since"))
                ),
            )
            .values(span=given("span"), since=given("since"), kept=given("at"))
        )

        self.label = made(
            update(TARGET)
            .where(this_target)
            .values({name: given(name) for name in ("kind", "name", "other", "ts", "shown")})
        )
        self.bring = made(
            update(TARGET)
            .where(this_target)
            .values(kind=BROUGHT, name=given("name"), other="", ts=0, into_id=given("into"))
        )
        self.bring_parts = made(
            update(TARGET).where(target.into_id == given("target_")).values(into_id=given("into"))
        )
        living = ("began", "ended", "heard", "span", "since", "kept")
        self.life = made(select(*(target[name] for name in living)).where(this_target))
        self.live = made(update(TARGET).where(this_target).values({name: given(name) for name in living}))
        first = select(message.id).where(message.target == given("target_")).limit(given("most")).subquery()
        self.count = made(select(func.count()).select_from(first))
        self.relabel = [
            (relabelled, made(delete(table).where(table.c.target == given("target_"))))
            for table, relabelled in (
                (ODD_ID, _relabelled(speech, ODD_ID, {})),
                (STAY, _relabelled(speech, STAY, {"until": greatest})),
                (GAP, _relabelled(speech, GAP, {"until": greatest})),
                (REDACTION, _relabelled(speech, REDACTION, {})),
            )
        ]

        # messages

        self.last_number = made(select(func.coalesce(func.max(message.id), 0)))
        self.last_number_of = made(
            select(func.max(message.id)).where(message.id >= given("first"), message.id < given("end"))
        )
        added = insert(MESSAGE).values({column.name: given(column.name) for column in MESSAGE.columns})
        # To its driver a None is dearer than all else of a row.
        none = {"person": "0", "refers": "''", "extra": "''"}
        bare = added.values({name: func.nullif(given(name), literal_column(no)) for name, no in none.items()})
        self.add = str(bare.on_conflict_do_nothing().compile(dialect=BY_PLACE))
        """Takes the columns by their place, and 0 or an empty text for who and what there is not."""
        self.add_one = made(added.on_conflict_do_nothing().returning(message.id))
        self.add_odd = made(
            insert(ODD_ID)
            .values(target=given("target"), msgid=given("msgid"), at=given("at"))
            .on_conflict_do_nothing()
        )
        self.odd = made(select(odd.at).where(odd.target == given("target_"), odd.msgid == given("msgid_")))
        self.stands = made(
            select(message.id, message.at).where(
                message.target == given("target_"),
                message.at.between(given("low"), given("high")),
                message.msgid == given("msgid_"),
            )
        )
        # Of a new group what was redacted before.
        self.redacted_before = made(
            select(message.id)
            .join(
                REDACTION,
                (redaction.target == message.target) & (redaction.redacted == message.msgid),
            )
            .where(message.id.between(given("first"), given("last")))
        )
        self.delete = made(delete(MESSAGE).where(message.id == given("id_")))
        self.give = made(update(MESSAGE).where(message.id == given("id_")).values(person=given("new")))

        # redactions, stays, marks

        self.is_redacted = made(
            select(redaction.at).where(
                redaction.target == given("target_"), redaction.redacted == given("msgid_")
            )
        )
        self.any_redaction = made(select(redaction.at).limit(1))
        tomb: Any = insert(REDACTION).values(
            {column.name: given(column.name) for column in REDACTION.columns}
        )
        self.redact = made(
            tomb.on_conflict_do_update(
                index_elements=["target", "redacted"],
                set_={name: tomb.excluded[name] for name in _SIGNED},
                where=tuple_(tomb.excluded.at, tomb.excluded.msgid) < tuple_(redaction.at, redaction.msgid),
            )
        )
        self.all_redacted = made(select(redaction.redacted).where(redaction.target == given("into")))
        unsigned = update(REDACTION).values(person=None, source="", reason="")
        by_person = redaction.person == given("person_"), redaction.at <= given("until")
        of_target = redaction.target == given("target_"), redaction.at <= given("until")
        self.unsign = made(unsigned.where(*by_person))
        self.unsign_target = made(unsigned.where(*of_target))
        self.unsign_in_target = made(unsigned.where(*of_target, *by_person[:1]))
        self.deleted = made(
            select(redaction.at, redaction.redacted).where(
                redaction.target == given("target_"),
                redaction.at.between(given("low"), given("high")),
                ~_has(redaction.flags, OURS),
            )
        )
        told = (
            redaction.redacted,
            redaction.at,
            redaction.msgid,
            PERSON.c.key,
            redaction.source,
            redaction.reason,
            redaction.flags,
        )
        redactions = (
            select(*told)
            .outerjoin(PERSON, person.id == redaction.person)
            .where(redaction.target == given("target_"), redaction.at.between(given("low"), given("high")))
            .order_by(redaction.at.desc(), redaction.msgid.desc())
            .limit(given("most"))
        )
        self.redactions = made(redactions)
        self.signed_redactions = made(redactions.where(redaction.source != ""))
        this_stay = (stay.target == given("target_"), stay.person == given("person_"))
        self.stays = made(select(stay.since, stay.until).where(*this_stay).order_by(stay.since))
        self.closed_of = made(
            select(message.id).where(message.target == given("target_"), _has(message.flags, CLOSED))
        )
        self.have_ours = [
            made(
                update(table)
                .where(table.c.target == given("target_"), _has(table.c.flags, CLOSED))
                .values(flags=table.c.flags.op("|")(literal_column(str(OURS))))
            )
            for table in (MESSAGE, REDACTION)
        ]
        self.forget_stays = made(delete(STAY).where(stay.target == given("target_")))
        self.open_stay = made(select(stay.since).where(*this_stay, stay.until == LAST))
        self.come = made(
            insert(STAY)
            .values(target=given("target"), person=given("person"), since=given("at"), until=LAST)
            .on_conflict_do_update(index_elements=["target", "person", "since"], set_={"until": LAST})
        )
        stayed = insert(STAY).values(
            target=given("target"), person=given("person"), since=given("since"), until=given("until")
        )
        self.stay = made(
            stayed.on_conflict_do_update(
                index_elements=["target", "person", "since"],
                set_={"until": given("until")},
                where=stay.until < given("until"),
            )
        )
        self.go = made(
            update(STAY).where(*this_stay, stay.until == LAST).values(until=greatest(stay.since, given("at")))
        )
        self.all_go = made(
            update(STAY)
            .where(stay.target == given("target_"), stay.until == LAST)
            .values(until=greatest(stay.since, given("at")))
        )
        self.nobody_stays = made(
            update(STAY).where(stay.until == LAST).values(until=greatest(stay.since, given("at")))
        )
        self.mark = made(
            insert(MARK)
            .values(person=given("person"), spot=given("spot"), at=given("at"))
            .on_conflict_do_update(
                index_elements=["person", "spot"], set_={"at": given("at")}, where=mark.at < given("at")
            )
        )
        again: Any = insert(MARK).from_select(
            ["person", "spot", "at"],
            select(mark.person, given("to").label("spot"), mark.at).where(mark.spot == given("spot_")),
        )
        self.rename_marks = made(
            again.on_conflict_do_update(
                index_elements=["person", "spot"], set_={"at": greatest(mark.at, again.excluded.at)}
            )
        )
        self.drop_marks = made(delete(MARK).where(mark.spot == given("spot_")))
        oldest = (
            select(mark.spot)
            .where(mark.person == given("person_"))
            .order_by(mark.at.desc(), mark.spot)
            .offset(given("most"))
        )
        self.trim_marks = made(delete(MARK).where(mark.person == given("person_"), mark.spot.in_(oldest)))
        self.marks = made(
            select(mark.spot, mark.at).where(mark.person == given("person_")).order_by(mark.spot)
        )
        self.all_marks = made(
            select(PERSON.c.key, mark.spot, mark.at)
            .join(PERSON, PERSON.c.id == mark.person)
            .where(
                mark.at >= given("since"),
                tuple_(PERSON.c.key, mark.spot) > tuple_(given("key_"), given("spot_")),
            )
            .order_by(PERSON.c.key, mark.spot)
            .limit(given("most"))
        )

        self.add_gap = made(
            insert(GAP)
            .values({column.name: given(column.name) for column in GAP.columns})
            .on_conflict_do_update(
                index_elements=["target", "since", "sid"],
                set_={"until": greatest(GAP.c.until, given("until"))},
            )
        )
        gap = GAP.c
        self.gaps = made(
            select(gap.since, gap.until, gap.sid)
            .where(gap.target == given("target_"), gap.since <= given("high"), gap.until >= given("low"))
            .order_by(gap.since, gap.sid)
        )
        self.all_gaps = made(
            insert(GAP)
            .from_select(
                ["target", "since", "until", "sid"],
                select(
                    target.id, literal_column("0"), given("until").label("until"), literal_column("'*'")
                ).where(target.into_id.is_(None)),
            )
            .on_conflict_do_nothing()
        )

        self.drop_gap = made(
            delete(GAP).where(
                gap.target == given("target_"), gap.since == given("since_"), gap.sid == given("sid_")
            )
        )

        # erasing

        gone: Any = insert(ERASURE).values(
            key=given("key"),
            kind=given("kind_"),
            name=given("name_"),
            other=given("other_"),
            ts=given("ts_"),
            until=given("until"),
            stamp=given("stamp"),
        )
        erasure, erasing = ERASURE.c, ERASING.c
        self.erase = made(
            gone.on_conflict_do_update(
                index_elements=["key", "kind", "name", "other", "ts"],
                set_={
                    "until": greatest(erasure.until, gone.excluded.until),
                    "stamp": greatest(erasure.stamp, gone.excluded.stamp),
                },
            )
        )
        self.erasures = made(
            select(ERASURE).where(erasure.stamp > given("stamp_")).order_by(erasure.stamp, erasure.key)
        )
        self.add_erasing = made(
            insert(ERASING).values(target=given("target"), person=given("person"), until=given("until"))
        )
        # The first one is at work, and has passed what it would have to look at again.
        waits = erasing.id > select(func.min(erasing.id)).scalar_subquery()
        self.drop_same_erasing = made(
            delete(ERASING).where(
                waits,
                erasing.target.is_not_distinct_from(given("target", type_=Integer)),
                erasing.person.is_not_distinct_from(given("person", type_=Integer)),
                erasing.until <= given("until"),
            )
        )
        self.next_erasing = made(
            select(erasing.id, erasing.target, erasing.person, erasing.until).order_by(erasing.id).limit(1)
        )
        self.drop_erasing = made(delete(ERASING).where(erasing.id == given("id_")))
        self.erased_of_target = made(
            select(message.id)
            .where(message.target == given("target_"), message.at <= given("until"))
            .limit(given("most"))
        )
        self.erased_of_person = made(
            select(message.id).where(
                message.id > given("low"),
                message.id <= given("high"),
                message.person == given("person_"),
                or_(given("target_", type_=Integer).is_(None), message.target == given("target_")),
                message.at <= given("until"),
            )
        )
        self.window = made(
            select(message.id)
            .where(message.id > given("last"))
            .order_by(message.id)
            .limit(1)
            .offset(given("skip"))
        )

        # what can wait

        self.brought = made(select(target.id, target.into_id).where(target.into_id.is_not(None)).limit(1))
        self.some_of = made(select(message.id).where(message.target == given("target_")).limit(given("most")))
        self.move = made(
            update(MESSAGE)
            .where(message.id == given("id_"))
            .values(target=given("into"))
            .prefix_with("OR IGNORE")
        )
        self.is_of = made(
            select(message.id).where(message.id == given("id_"), message.target == given("target_"))
        )
        self.drop_target = made(delete(TARGET).where(this_target))
        self.before = made(
            select(message.id)
            .where(message.id < given("since"))
            .order_by(message.id.desc())
            .limit(1)
            .offset(given("skip"))
        )
        self.next_targets = made(
            select(target.id, target.kind, target.span, target.kept, target.began, target.ended)
            .where(target.id > given("behind"), target.into_id.is_(None))
            .order_by(target.id)
            .limit(given("most"))
        )
        self.old_messages = made(
            select(message.id)
            .where(message.target == given("target_"), message.at < given("at_"))
            .order_by(message.at)
            .limit(given("most"))
        )
        self.old_of_target = [
            made(delete(table).where(table.c.target == given("target_"), is_old))
            for table, is_old in (
                (REDACTION, redaction.at < given("tombs")),
                (ODD_ID, odd.at < given("tombs")),
                (STAY, stay.until < given("at_")),
                (GAP, gap.until < given("at_")),
            )
        ]
        self.old_marks = made(delete(MARK).where(mark.at < given("at_")))
        self.many_marks = made(select(mark.person).group_by(mark.person).having(func.count() > given("most")))
        newest = (
            select(mark.spot)
            .where(mark.person == given("person_"))
            .order_by(mark.at.desc(), mark.spot)
            .limit(given("most"))
        )
        self.more_marks = made(delete(MARK).where(mark.person == given("person_"), mark.spot.not_in(newest)))
        self.old_erasures = made(delete(ERASURE).where(erasure.until < given("at_")))

        # reading messages

        self.said = Both(
            select(message.at, message.msgid).where(
                message.target == given("target_"),
                message.at.between(given("low"), given("high")),
                ~_has(message.flags, OURS),
            ),
            speech,
        )
        self.any_erasing = made(select(ERASING.c.id).limit(1))
        self.newest = Both(self._page(newest=True), speech)
        self.oldest = Both(self._page(newest=False), speech)
        self.exact = Both(
            _rows().where(
                message.target == given("target_"),
                message.at == given("at_"),
                message.msgid == given("msgid_"),
            ),
            speech,
        )
        # The index is a table of SQLite's own.
        named = ", ".join(
            f"{'m' if column.table is MESSAGE else 'person'}.{column.name}" for column in COLUMNS
        )
        self.found = {
            newest: (
                f"SELECT m.target, m.person, {named} FROM found JOIN message m ON m.id = found.rowid "
                "LEFT JOIN person ON person.id = m.person "
                "WHERE found MATCH :match AND found.rowid BETWEEN :first AND :last "
                f"ORDER BY found.rowid {'DESC' if newest else 'ASC'}"
            )
            for newest in (True, False)
        }
        self.erasing = made(select(ERASING.c.target, ERASING.c.person, ERASING.c.until))
        # Ordered by a sum, and not by the column, or SQLite would go through all that was said in the place,
        # from the newest on, for each message of a page.
        self.reactions = Both(
            _rows()
            .where(message.target == given("target_"), message.refers == given("msgid_"), *_seen())
            .order_by((message.at + literal_column("0")).desc(), message.msgid.desc()),
            speech,
        )

    @staticmethod
    def _page(*, newest: bool) -> Select[Any]:
        """Messages from one position on up to another, not included."""
        given: Any = bindparam
        place = tuple_(MESSAGE.c.at, MESSAGE.c.msgid)
        order = (MESSAGE.c.at.desc(), MESSAGE.c.msgid.desc()) if newest else (MESSAGE.c.at, MESSAGE.c.msgid)
        return (
            _rows()
            .where(
                MESSAGE.c.target == given("target_"),
                place >= tuple_(given("low"), given("low_id")),
                place < tuple_(given("high"), given("high_id")),
                *_seen(),
            )
            .order_by(*order)
            .limit(given("most"))
        )


def _has(flags: ColumnElement[int], flag: int) -> ColumnElement[bool]:
    """Whether a row has this one flag."""
    return flags.op("&")(literal_column(str(flag))) != 0


def _relabelled(speech: Speech, table: Table, greater: Mapping[str, Any]) -> str:
    """Note rows of a target for another one too; of some columns the greater holds that is there."""
    given: Any = bindparam
    names = [column.name for column in table.columns]
    columns = [given("into").label("target") if name == "target" else table.c[name] for name in names]
    into: Any = speech.insert(table).from_select(
        names, select(*columns).where(table.c.target == given("target_"))
    )
    keys = [column.name for column in table.primary_key.columns]
    if table is REDACTION:
        return speech.made(into.on_conflict_do_update(index_elements=keys, **_first_tomb(into)))
    if not greater:
        return speech.made(into.on_conflict_do_nothing())
    chosen = {name: choose(table.c[name], into.excluded[name]) for name, choose in greater.items()}
    return speech.made(into.on_conflict_do_update(index_elements=keys, set_=chosen))


def _first_tomb(tomb: Any) -> dict[str, Any]:
    """Of two redactions of one message the first holds, whichever came first: the same one on all servers."""
    new, known = tomb.excluded, REDACTION.c
    return {
        "set_": {name: new[name] for name in _SIGNED},
        "where": tuple_(new.at, new.msgid) < tuple_(known.at, known.msgid),
    }


def _rows() -> Select[Any]:
    return select(*COLUMNS).select_from(MESSAGE).outerjoin(PERSON, PERSON.c.id == MESSAGE.c.person)


def _seen() -> tuple[ColumnElement[bool], ...]:
    """Which of the messages are of the kinds that are wanted, and shown to whoever asks."""
    given: Any = bindparam
    kind, flags = MESSAGE.c.kind, MESSAGE.c.flags
    ranks = flags.op(">>")(RANKS)
    return (
        given("kinds").op("&")(literal_column("1").op("<<")(kind)) != 0,
        flags.op("&")(given("hidden")) == 0,
        or_(flags < 1 << RANKS, ranks.op("&")(given("ranks")) != 0, PERSON.c.key == given("author")),
    )


class Both:
    """A statement about messages, as it is while nothing waits to be deleted, and while something does."""

    def __init__(self, statement: Select[Any], speech: Speech = SQLITE) -> None:
        erasing, message = ERASING.c, MESSAGE.c
        waits = exists().where(
            or_(erasing.target.is_(None), erasing.target == message.target),
            or_(erasing.person.is_(None), erasing.person == message.person),
            message.at <= erasing.until,
        )
        self.plain: Final = speech.made(statement)
        self.without_erased: Final = speech.made(statement.where(~waits))


@cache
def statements_in(speech: Speech) -> Statements:
    """Those of all files of this process: to make them takes longer than all else as a file is opened."""
    return Statements(speech)
