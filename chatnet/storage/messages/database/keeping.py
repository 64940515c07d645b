"""Groups, as they are written into a database: by whoever comes first of several servers.

Who writes stands in line, and so nobody writes between what is looked at and what is done about it; numbers
of messages rise as in a file.  What is remembered is forgotten when another server changed what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chatnet.storage.connection import Connection
from chatnet.storage.messages.database.arrays import numbers, texts
from chatnet.storage.messages.database.plain import plain
from chatnet.storage.messages.database.speech import FIELDS, NUMBERS, DatabaseStatements
from chatnet.storage.messages.index import Index
from chatnet.storage.messages.keeping import Bound, Keeper, Memory
from chatnet.storage.messages.rows import Erased, Moved, Redacted

DONE: Final = "done"
"""A fact: which transaction was the last whose answers matter."""
OWN: Final = frozenset({"heard", DONE})
"""Facts that each server has."""


class DatabaseMemory(Memory):
    """What is known of a database without asking, as of a value of its line."""

    def __init__(self) -> None:
        super().__init__()
        self.line: str | None = None

    def forget(self) -> None:
        """Know nothing, and ask."""
        super().forget()
        self.line = None


class DatabaseKeeper(Keeper):
    """What the writer's jobs of the server `sid` do in one transaction."""

    def __init__(
        self,
        connection: Connection,
        statements: DatabaseStatements,
        memory: DatabaseMemory,
        index: Index,
        now: int,
        sid: str,
    ) -> None:
        line = connection.execute(statements.lock, {}).fetchone()[0]
        if line != memory.line:
            memory.forget()
            memory.line = line
        elif memory.highest is not None:
            memory.highest = int(connection.execute(statements.last_number, {}).fetchone()[0])
        self._own: Final = statements
        self._known_line: Final = memory
        self._sid: Final = sid
        self._changes = False
        super().__init__(connection, statements, memory, index, now)

    def end(self) -> None:
        """What was done is going to hold."""
        super().end()
        if self._changes:
            line = str(int(self._known_line.line or 0) + 1)
            self.connection.execute(self._own.change, {"value": line})
            self._known_line.line = line

    def state(self, key: str, value: str) -> None:
        """Note a fact; what is of a server and not of all, for each."""
        super().state(f"{key}:{self._sid}" if key in OWN else key, value)

    # words

    def _add(self, rows: Sequence[Bound]) -> None:
        columns: dict[str, Sequence[Any]] = dict(zip(FIELDS, zip(*rows, strict=True), strict=True))
        said = columns["text"]
        is_plain = "".join(said).isascii()
        columns["plain"] = () if is_plain else [None if text.isascii() else plain(text) for text in said]
        bound: dict[str, object] = {
            name: numbers(values) if name in NUMBERS else texts(values) for name, values in columns.items()
        }
        bound["found"] = self.index.search != "off"
        self.connection.execute(self.statements.add, bound)

    def find(self, first: int, last: int) -> None:
        """Have messages found by their words from now on."""
        if self.index.search == "off" or last < self.index.since:
            return
        where = {"first": first, "last": last}
        for number, text in self.rows(self._own.strange, where):
            self.do(self._own.find_one, {"id_": number, "plain": plain(text)})
        self.do(self._own.find, where)

    def unfind(self, numbers: Sequence[int]) -> None:
        """Words go with their message."""

    def merge(self, pages: int) -> bool:
        """The database does by itself what is to be done."""
        return False

    # what others remember

    def do(self, statement: str, where: Mapping[str, object]) -> None:
        """Change something."""
        self._changes |= statement == self.statements.drop_target
        super().do(statement, where)

    def make_time(self) -> None:
        """What is asked in this transaction may take as long as it takes: nobody waits for it."""
        self._execute("SET LOCAL statement_timeout = 0", {})

    def forget(self) -> None:
        """Know nothing of people and places, and ask; and so do others."""
        self._changes = True
        super().forget()

    def drop_if_empty(self, target: int) -> None:
        """Forget a place of which nothing is kept."""
        self._changes = True
        super().drop_if_empty(target)

    def _gone(self, entry: Redacted) -> None:
        self._changes |= not self._known_line.redacts
        super()._gone(entry)

    def _moved(self, entry: Moved) -> None:
        self._changes = True
        super()._moved(entry)

    def _live_on(self, target: int, old: int, new: int) -> None:
        """A place that no server has begun is there for all of them, and so is what it becomes a part of."""
        self._execute(self._own.live_on, {"old": old, "new": new})
        super()._live_on(target, old, new)

    def _erased(self, entry: Erased) -> None:
        self._changes = True
        super()._erased(entry)
