"""What stands in the one field of records of bans, which all full servers have.

    ban    <set> <until or 0> <action> <by> <kind> <mask> :<reason>|<private reason>

`set` and `until` are Unix times, until 0 is for ever, `action` one of ``model/bans.py``.  The entity is made
of kind and mask (``grammar.ban_entity``), so that a ban is the same one wherever it is set; one of another
mask means nothing.  A ban that is lifted has no value.  Reading raises ValueError for what is no such value.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.records.value_parts import number, remark, words

FIELD: Final = "ban"


class BanValue(NamedTuple):
    """A ban: what is banned, why, by whom, since when and until when (0: for ever)."""

    set: int
    until: int
    action: str
    by: str
    kind: str
    mask: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.set} {self.until} {self.action} {self.by} {self.kind} {self.mask} :{self.reason}"

    @classmethod
    def read(cls, text: str) -> BanValue:
        """What a record says."""
        at, until, action, by, kind, mask, reason = words(text, 7)
        return cls(number(at), number(until), action, by, kind, mask, remark(reason))


def end_of(value: str) -> int:
    """The Unix time at which a ban ends; 0: never, or it is none."""
    parts = value.split(" ", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() and len(parts[1]) <= 15 else 0
