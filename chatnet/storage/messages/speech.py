"""How databases are spoken to: what is not the same for all of them, though it means the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, func
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement


class Speech(NamedTuple):
    """How a database is spoken to: what of it is not the same for all.

    `mark` is how something is written that is bound by name, as a pattern of regular expressions with the
    name as ``{}``; `greatest` is the function of several values.
    """

    dialect: Dialect
    insert: Callable[[Table], Any]
    mark: str
    greatest: Callable[..., Any]

    def made(self, statement: ClauseElement) -> str:
        """A statement in which its constants stand: an index of some rows is not used for what is bound."""
        compiled: Any = statement.compile(dialect=self.dialect)
        text = str(compiled)
        for name, bound in compiled.binds.items():
            if not bound.required:
                text = re.sub(self.mark.format(name), _literal(bound.value), text)
        return text


SQLITE: Final = Speech(sqlite.dialect(paramstyle="named"), sqlite.insert, r":{}\b", func.max)
BY_PLACE: Final = sqlite.dialect(paramstyle="qmark")
"""The same with what is bound by place."""


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else f"'{value}'"
