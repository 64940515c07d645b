"""Sums by which two stores see that they have the same records, without telling them.

A row's is the blake2b of 8 bytes of ``entity NUL field NUL stamp [NUL value]`` in UTF-8, read as a number of
64 bits, the first byte being the highest.  An entity is in the bucket of the first byte of its own.  The
digest of a bucket is the XOR of all its rows, and that of a kind the XOR of all its 256 buckets.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from chatnet.storage.record import Record

BUCKETS: Final = 256
"""Of each kind."""


def row(record: Record) -> int:
    """The digest of one record."""
    entity, field, stamp, value = record
    text = f"{entity}\0{field}\0{stamp}" if value is None else f"{entity}\0{field}\0{stamp}\0{value}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def bucket(entity: str) -> int:
    """The number of the bucket that all records of an entity are in."""
    return blake2b(entity.encode(), digest_size=8).digest()[0]
