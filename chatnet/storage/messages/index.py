"""The index of words, by FTS5: which message has them, and of which target and person it is.

The target is a word of its own column, so that the index itself passes over what somebody may not see.  It
has no texts, but takes them from the table of messages; so what is deleted has to be told to it before, as it
was.  https://sqlite.org/fts5.html#external_content_tables
"""

from __future__ import annotations

import sqlite3
from typing import Final, Literal, NamedTuple

Search = Literal["off", "words", "trigrams"]

TOKENIZERS: Final = {"words": "unicode61 remove_diacritics 2", "trigrams": "trigram"}
_VIEW: Final = (
    "CREATE VIEW IF NOT EXISTS findable AS SELECT id, text, 't' || target || ';' || "
    "CASE WHEN person IS NULL THEN '' ELSE 'a' || person || ';' END AS place "
    "FROM message WHERE kind IN (1, 2)"
)
_TABLE: Final = (
    "CREATE VIRTUAL TABLE found USING fts5 (text, place, content='findable', content_rowid='id', "
    "columnsize=0, tokenize='{}')"
)
_ADD: Final = "INSERT INTO found (rowid, text, place) SELECT id, text, place FROM findable WHERE id"
ADD: Final = f"{_ADD} BETWEEN :first AND :last"
DROP: Final = (
    "INSERT INTO found (found, rowid, text, place) "
    "SELECT 'delete', id, text, place FROM findable WHERE id = :id_ AND id >= :since"
)
MERGE: Final = "INSERT INTO found (found, rank) VALUES ('merge', :pages)"


class Index(NamedTuple):
    """What index there is; all messages whose number is at least `since` are in it."""

    search: Search
    since: int = 0


def is_there(connection: sqlite3.Connection) -> bool:
    """Whether this library has FTS5."""
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.chatnet_try USING fts5 (text)")
    except sqlite3.OperationalError:
        return False
    connection.execute("DROP TABLE temp.chatnet_try")
    return True


def make(connection: sqlite3.Connection, search: Search) -> None:
    """Have an index of that kind in which nothing is yet."""
    remove(connection)
    connection.execute(_VIEW)
    connection.execute(_TABLE.format(TOKENIZERS[search]))


def remove(connection: sqlite3.Connection) -> None:
    """Have none."""
    connection.execute("DROP TABLE IF EXISTS found")
