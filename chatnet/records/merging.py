"""Which of two records of one field holds.

The one with the greater stamp; of equal stamps the one with the greater value, and none is less than the
empty one.  One end is final: the status ``erased`` beats all others, and of an erased entity no other field
is taken or kept.

Of fields that were removed, and of bans and invites that are over, it is remembered for so long that no
server which was away brings back what they ended; then all servers forget them at one hour.
"""

from __future__ import annotations

from typing import Final

from chatnet.records.bans import end_of
from chatnet.records.grammar import BAN, ERASED, INVITE, STATUS, seconds_of
from chatnet.storage.record import Record

MORTAL: Final = BAN + INVITE
"""The kinds of entities whose records end by themselves: each says when, as the second word of its value."""


def outdated(record: Record, before: str) -> bool:
    """Whether nothing holds by it since before that stamp: its field was removed, or what it sets is over."""
    if record.value is None:
        return record.stamp < before
    if record.entity[0] not in MORTAL:
        return False
    end = end_of(record.value)
    return 0 < end < seconds_of(before) and record.stamp < before


def ends(record: Record) -> bool:
    """Whether it is the end of its entity."""
    return record.field == STATUS and record.value == ERASED


def is_news(record: Record, known: Record | None) -> bool:
    """Whether it holds against what is known of its field, of an entity that is not erased.

    Of an erased one only a status is compared.
    """
    if known is None:
        return True
    # None is less than empty, as no text is less than one.
    mine = ends(record), record.stamp, record.value is not None, record.value or ""
    return mine > (ends(known), known.stamp, known.value is not None, known.value or "")
