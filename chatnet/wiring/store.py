"""The store of the accounts that a server keeps: a file in its data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatnet.node import Clock
from chatnet.records.meaning import RecordMeaning
from chatnet.settings import Settings
from chatnet.storage.store import FILE, SQLiteStore, open_store
from chatnet.wire.casemap import folder


def store_in(
    data: Path, settings: Settings, now: Callable[[], Settings], clock: Clock, reactor: Any
) -> SQLiteStore:
    """The store in the data folder, made if need be.  It blocks; raises StoreError.

    ``now`` gives the settings in force.
    """
    casemapping = settings.server.casemapping
    return open_store(
        data / FILE,
        RecordMeaning(folder(casemapping)),
        sid=settings.server.sid,
        casemapping=casemapping,
        serving=True,
        call=reactor.callFromThread,
        timeout=lambda: now().storage.timeout,
        monotonic=clock.monotonic,
        now=clock.time,
    )


def store_beside(data: Path, settings: Settings) -> SQLiteStore:
    """The same for a program beside the server, whose answers are there at once."""
    casemapping = settings.server.casemapping
    return open_store(
        data / FILE,
        RecordMeaning(folder(casemapping)),
        sid=settings.server.sid,
        casemapping=casemapping,
        serving=False,
    )
