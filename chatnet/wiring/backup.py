"""A backup of what a server keeps for good, also while it runs: accounts, messages, who stays, ``cloak.key``.

Each file is copied as it is at one moment.  To restore one, put it into the data folder of a server that does
not run: accounts that others of its network have in the meantime are told to it again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatnet.storage.copies import copy
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.store import FILE as MESSAGES
from chatnet.storage.persons.store import FILE as PERSONS
from chatnet.storage.sqlite import connect, reason_of
from chatnet.storage.store import FILE
from chatnet.transports.private import others_write, write_privately
from chatnet.wiring.config import os_reason

KEY = "cloak.key"


class BackupError(Exception):
    """It cannot be made; the text is one sentence for the operator."""


def backup(data: Path, folder: Path) -> Iterator[Path]:
    """Copy what the data folder `data` keeps to `folder`, which has no copy yet; gives each file it wrote."""
    source = data / FILE
    if not source.exists():
        raise BackupError(f"There is nothing to keep in {data}: it has no {FILE}.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if others_write(folder):
            raise BackupError(f"{folder} may be changed by others: chmod go-w {folder}")
        for name in (FILE, MESSAGES, SPOOL, PERSONS, KEY):
            if os.path.lexists(folder / name):
                raise BackupError(f"{folder} has a backup already: {name} would be overwritten.")
        yield _copied(source, folder / FILE)
        for name in (MESSAGES, SPOOL, PERSONS):
            if (data / name).exists():
                source = data / name
                yield _copied(source, folder / name)
        if (data / KEY).exists():
            write_privately(folder / KEY, (data / KEY).read_bytes())
            yield folder / KEY
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied to {folder}: {reason_of(error)}.") from None
    except OSError as error:
        raise BackupError(f"{error.filename or folder}: {os_reason(error)}.") from None


def backup_messages(data: Path, file: Path) -> None:
    """Copy what was said, and nothing else, to a `file` that is not there."""
    source = data / MESSAGES
    if not source.exists():
        raise BackupError(f"There is nothing to keep in {data}: it has no {MESSAGES}.")
    if os.path.lexists(file):
        raise BackupError(f"{file} is there already.")
    try:
        _copied(source, file)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied to {file}: {reason_of(error)}.") from None
    except OSError as error:
        raise BackupError(f"{error.filename or file}: {os_reason(error)}.") from None


def _copied(source: Path, file: Path) -> Path:
    with closing(connect(source, reading=True)) as connection:
        copy(connection, file)
    return file
