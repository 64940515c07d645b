"""All that a database keeps of an account or a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from chatnet.storage import postgresql
from chatnet.storage.connection import Connection
from chatnet.storage.interfaces import CANNOT_READ, StoreError
from chatnet.storage.messages.database.source import MessageDatabase
from chatnet.storage.messages.database.speech import POSTGRESQL
from chatnet.storage.messages.gathering import Gathering
from chatnet.storage.messages.gone import Gone


class DatabaseGathering(Gathering):
    """Reads `database` by connections of its own.  It blocks, and may be used in any thread."""

    def __init__(self, database: MessageDatabase, gone: Callable[[], Gone | None]) -> None:
        super().__init__(database.connect_to_read, gone, POSTGRESQL)
        self._database: Final = database

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        database = self._database
        try:
            with closing(database.connect_to_read()) as session:
                yield session
        except postgresql.Error as error:
            raise StoreError(CANNOT_READ, database.reason(error)) from None
