"""Bringing a file of an older schema up to date: a copy first, then all steps in one transaction."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from chatnet.storage.interfaces import StoreError
from chatnet.storage.sqlite import connect, make_file

MIGRATIONS: Final = Path(__file__).parent / "migrations"
COPIES: Final = 2
"""How many of the copies that were made before are kept."""


def copy(source: sqlite3.Connection, path: Path) -> None:
    """Copy a whole database, as it is at one moment, to a file of mode 0600 that is there when it is whole.

    Raises sqlite3.Error and OSError.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    make_file(unfinished)
    target = sqlite3.connect(unfinished, isolation_level=None)
    try:
        source.backup(target)
        # A copy needs nothing beside it.
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def keep_copy(source: sqlite3.Connection, path: Path, schema: str) -> None:
    """Copy the file at `path` to ``before-<schema>.sqlite`` beside it, and remove older copies."""
    copy(source, path.with_name(f"before-{schema}.sqlite"))
    copies = sorted(path.parent.glob("before-[0-9][0-9][0-9][0-9].sqlite"))
    for old in copies[:-COPIES]:
        old.unlink()


def migrate(path: Path, table: str, folder: Path) -> None:
    """Take all steps in `folder` that the file has not taken, as the one row of `table` says; all or none.

    Raises StoreError.
    """
    # Only those who need it pay for the import.
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            # The driver is told when a transaction begins and ends, and begins none by itself.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes.update(connection=connection, table=table)
            upgrade(config, "head")
            connection.exec_driver_sql("COMMIT")
    except (SQLAlchemyError, CommandError) as error:
        # What the driver says has no values in it.
        reason = str(getattr(error, "orig", error))
        raise StoreError(f"{path} cannot be brought up to date, and is as it was: {reason}.") from None
