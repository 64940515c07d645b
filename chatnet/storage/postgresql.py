"""PostgreSQL, and what speaks as it does: the connection that a thread has to it.

Only who has a database imports this: it needs the Python package psycopg.  Nothing is asked for that
CockroachDB and YugabyteDB do not have.
"""

from __future__ import annotations

import math
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from socket import SHUT_RDWR, socket
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from chatnet.storage.connection import Rows
from chatnet.storage.interfaces import StoreError

Error = psycopg.Error
RETRIED: Final = frozenset({"40001", "40P01"})
"""Two transactions were in each other's way: this one may go well now.

https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
"""
QUOTING: Final = ("22", "23")
"""Classes of errors that speak of values."""
_PORTS: Final = re.compile(r"[0-9,]*", re.ASCII)
ENDING: Final = ("08", "57P")
"""Those that are told when a connection is over, as at a stop of the server."""
SECRETS: Final = ("password", "sslpassword", "oauth_client_secret")
BAD_URL: Final = "is no URL such as postgresql://user:password@host/database"


class Session:
    """A connection, as ``storage/connection.py`` wants it; transactions are begun and ended by statements."""

    def __init__(self, parameters: Mapping[str, Any], timeout: float, monotonic: Callable[[], float]) -> None:
        self.since: float | None = None
        """Since when it waits for an answer, by `monotonic`."""
        self._monotonic = monotonic
        self._closing = threading.Lock()
        seconds = math.ceil(timeout)
        own = {
            "application_name": "chatnet",
            "connect_timeout": max(2, seconds),  # what is less counts as that
            "client_encoding": "UTF8",
            # A machine that went away without a word is noticed, too.
            "keepalives_idle": seconds,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": seconds * 1000,
        }
        self._connection = psycopg.connect(
            **{**own, **parameters},
            autocommit=True,
            prepare_threshold=None,  # which a pool between us and the server might not bear
        )
        try:
            for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
                # While a statement waits it waits for others' transactions, which a lost one must not hold.
                self._connection.execute(f"SET {name} = {int(timeout * 1000)}")
        except BaseException:
            self._connection.close()
            raise

    @property
    def lost(self) -> bool:
        """Whether it is over."""
        return self._connection.closed

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """The driver's own connection."""
        return self._connection

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None, /) -> Rows:
        """Run a statement."""
        self.since = self._monotonic()
        try:
            return self._connection.execute(statement.encode(), parameters)
        finally:
            self.since = None

    def executemany(self, statement: str, parameters: Iterable[Mapping[str, object]], /) -> None:
        """Run a statement with each of these, in one go."""
        rows = list(parameters)
        if rows:
            self.since = self._monotonic()
            try:
                with self._connection.cursor() as cursor:
                    cursor.executemany(statement.encode(), rows)
            finally:
                self.since = None

    def abandon(self) -> None:
        """Wait for no answer any more, by whatever thread: who waits finds the connection lost."""
        with self._closing:  # or its number would be that of something else
            if not self._connection.closed:
                with socket(fileno=os.dup(self._connection.fileno())) as end, suppress(OSError):
                    end.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        with self._closing:
            self._connection.close()


def parameters_of(url: str) -> dict[str, Any]:
    """What stands in a URL, by the names that libpq has for it; ValueError if it is none.

    Nothing that is wrong with it is quoted, for it may be a password.  Over a network TLS is asked for unless
    the URL says otherwise.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError(BAD_URL)
    try:
        found: dict[str, Any] = {key: value for key, value in conninfo_to_dict(url).items() if value}
    except (psycopg.Error, ValueError):
        raise ValueError(BAD_URL) from None
    if _PORTS.fullmatch(str(found.get("port", ""))) is None or "@" in str(found.get("host", "")).lstrip("@"):
        raise ValueError(BAD_URL)  # most often a password with signs that had to be written as %40
    hosts = ",".join(str(found[key]) for key in ("host", "hostaddr") if key in found).split(",")
    if not all(map(_is_here, hosts)):
        found.setdefault("sslmode", "require")
    return found


def _is_here(host: str) -> bool:
    """Whether it is this machine: an address of its own, or the folder of a socket."""
    try:
        return not host or host[0] in "/@" or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def reason_of(error: psycopg.Error, parameters: Mapping[str, Any]) -> str:
    """What the database says, in one line without secrets and without what is stored."""
    state = error.sqlstate
    if state is not None and state.startswith(QUOTING):
        return f"{type(error).__name__} ({state})"
    text = error.diag.message_primary or str(error)
    for key in SECRETS:
        if parameters.get(key):
            text = text.replace(str(parameters[key]), "***")
    return " ".join(text.split()) or type(error).__name__


def is_again(error: psycopg.Error) -> bool:
    """Whether the same transaction may go well now, on another connection if need be."""
    return error.sqlstate in RETRIED or is_end(error)


def is_end(error: psycopg.Error) -> bool:
    """Whether the server ends the connection."""
    return (error.sqlstate or "").startswith(ENDING)


class Away(StoreError):
    """The database cannot be reached now."""
