"""What a server keeps for good."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from chatnet.settings.base import Section

SCHEMES = ("postgresql://", "postgres://")


def _database(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(SCHEMES):
        raise ValueError("is no URL such as postgresql://user:password@host/database")
    return url


class StorageSettings(Section):
    """``[storage]``: accounts and registered channels, in ``accounts.sqlite`` in the data folder."""

    url: Annotated[SecretStr, AfterValidator(_database)] | None = None
    """A database of PostgreSQL that several servers have in common, as
    ``postgresql://chatnet:secret@db.example.org/chatnet``; ``accounts.sqlite`` is a copy of it then, so that
    logins go on without it. Changes at a restart."""
    timeout: Annotated[float, Field(ge=1.0, le=60.0)] = 5.0
    """Seconds that a change may wait for the disk, or the database; then it is refused, and nothing of it
    happens."""
