"""Names that must not be mixed up, and the unique ids of TS6."""

from __future__ import annotations

from typing import NewType

UID = NewType("UID", str)
"""Nine characters, the first three being the SID of the user's server; empty before registration."""
SID = NewType("SID", str)
"""Three characters: a digit, then two digits or capital letters."""
Folded = NewType("Folded", str)
"""A nick or channel name brought to one spelling by the network's case mapping."""
AccountName = NewType("AccountName", str)

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHABET = _LETTERS + "0123456789"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_ALL = 26 * 36**5


class UIDs:
    """Hands out the UIDs of one server: ``AAAAAA`` first, counting up in base 36, the first one a letter."""

    __slots__ = ("_next", "_sid")

    def __init__(self, sid: SID) -> None:
        self._sid = sid
        self._next = 0

    def take(self) -> UID:
        """Return the next UID; after 26 * 36**5 of them they begin again."""
        number = self._next
        self._next = (number + 1) % _ALL
        rest, low = divmod(number, 1296)
        high, middle = divmod(rest, 1296)
        return UID(self._sid + _PAIRS[high] + _PAIRS[middle] + _PAIRS[low])
