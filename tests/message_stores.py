"""Stores of messages of each kind: a file, and a database where there is PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from postgresql_server import PASSWORD, Postgres

from chatnet.storage.messages.store import SQLiteMessages, open_messages

KINDS: Final = ("file", "database")
Make = Callable[..., SQLiteMessages]
"""Opens a store with such settings as ``open_messages`` has: the same one each time."""


def opener(request: pytest.FixtureRequest, folder: Path, kind: str, sid: str = "0AA") -> Make:
    """Opens a new store of that kind, in a folder or in a database of its own."""
    if kind == "file":
        return lambda **options: open_messages(folder / "history.sqlite", **options)
    postgres: Postgres = request.getfixturevalue("postgres")
    return in_database(postgres.url(postgres.database(), "chat", PASSWORD), sid)


def in_database(url: str, sid: str = "0AA") -> Make:
    """Opens the store of a server in that database."""

    def made(**options: Any) -> SQLiteMessages:
        from chatnet.storage.messages.database.store import open_database  # which needs psycopg

        return open_database(url, sid=sid, **options)

    return made
