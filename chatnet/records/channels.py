"""What stands in the fields of records of registered channels and of full servers.

What accounts have too (`name`, `created`, `status`, `set:<key>`) is in ``accounts.py``.  Reading raises
ValueError for what is no such value; the record is kept all the same, and means nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.records.grammar import is_entity
from chatnet.records.value_parts import number, remark, word, words

TS: Final = "ts"
FOUNDER: Final = "founder"
SUCCESSOR: Final = "successor"
TRANSFER: Final = "transfer"
FLAGS: Final = "flags"
AKICK: Final = "akick"
USED: Final = "used"
TEMPLATE: Final = "template"
REGISTER: Final = "m"
HEARD: Final = "heard"
GONE: Final = "gone"
MACHINE: Final = "machine"
"""The SID of the first of several full servers that are one server's processes."""

KICK: Final = "k"
"""Kick and ban."""
MUTE: Final = "q"


def entity(text: str) -> str:
    """``<id>``: whom `founder` and `successor` name."""
    if not is_entity(text):
        raise ValueError(f"{text!r} is no entity")
    return text


def seconds(text: str) -> int:
    """``<unix s>`` (``ts``)"""
    return number(text)


class Transfer(NamedTuple):
    """``<id> <unix s> <by>``: who is to become founder, since when, and which founder says so.

    It counts as long as that one is the founder.  Older versions did not write who it is.
    """

    to: str
    at: int
    by: str = ""

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.to} {self.at} {self.by}".rstrip()

    @classmethod
    def read(cls, text: str) -> Transfer:
        """What a record says."""
        to, at = words(text, 2)
        at, space, by = at.partition(" ")
        return cls(entity(to), number(at), entity(by) if space else "")


class Access(NamedTuple):
    """``<letters> <unix s> <by>``: what somebody may do (``flags:<id or mask>``)."""

    letters: str
    at: int
    by: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.letters} {self.at} {self.by}"

    @classmethod
    def read(cls, text: str) -> Access:
        """What a record says."""
        letters, at, by = words(text, 3)
        return cls(letters, number(at), word(by))


class Akick(NamedTuple):
    """``<until or 0> <k or q> <by> :<reason>``: who is kept out, or mute (``akick:<id or mask>``)."""

    until: int
    how: str
    by: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.until} {self.how} {self.by} :{self.reason}"

    @classmethod
    def read(cls, text: str) -> Akick:
        """What a record says."""
        until, how, by, reason = words(text, 4)
        if how not in (KICK, MUTE):
            raise ValueError(f"{how!r} is neither {KICK} nor {MUTE}")
        return cls(number(until), how, by, remark(reason))


class Entry(NamedTuple):
    """``<who> <mask> [<until>]``: an entry of a list (``m:b:<folded mask>`` and the like).

    `until` is a Unix time; 0: for ever.
    """

    by: str
    mask: str
    until: int = 0

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.by} {self.mask} {self.until}" if self.until else f"{self.by} {self.mask}"

    @classmethod
    def read(cls, text: str) -> Entry:
        """What a record says."""
        by, rest = words(text, 2)
        mask, space, until = rest.partition(" ")
        return cls(by, word(mask), number(until) if space else 0)


class Topic(NamedTuple):
    """``<who> :<text>`` (``m:topic``)"""

    by: str
    topic: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.by} :{self.topic}"

    @classmethod
    def read(cls, text: str) -> Topic:
        """What a record says."""
        by, topic = words(text, 2)
        return cls(by, remark(topic))
