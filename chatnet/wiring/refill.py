"""``chatnet account refill``: have other full servers feed a server anew, which forgets what it has.

It is for one that was away for longer than removals are remembered: what was taken away elsewhere meanwhile
would come back with it.
"""

from __future__ import annotations

from pathlib import Path

from chatnet.settings import Settings
from chatnet.storage.store import FILE
from chatnet.wiring.config import os_reason
from chatnet.wiring.datafolder import DataFolder, DataFolderError
from chatnet.wiring.keeper import KeeperError, kept_in

ASIDE = "before-refill.sqlite"


def refill(data: Path, settings: Settings) -> Path:
    """Put the accounts aside, so that the next start begins without any; returns where they are.

    Raises KeeperError.
    """
    with kept_in(data, settings, make=False) as keeper:
        servers = keeper.registry.servers.values()
        if all(server.gone or server.sid == settings.server.sid for server in servers):
            raise KeeperError("No other full server is known that could feed this one: nothing was done.")
    try:
        folder = DataFolder(data)
    except DataFolderError as error:
        raise KeeperError(f"{error} Stop the server first.") from None
    try:
        aside = data / ASIDE
        for end in ("-wal", "-shm"):
            aside.with_name(ASIDE + end).unlink(missing_ok=True)
        # (Closed by who had it last, the file is whole without what SQLite puts beside it.)
        for end in ("-wal", "-shm"):
            beside = data / (FILE + end)
            if beside.exists():
                beside.replace(aside.with_name(ASIDE + end))
        (data / FILE).replace(aside)
    except OSError as error:
        raise KeeperError(f"{error.filename or data}: {os_reason(error)}.") from None
    finally:
        folder.close()
    return aside
