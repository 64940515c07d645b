"""PostgreSQL for tests: a server of their own, on a socket in a folder that goes away with it.

It is that of the system (Debian's ``postgresql-15``), run as a user who is not root, which it refuses.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

BINARIES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SETTINGS: Final = """
listen_addresses = ''
fsync = off
max_connections = 60
shared_buffers = 16MB
"""
PASSWORD: Final = "plantedsecret"
"""Of the user ``chat``, who has to give one."""
ACCESS: Final = "local all chat scram-sha-256\nlocal all all trust\n"
LIMIT: Final = 180.0
"""Seconds within which a server is there, on a machine with other things to do, too."""


def binary(name: str) -> str | None:
    """A program of PostgreSQL, if it is installed."""
    for folder in reversed(BINARIES):
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


class Postgres:
    """A server that runs; :meth:`stop` and :meth:`start` it as often as one likes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chatnet-pg-", dir="/tmp"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            names = [each.pw_name for each in pwd.getpwall()]
            name = "postgres" if "postgres" in names else "nobody"
            user = pwd.getpwnam(name)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._data = self.folder / "data"
        self._run("initdb", "--no-sync", "--username=owner", "--encoding=UTF8", "--locale=C", str(self._data))
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(SETTINGS + f"unix_socket_directories = '{self.folder}'\n")
        (self._data / "pg_hba.conf").write_text(ACCESS)
        self.start()
        self.execute("postgres", f"CREATE ROLE chat LOGIN PASSWORD '{PASSWORD}'")

    def _run(self, name: str, *arguments: str) -> None:
        program = binary(name)
        assert program is not None
        subprocess.run([program, *arguments], check=True, capture_output=True, cwd=self.folder, **self._user)

    def start(self) -> None:
        """Run it, and wait until it answers."""
        program = binary("postgres")
        assert program is not None and self._process is None
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [program, "-D", str(self._data)], stdout=log, stderr=log, cwd=self.folder, **self._user
        )
        log.close()
        end = time.monotonic() + LIMIT
        while True:
            try:
                self.execute("postgres", "SELECT 1")
                return
            except Exception:
                assert time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT closes all connections first, SIGQUIT leaves it as after a loss of power."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(LIMIT)
            self._process = None

    def end(self) -> None:
        """Nothing of it is left."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = "owner", password: str = "") -> str:
        """What ``storage.url`` says for one of its databases."""
        who = f"{user}:{password}" if password else user
        return f"postgresql://{who}@/{database}?host={self.folder}"

    def database(self) -> str:
        """A new one that is empty: its name."""
        name = f"db{next(self._numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} OWNER chat")
        return name

    def execute(self, database: str, *statements: str) -> list[Any]:
        """What the last of these statements answers with, by a connection of its own."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running() -> Iterator[Postgres]:
    """A server, until the end; the test is skipped where there is no PostgreSQL."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (chatnet's extra `postgresql`)")
    if binary("initdb") is None or binary("postgres") is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    server = Postgres()
    try:
        yield server
    finally:
        server.end()
