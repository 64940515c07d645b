"""What stands in the one field of records of bans, which all full servers have.

    ban    <set> <until or 0> <action> <by> <kind> <mask> :<reason>|<private reason>

`set` and `until` are Unix times, until 0 is for ever, `action` one of ``model/bans.py``.  The entity is made
of kind and mask (``grammar.ban_entity``), so that a ban is the same one wherever it is set; one of another
mask means nothing.  A ban that is lifted has no value.  Reading raises ValueError for what is no such value.
"""

from __future__ import annotations

from typing import Final, NamedTuple

FIELD: Final = "ban"
_DIGITS: Final = 15


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
        return cls(*read_ban(text))


Parts = tuple[int, int, str, str, str, str, str]
"""Those of a `BanValue`."""


def read_ban(text: str) -> Parts:
    """What a record says: a hundred thousand of them may be read at a start."""
    parts = text.split(" ", 6)
    if len(parts) != 7 or "" in parts or parts[6][0] != ":":
        raise ValueError("it is no ban")
    since, until, action, by, kind, mask, reason = parts
    digits = since + until
    if not (digits.isdecimal() and digits.isascii()) or len(since) > _DIGITS or len(until) > _DIGITS:
        raise ValueError("it is no ban")
    return int(since), int(until), action, by, kind, mask, reason[1:]


def end_of(value: str) -> int:
    """The Unix time at which a ban ends, or what else begins as one does; 0: never, or it is none."""
    parts = value.split(" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() and len(parts[1]) <= _DIGITS else 0
