"""How PostgreSQL is spoken to, and what it has instead of what only SQLite has.

Of one database several servers may be users.  What they hear is the same, whoever writes it; which channels
they hear, and what they may have missed, is noted for each.
"""

from __future__ import annotations

import string
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import func
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import dialect

from chatnet.storage.messages.rows import LAST
from chatnet.storage.messages.speech import Speech
from chatnet.storage.messages.tables import COLUMNS, HISTORY, MESSAGE, Statements, creation

POSTGRESQL: Final = Speech(
    dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy does not type it
    postgresql.insert,
    r"%\({}\)s(?:::\w+)?",
    func.greatest,
)
LINE: Final = "line"
"""A fact: whoever writes locks its row first.  Its value is another one once something that others remember
is so no more."""
_PUNCTUATION: Final = string.punctuation.replace("'", "''").replace("%", "%%")
_SPACES: Final = " " * len(string.punctuation)


def _words(text: str) -> str:
    """The words of a message, and as further ones its target and author, as no text can have them.

    Between words are spaces: or the database would find names of files, tags and addresses.
    """
    return (
        f"to_tsvector('simple', translate({text}, '{_PUNCTUATION}', '{_SPACES}')) || array_to_tsvector("
        "CASE WHEN person IS NULL THEN ARRAY['t' || target || ';'] "
        "ELSE ARRAY['t' || target || ';', 'a' || person || ';'] END)"
    )


_TYPES: Final = {
    "id": "bigint",
    "target": "integer",
    "at": "bigint",
    "msgid": "text",
    "kind": "smallint",
    "flags": "integer",
    "person": "integer",
    "source": "text",
    "text": "text",
    "refers": "text",
    "extra": "text",
}


FIELDS: Final = tuple(_TYPES)
"""Those of ``keeping.Bound``, in order."""
NUMBERS: Final = frozenset(name for name, kind in _TYPES.items() if kind != "text")
"""Those of them that are numbers."""


def foundation() -> list[str]:
    """The statements that make all tables and indexes."""
    for table in HISTORY.tables.values():
        for index in table.indexes:
            # Said there, this would have everybody load what is for PostgreSQL.
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    return [
        *creation(POSTGRESQL.dialect),
        "ALTER TABLE message ADD COLUMN words tsvector",
        "CREATE INDEX message_words ON message USING gin (words)",
        'ALTER TABLE gap ADD COLUMN server TEXT COLLATE "C" NOT NULL, DROP CONSTRAINT gap_pkey, '
        "ADD PRIMARY KEY (target, since, sid, server)",
        'CREATE TABLE hearing (target INTEGER, server TEXT COLLATE "C", ended BIGINT, heard BIGINT, '
        "PRIMARY KEY (target, server))",
        f"INSERT INTO fact (key, value) VALUES ('{LINE}', '0')",
    ]


class _Several(NamedTuple):
    """As ``tables.Both``, of a statement about many places."""

    plain: str
    without_erased: str


BOUNDS: Final = {
    "target_": "integer",
    "low": "bigint",
    "low_id": "text",
    "high": "bigint",
    "high_id": "text",
    "hidden": "integer",
    "ranks": "integer",
    "author": "text",
}
"""What is bound in a page of one place, and is of each place in :attr:`DatabaseStatements.lasts`."""


def _last_of_several(page: str) -> str:
    """The last message of each of many pages, by the number that the page has among them."""
    for name, kind in BOUNDS.items():
        column = f'(each.{name} COLLATE "C")' if kind == "text" else f"each.{name}"
        page = page.replace(f"%({name})s", column)
    page = page.replace("%(most)s", "1")
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in BOUNDS.items())
    return (
        f"SELECT each.number, last.at, last.msgid FROM unnest({arrays}) WITH ORDINALITY "
        f"AS each ({', '.join(BOUNDS)}, number) CROSS JOIN LATERAL ({page}) AS last"
    )


class DatabaseStatements(Statements):
    """What is asked by the server `sid`."""

    def __init__(self, sid: str) -> None:
        super().__init__(POSTGRESQL)
        me = f"'{sid}'"
        self.lock = f"SELECT value FROM fact WHERE key = '{LINE}' FOR UPDATE"
        self.change = f"UPDATE fact SET value = %(value)s WHERE key = '{LINE}'"

        names = ", ".join(_TYPES)
        arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in _TYPES.items())
        words = f"CASE WHEN %(found)s AND kind IN (1, 2) THEN {_words('coalesce(plain, text)')} END"
        self.add = (
            f"INSERT INTO message ({names}, words) SELECT {names}, {words} "
            f"FROM unnest({arrays}, %(plain)s::text[]) AS told ({names}, plain) ON CONFLICT DO NOTHING"
        )
        unfound = "id BETWEEN %(first)s AND %(last)s AND kind IN (1, 2) AND words IS NULL"
        self.find = f"UPDATE message SET words = {_words('text')} WHERE {unfound}"
        self.strange = f"SELECT id, text FROM message WHERE {unfound} AND octet_length(text) > length(text)"
        self.find_one = f"UPDATE message SET words = {_words('%(plain)s::text')} WHERE id = %(id_)s"
        self.move = (
            "UPDATE message SET target = %(into)s, words = NULL WHERE id = %(id_)s AND NOT EXISTS ("
            "SELECT 1 FROM message other WHERE other.target = %(into)s AND other.at = message.at "
            "AND other.msgid = message.msgid)"
        )
        self.give = "UPDATE message SET person = %(new)s, words = NULL WHERE id = %(id_)s"

        # who hears what

        others = f"FROM hearing WHERE hearing.target = %(target_)s AND server <> {me}"
        self.hear = (
            f"WITH mine AS (INSERT INTO hearing (target, server) VALUES (%(target_)s, {me}) "
            "ON CONFLICT (target, server) DO UPDATE SET ended = NULL, heard = NULL) "
            "UPDATE target SET shown = %(shown)s, ended = NULL, heard = NULL WHERE id = %(target_)s"
        )
        note = (
            "INSERT INTO hearing (target, server, ended, heard) "
            f"VALUES (%(target_)s, {me}, {{}}, %(at)s) ON CONFLICT (target, server) DO UPDATE "
            "SET heard = coalesce(hearing.heard, excluded.heard), "
            "ended = coalesce(hearing.ended, excluded.ended)"
        )
        heard = f"heard = CASE WHEN EXISTS (SELECT 1 {others} AND heard IS NULL) THEN heard "
        heard += "ELSE coalesce(heard, %(at)s) END"
        ended = f"ended = CASE WHEN EXISTS (SELECT 1 {others} AND ended IS NULL) THEN ended "
        ended += "ELSE coalesce(ended, %(at)s) END"
        self.silence = (
            f"WITH mine AS ({note.format('NULL')}) UPDATE target SET {heard} WHERE id = %(target_)s"
        )
        self.end = (
            f"WITH mine AS ({note.format('%(at)s')}) UPDATE target SET {heard}, {ended} "
            "WHERE id = %(target_)s"
        )
        hears = "SELECT 1 FROM hearing WHERE hearing.target = stay.target AND heard IS NULL AND server"
        self.nobody_stays = (
            f"UPDATE stay SET until = greatest(since, %(at)s) WHERE until = {LAST} "
            f"AND EXISTS ({hears} = {me}) AND NOT EXISTS ({hears} <> {me})"
        )
        self.all_go += " AND EXISTS (SELECT 1 FROM target WHERE id = %(target_)s AND heard IS NOT NULL)"
        standing = (
            f" AND (EXISTS (SELECT 1 FROM hearing WHERE hearing.target = target.id AND server = {me} "
            "AND hearing.ended IS NULL) "
            "OR NOT EXISTS (SELECT 1 FROM hearing WHERE hearing.target = target.id)) ORDER BY"
        )
        self.standing = self.standing.replace(" ORDER BY", standing).replace(" \nORDER BY", standing)
        both = "target IN (%(old)s, %(new)s)"
        self.live_on = (
            f"UPDATE hearing SET ended = NULL, heard = NULL WHERE {both} "
            f"AND 2 > (SELECT count(DISTINCT target) FROM hearing WHERE {both})"
        )
        self.drop_target = (
            "WITH gone AS (DELETE FROM hearing WHERE hearing.target = %(target_)s) "
            "DELETE FROM target WHERE id = %(target_)s"
        )
        # what may be missing

        self.add_gap = (
            f"INSERT INTO gap (target, since, sid, until, server) "
            f"VALUES (%(target)s, %(since)s, %(sid)s, %(until)s, {me}) "
            "ON CONFLICT (target, since, sid, server) DO UPDATE "
            "SET until = greatest(gap.until, excluded.until)"
        )
        self.gaps = (
            f"SELECT since, until, sid FROM gap WHERE target = %(target_)s AND server = {me} "
            "AND since <= %(high)s AND until >= %(low)s ORDER BY since, sid"
        )
        self.drop_gap = (
            f"DELETE FROM gap WHERE target = %(target_)s AND server = {me} "
            "AND since = %(since_)s AND sid = %(sid_)s"
        )
        self.relabel = [
            *((move, drop) for move, drop in self.relabel if " gap " not in f"{move} "),
            (
                "INSERT INTO gap (target, since, sid, until, server) "
                "SELECT %(into)s, since, sid, until, server FROM gap WHERE target = %(target_)s "
                "ON CONFLICT (target, since, sid, server) DO UPDATE "
                "SET until = greatest(gap.until, excluded.until)",
                "DELETE FROM gap WHERE target = %(target_)s",
            ),
            (
                "INSERT INTO hearing (target, server, ended, heard) "
                "SELECT %(into)s, server, ended, heard FROM hearing WHERE target = %(target_)s "
                "ON CONFLICT (target, server) DO UPDATE SET "
                "ended = CASE WHEN hearing.ended IS NULL OR excluded.ended IS NULL THEN NULL "
                "ELSE greatest(hearing.ended, excluded.ended) END, "
                "heard = CASE WHEN hearing.heard IS NULL OR excluded.heard IS NULL THEN NULL "
                "ELSE greatest(hearing.heard, excluded.heard) END",
                "DELETE FROM hearing WHERE target = %(target_)s",
            ),
        ]

        # words

        fields = ", ".join(
            f"{'m' if column.table is MESSAGE else 'person'}.{column.name}" for column in COLUMNS
        )
        self.hits = {
            newest: (
                f"SELECT m.id, m.target, m.person, {fields} FROM message m "
                "LEFT JOIN person ON person.id = m.person "
                "WHERE m.target = ANY (%(targets)s) AND m.words @@ ({query}) "
                "AND m.id BETWEEN %(first)s AND %(last)s "
                f"ORDER BY m.id {'DESC' if newest else 'ASC'} LIMIT %(most)s"
            )
            for newest in (True, False)
        }
        self.many = (
            "SELECT t.kind, t.name, t.other, t.ts, t.id, part.id FROM unnest("
            "%(kinds)s::text[], %(names)s::text[], %(others)s::text[], %(stamps)s::bigint[]) "
            "AS place (kind, name, other, ts) JOIN target t USING (kind, name, other, ts) "
            "LEFT JOIN target part ON part.into_id = t.id"
        )
        self.stays_of = (
            "SELECT target, since, until FROM stay "
            "WHERE target = ANY(%(targets)s::integer[]) AND person = %(person_)s"
        )
        self.lasts = _Several(
            _last_of_several(self.newest.plain), _last_of_several(self.newest.without_erased)
        )
        self.ends = "SELECT min(id), max(id) FROM message"


@cache
def statements_of(sid: str) -> DatabaseStatements:
    """Those of a server, made once for a process."""
    return DatabaseStatements(sid)
