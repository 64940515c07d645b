"""What a server keeps in its data folder: accounts (or a copy of a database of them), and what was said."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatnet.node import Clock
from chatnet.records.meaning import RecordMeaning
from chatnet.settings import HistorySettings, Settings
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.keep import DAY, Keep
from chatnet.storage.messages.store import FILE as MESSAGES
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.persons.store import FILE as PEOPLE
from chatnet.storage.persons.store import PersonStore
from chatnet.storage.store import FILE, SQLiteStore, open_store
from chatnet.wire.casemap import folder


def store_in(
    data: Path, settings: Settings, now: Callable[[], Settings], clock: Clock, reactor: Any
) -> SQLiteStore:
    """The store in the data folder, made if need be.  It blocks; raises StoreError.

    ``now`` gives the settings in force.
    """
    options: dict[str, Any] = {
        "call": reactor.callFromThread,
        "timeout": lambda: now().storage.timeout,
        "monotonic": clock.monotonic,
        "now": clock.time,
    }
    return _opened(data, settings, serving=True, **options)


def messages_in(
    data: Path, settings: Settings, now: Callable[[], Settings], clock: Clock, reactor: Any
) -> tuple[SQLiteMessages, bool]:
    """The store of what is said, and whether it was made just now.

    It is a file in the data folder, or a database.  It blocks; raises StoreError.  ``now`` gives the settings
    in force.
    """
    options: dict[str, Any] = {
        "call": reactor.callFromThread,
        "search": settings.history.search,
        "readers": settings.history.readers,
        "waiting": lambda: now().history.waiting,
        "most_targets": lambda: now().history.search_targets,
        "queue_bytes": lambda: now().history.queue_bytes,
        "keep": lambda: kept(now().history),
        "timeout": lambda: now().history.query_timeout,
        "query_timeout": lambda: now().history.query_timeout,
        "drain_timeout": lambda: now().history.drain_timeout,
        "fold": folder(settings.server.casemapping),
        "monotonic": clock.monotonic,
        "now": clock.time,
    }
    path = data / MESSAGES
    if settings.messages_url is not None:
        return _in_database(data, settings, spool_bytes=lambda: now().history.spool_bytes, **options)
    if (data / SPOOL).exists():
        raise StoreError(
            f"Messages wait in {data / SPOOL} for a database that history.store does not name any more: "
            "start the server with it once, or move the file away."
        )
    is_new = not path.exists()
    return open_messages(path, alone=True, full=settings.history.sync == "full", **options), is_new


def people_in(data: Path, now: Callable[[], Settings], clock: Clock, reactor: Any) -> PersonStore:
    """The store of who is always on, in the data folder."""
    return PersonStore(
        data / PEOPLE,
        reactor.callFromThread,
        clock.monotonic,
        clock.time,
        lambda: now().history.drain_timeout,
    )


def messages_beside(
    data: Path, settings: Settings, *, database: bool = True, make: bool = False
) -> SQLiteMessages:
    """The same for a program beside the server, whose answers are there at once.

    Without `database` it is the file, whatever is configured; with `make` a database may be empty.
    """
    if database and settings.messages_url is not None:
        store, _ = _in_database(data, settings, serving=make)
        return store
    return open_messages(data / MESSAGES, serving=False, full=settings.history.sync == "full")


def _in_database(data: Path, settings: Settings, **options: Any) -> tuple[SQLiteMessages, bool]:
    from chatnet.storage.messages.database.store import open_database  # an extra that not everybody has

    assert settings.messages_url is not None
    store = open_database(
        settings.messages_url.get_secret_value(),
        sid=settings.server.sid,
        file=data / MESSAGES,
        spool=data / SPOOL,
        full=settings.history.sync == "full",
        patience=settings.history.query_timeout,
        **options,
    )
    return store, store.is_new


def kept(settings: HistorySettings) -> Keep:
    """How long what is kept."""
    return Keep(
        channels=settings.channels_keep * DAY,
        channels_most=settings.channels_most * DAY,
        direct=settings.direct_keep * DAY,
        orphan=settings.orphan_keep * DAY,
        tombstones=settings.tombstone_least * DAY,
        marks=settings.mark_keep * DAY,
        marks_most=settings.marks,
        erasures=settings.erasure_keep * DAY,
    )


def store_beside(data: Path, settings: Settings) -> SQLiteStore:
    """The store of accounts for a program beside the server, whose answers are there at once."""
    return _opened(data, settings, serving=False, timeout=lambda: settings.storage.timeout)


def renumber(settings: Settings) -> None:
    """Have all read the database of several servers anew: it was restored.  Raises StoreError."""
    if settings.storage.url is None:
        raise StoreError(
            "No database is configured (storage.url): a file is restored by putting it in its place."
        )
    from chatnet.storage.founding import renumber_at  # an extra that not everybody has

    casemapping = settings.server.casemapping
    url, meaning = settings.storage.url.get_secret_value(), RecordMeaning(folder(casemapping))
    renumber_at(url, meaning, casemapping, settings.storage.timeout, time.monotonic)


def _opened(data: Path, settings: Settings, **options: Any) -> SQLiteStore:
    path, casemapping, url = data / FILE, settings.server.casemapping, settings.storage.url
    meaning = RecordMeaning(folder(casemapping))
    options |= {"sid": settings.server.sid, "casemapping": casemapping}
    if url is None:
        return open_store(path, meaning, **options)
    from chatnet.storage.shared import open_shared  # an extra that not everybody has

    return open_shared(path, url.get_secret_value(), meaning, patience=settings.storage.timeout, **options)
