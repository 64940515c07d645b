"""``chatnet audit``: what operators did on this server, also while it runs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from typing import Final

from chatnet.rules.durations import since_when
from chatnet.settings import Settings
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Audit
from chatnet.storage.store import FILE, SQLiteStore
from chatnet.wire.server_time import minute, written_ms
from chatnet.wire.text import printable
from chatnet.wiring.datafolder import locate
from chatnet.wiring.keeper import KeeperError, ready
from chatnet.wiring.processes.derived import placed
from chatnet.wiring.store import store_beside

ALL: Final = 2**31
"""More notes than there are."""


def run(arguments: argparse.Namespace) -> None:
    """Show them, the oldest first; KeeperError or ConfigError says in a sentence why not."""
    loaded = placed(arguments)
    data, settings = locate(loaded), loaded.settings
    since = 0.0 if arguments.since is None else since_when(arguments.since, time.time())
    if since is None:
        raise KeeperError(f"{arguments.since!r} is no time: a day as 2026-11-29, or a duration as 30d.")
    file = data / FILE
    if not file.exists():
        raise KeeperError(f"There are no notes yet: {file} comes to be when the server starts.")
    ready(data, file)
    try:
        store = store_beside(data, settings)
        try:
            found = at_once(_read(store, arguments.word, since))
        finally:
            store.close()
    except StoreError as error:
        raise KeeperError(f"{error}.") from None
    sys.stdout.writelines(_lines(settings, found, as_json=arguments.json))


async def _read(store: SQLiteStore, word: str, since: float) -> list[Audit]:
    return list(reversed(await store.audited(word, since, ALL)))


def _lines(settings: Settings, found: Iterable[Audit], *, as_json: bool) -> Iterable[str]:
    for each in found:
        if as_json:
            at = written_ms(int(each.at * 1000))
            note = {"time": at, "server": settings.server.name, **each._asdict()}
            del note["at"]
            yield json.dumps(note, ensure_ascii=False) + "\n"
        else:
            detail = f": {each.detail}" if each.detail else ""
            yield printable(f"{minute(each.at)} {each.by} {each.verb} {each.about}{detail}") + "\n"
