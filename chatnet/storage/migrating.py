"""Bringing a file of an older schema up to date: a copy first, then all steps in one transaction.

With a database of several servers it is the same without the copy, which is for its operator to make.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from chatnet.storage.copies import copy
from chatnet.storage.interfaces import StoreError
from chatnet.storage.sqlite import connect

ALEMBIC: Final = Path(__file__).parent / "migrations"
"""Where Alembic finds how steps are run, of whatever file."""
MIGRATIONS: Final = ALEMBIC / "versions"
"""The steps of the file of accounts."""
COPIES: Final = 2
"""How many of the copies that were made before are kept."""


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
    take_steps(str(path), "sqlite://", lambda: connect(path), ("BEGIN IMMEDIATE",), table, folder)


def take_steps(
    what: str, url: str, connected: Callable[[], Any], first: Sequence[str], table: str, folder: Path
) -> None:
    """Take the steps on a new connection, after the statements that come `first`; `what` is told of."""
    # Only those who need it pay for the import.
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(ALEMBIC).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")  # a path may have all others in it
    config.set_main_option("version_locations", str(folder).replace("%", "%%"))
    engine = create_engine(url, creator=connected, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            # The driver is told when a transaction begins and ends, and begins none by itself.
            for statement in first:
                connection.exec_driver_sql(statement)
            config.attributes.update(connection=connection, table=table)
            upgrade(config, "head")
            connection.exec_driver_sql("COMMIT")
    except (SQLAlchemyError, CommandError) as error:
        # What the driver says has no values in it.
        reason = str(getattr(error, "orig", error))
        raise StoreError(f"{what} cannot be brought up to date, and is as it was: {reason}.") from None
