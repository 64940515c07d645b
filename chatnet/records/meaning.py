"""What records mean to the store that keeps them: the one object it is handed."""

from __future__ import annotations

from typing import Final

from chatnet.records import claims, grammar, merging
from chatnet.storage.record import Claim, Record
from chatnet.wire.casemap import Folder


class RecordMeaning:
    """The rules of records and of claims, with names folded by `fold`.  Threads may share one."""

    ending: Final = grammar.STATUS
    mortal: Final = merging.MORTAL

    def __init__(self, fold: Folder) -> None:
        self._fold = fold

    def is_news(self, record: Record, known: Record | None) -> bool:
        """As ``merging.is_news``."""
        return merging.is_news(record, known)

    def ends(self, record: Record) -> bool:
        """As ``merging.ends``."""
        return merging.ends(record)

    def outdated(self, record: Record, before: str) -> bool:
        """As ``merging.outdated``."""
        return merging.outdated(record, before)

    def claim(self, record: Record) -> Claim | None:
        """As ``claims.claim``."""
        return claims.claim(record, self._fold)
