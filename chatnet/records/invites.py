"""What stands in the fields of records of invites: links by which people come into channels.

    invite       <made> <until> <most> <register 0/1> <guests 0/1> <grants or -> <by> <SHA-256> <channel,...>
                 :<label>
    used:<who>   <made> <until>
    closed       <made> <until> <by> :<reason>

`made` and `until` are Unix times; until is never 0, is that of the invite in all of them, and stands where it
stands in a ban, so that each record tells by itself when it may be forgotten.  `by` is the id of the account
that invites, or ``*`` and the name of an operator of the network.  A channel is the entity of a registered
one, or the folded name of another one.  `who` is the id of an
account, or ``g`` and 16 letters that stand for where a guest comes from.  Reading raises ValueError for what
is no such value.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatnet.records.value_parts import flag, number, remark, sha256, word, words

FIELD: Final = "invite"
USED: Final = "used"
CLOSED: Final = "closed"
NONE: Final = "-"
OPERATOR: Final = "*"
"""What stands before the name of an operator who invites."""
_LETTERS: Final = re.compile("[A-Za-z]{1,60}", re.ASCII)


class InviteValue(NamedTuple):
    """An invite as it was made: how many may come by it, until when, into what, and what they get there.

    `register`: they may have an account made where nobody else may; `guests`: they need none.  `grants` are
    letters of access.  `secret` is the SHA-256 of what the link has in it.
    """

    made: int
    until: int
    most: int
    register: bool
    guests: bool
    grants: str
    by: str
    secret: str
    channels: tuple[str, ...]
    label: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return " ".join(
            [
                *map(str, (self.made, self.until, self.most, int(self.register), int(self.guests))),
                *(self.grants or NONE, self.by, self.secret, ",".join(self.channels), f":{self.label}"),
            ]
        )

    @classmethod
    def read(cls, text: str) -> InviteValue:
        """What a record says."""
        made, until, most, register, guests, grants, by, secret, channels, label = words(text, 10)
        if grants != NONE and _LETTERS.fullmatch(grants) is None:
            raise ValueError("these are no letters of access")
        return cls(
            *(number(made), _end(until), number(most), flag(register), flag(guests)),
            *("" if grants == NONE else grants, by, sha256(secret), tuple(map(word, channels.split(",")))),
            remark(label),
        )


class Used(NamedTuple):
    """That somebody came by an invite, which is over at `until`."""

    made: int
    until: int

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.made} {self.until}"

    @classmethod
    def read(cls, text: str) -> Used:
        """What a record says."""
        made, until = words(text, 2)
        return cls(number(made), _end(until))


class Closed(NamedTuple):
    """That somebody took an invite back, which would have been over at `until`, and why."""

    made: int
    until: int
    by: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.made} {self.until} {self.by} :{self.reason}"

    @classmethod
    def read(cls, text: str) -> Closed:
        """What a record says."""
        made, until, by, reason = words(text, 4)
        return cls(number(made), _end(until), by, remark(reason))


def _end(text: str) -> int:
    """When it is over."""
    until = number(text)
    if not until:
        raise ValueError("it is never over")
    return until
