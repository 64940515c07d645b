"""The file of messages: how it is connected to, and whether it still is the one that it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from chatnet.storage.messages.index import Search
from chatnet.storage.messages.speech import SQLITE
from chatnet.storage.messages.tables import statements_in
from chatnet.storage.sqlite import connect

WRITING: Final = 16384
"""Kibibytes of the file that the connection which writes has in memory, at most.

Four times as much saves it a twentieth of its work (docs/figures.md).
"""
READING: Final = 16384
"""The same of each that reads."""


class MessageFile:
    """The file at `path`, in which words are to be found by `search`; `full` is as in ``connect``."""

    def __init__(self, path: Path, search: Search, *, full: bool) -> None:
        self.path: Final = path
        self.search: Final = search
        self.statements: Final = statements_in(SQLITE)
        self.age = 0
        """How often another file took its place."""
        self._full: Final = full

    def connect_to_write(self) -> sqlite3.Connection:
        """The connection of the thread that writes."""
        return connect(self.path, full=self._full, cache=WRITING)

    def connect_to_read(self) -> sqlite3.Connection:
        """That of one that reads."""
        return connect(self.path, reading=True, cache=READING)
