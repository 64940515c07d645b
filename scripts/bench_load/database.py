"""A database of PostgreSQL for the server under load: a new one for each run, and what PostgreSQL takes."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench_load.server import cpu_of, family


class Database:
    """Where databases can be made; `url` is that of one that is there already, by a user who may make others.

    psycopg is needed, which is chatnet's extra ``postgresql``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._names = (f"bench_{os.getpid()}_{number}" for number in itertools.count())
        self._made = ""
        self._server = 0

    def _execute(self, statement: str) -> tuple[int, ...] | None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchone() if cursor.description else None

    def fresh(self) -> str:
        """The URL of a new one; the last one is gone."""
        self.close()
        self._made = next(self._names)
        self._execute(f"CREATE DATABASE {self._made} ENCODING 'UTF8' TEMPLATE template0")
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{self._made}"))

    def cpu(self) -> float:
        """Seconds of user and system time of PostgreSQL so far, of all that runs of it now."""
        if not self._server:
            (pid,) = self._execute("SELECT pg_backend_pid()") or (0,)
            self._server = _parent(pid)
        return cpu_of(family(self._server))

    def close(self) -> None:
        """Nothing is left of what was made."""
        if self._made:
            self._execute(f"DROP DATABASE IF EXISTS {self._made} WITH (FORCE)")
            self._made = ""


def _parent(pid: int) -> int:
    """The process that started another one of this machine."""
    said = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(said["PPid"])
