"""What stands in the one record of the level of the shields, which all full servers have.

    shields    <set> <until or 0> <level> <by> :<reason>

`set` and `until` are Unix times, until 0 is until it is changed.  It begins as bans do, of whose kind the
entity is, so that it is forgotten as those are when it is over.  Reading raises ValueError for anything else.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatnet.records.grammar import ban_entity

ENTITY: Final = ban_entity("shields", "")
FIELD: Final = "shields"
_VALUE: Final = re.compile(r"(\d{1,15}) (\d{1,15}) ([0-9]) ([^ ]{1,300}) :(.{0,400})", re.ASCII)


class ShieldsValue(NamedTuple):
    """A level (0: open), since when and until when (0: until it is changed), by whom and why."""

    set: int
    until: int
    level: int
    by: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.set} {self.until} {self.level} {self.by} :{self.reason}"

    @classmethod
    def read(cls, text: str) -> ShieldsValue:
        """What a record says."""
        found = _VALUE.fullmatch(text)
        if found is None:
            raise ValueError("it is no level of the shields")
        at, until, level, by, reason = found.groups()
        return cls(int(at), int(until), int(level), by, reason)
