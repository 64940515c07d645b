"""A program that writes records into a file without end, and says which were answered: a line each.

python storage_writer.py FILE [URL]

With a URL the file is a copy of that database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from storage_calls import Calls
from storage_kinds import MEANING, named

from chatnet.records.claims import NAMES
from chatnet.records.grammar import new_entity
from chatnet.storage.record import Record
from chatnet.storage.store import SQLiteStore, open_store

AT_A_TIME = 20


def write(store: SQLiteStore, calls: Calls) -> None:
    """Register somebody, then change their password, say so, and go on with the next one."""
    entity = new_entity("a")
    record = named(entity, entity, 5)

    def registered(_: object) -> None:
        os.write(1, f"{entity}\n".encode())
        store.write([Record(entity, "verifier", record.stamp, entity)]).addCallback(changed)

    def changed(_: object) -> None:
        os.write(1, f"{entity} verifier\n".encode())
        write(store, calls)

    store.write([record, Record(entity, "seen", record.stamp, "1")], [(entity, NAMES)]).addCallback(
        registered
    )


def main() -> None:
    """Write until the end."""
    calls = Calls()
    path, *database = sys.argv[1:]
    opened: Callable[..., SQLiteStore] = open_store
    if database:
        from chatnet.storage.shared import open_shared as opened  # which needs psycopg
    options = {"sid": "0AA", "casemapping": "rfc1459", "serving": True, "call": calls}
    store = opened(Path(path), *database, MEANING, **options)
    for _ in range(AT_A_TIME):
        write(store, calls)
    store.start()
    while True:
        calls.one()


if __name__ == "__main__":
    main()
