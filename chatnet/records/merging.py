"""Which of two records of one field holds.

The one with the greater stamp; of equal stamps the one with the greater value, and none is less than the
empty one.  One end is final: the status ``erased`` beats all others, and of an erased entity no other field
is taken or kept.
"""

from __future__ import annotations

from chatnet.records.grammar import ERASED, STATUS
from chatnet.storage.record import Record


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
