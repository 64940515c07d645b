"""What stands in the fields of records of hooks, which are of a kind of their own.

    channel     the id of the registered channel
    bot         the id of the account that speaks there
    by          the id of the account that made it, or its operator's mask
    label       what people call it
    created     <unix s> <sid>
    secret      SHA-256 of what stands in its address; one that programs elsewhere say something by has this
    format      how that is read: a word, and what the word takes
    url         where it tells events; one that programs elsewhere are told by has this, and a key
    key         <key> [<key before> <until>]: what it signs with; it is a secret
    types       <type>,<type>,…: what events it tells
    match       JSON: which of these
    closed      <unix s> :<why>: it is not used any more
    status      active, or erased

Reading raises ValueError for what is no such value; the record is kept all the same, and means nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.records.value_parts import number, remark, word, words

CHANNEL: Final = "channel"
BOT: Final = "bot"
BY: Final = "by"
LABEL: Final = "label"
SECRET: Final = "secret"
FORMAT: Final = "format"
URL: Final = "url"
KEY: Final = "key"
TYPES: Final = "types"
MATCH: Final = "match"
CLOSED: Final = "closed"


class Keys(NamedTuple):
    """``<key> [<key before> <until>]``: until a Unix time what is told is signed with both."""

    key: str
    before: str = ""
    until: int = 0

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.key} {self.before} {self.until}" if self.before else self.key

    def __repr__(self) -> str:
        return "<Keys>"

    def at(self, now: float) -> tuple[str, ...]:
        """Those that count at the Unix time `now`."""
        return (self.key, self.before) if self.before and now < self.until else (self.key,)

    @classmethod
    def read(cls, text: str) -> Keys:
        """What a record says."""
        key, space, rest = text.partition(" ")
        if not space:
            return cls(word(key))
        before, until = words(rest, 2)
        return cls(word(key), before, number(until))


class Closed(NamedTuple):
    """``<unix s> :<why>``"""

    at: int
    why: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.at} :{self.why}"

    @classmethod
    def read(cls, text: str) -> Closed:
        """What a record says."""
        at, why = words(text, 2)
        return cls(number(at), remark(why))
