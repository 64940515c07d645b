"""Copies of whole databases, also of one that others write meanwhile."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from chatnet.storage.sqlite import make_file


def copy(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database, as it is at one moment, to a file of mode 0600 that is there once it is whole.

    Raises sqlite3.Error and OSError; no part of it is left then.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    make_file(unfinished)
    try:
        target = sqlite3.connect(unfinished, isolation_level=None)
        try:
            source.backup(target)
            # A copy needs nothing beside it.
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
