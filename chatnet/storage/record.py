"""The one kind of thing that is stored: what holds of one field of one entity, and since when."""

from __future__ import annotations

from typing import Final, NamedTuple

SPAN: Final = 4
"""Characters that stamps of one span of 36^5 milliseconds (17 hours) have in common."""
NUMBER: Final = slice(10, 16)
"""Where in a stamp its number stands."""
FIRST_NUMBER: Final = "000000"
"""That of a stamp which the clock gave, and no other stamp before it."""
SERVER: Final = slice(17, 20)
"""Where the server stands that made it."""


class Record(NamedTuple):
    """``(entity, field) → value``, as of `stamp`; a `value` of None says that the field was removed.

    `stamp` is of fixed width, so that the order of texts is that of time: see ``records/grammar.py``.
    """

    entity: str
    field: str
    stamp: str
    value: str | None

    def __repr__(self) -> str:
        # Values may be verifiers and codes, and what is printed ends in logs.
        return f"<Record {self.entity} {self.field.partition(':')[0]} {self.stamp}>"


class Audit(NamedTuple):
    """What an operator did to whom or what, as of a Unix time; no secrets."""

    by: str
    verb: str
    about: str
    detail: str
    at: float


class Claim(NamedTuple):
    """That an entity asks for a name: of those who ask for one `folded` of one `kind`, the first has it.

    `since` is a stamp as those of records.
    """

    folded: str
    kind: int
    since: str
    entity: str
