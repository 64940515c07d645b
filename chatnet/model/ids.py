"""Names that must not be mixed up, the unique ids of TS6, and those of messages."""

from __future__ import annotations

import re
from typing import Final, NewType

UID = NewType("UID", str)
"""Nine characters, the first three being the SID of the user's server."""
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
    """Hands out the UIDs of one server: from the number `first` on (``AAAAAA``), counting up in base 36.

    The first of the six is a letter.  A process begins where none did before it: what somebody elsewhere did
    to a user of the last one, and is still on its way, would be done to a user of this one with the same UID.
    """

    __slots__ = ("_next", "_sid")

    def __init__(self, sid: SID, first: int = 0) -> None:
        self._sid = sid
        self._next = first % _ALL

    def take(self) -> UID:
        """Return the next UID; after 26 * 36**5 of them they begin again."""
        number = self._next
        self._next = (number + 1) % _ALL
        rest = number // 1296  # divmod is a call, which takes longer than both
        return UID(self._sid + _PAIRS[rest // 1296] + _PAIRS[rest % 1296] + _PAIRS[number % 1296])


MSGID: Final = re.compile(r"[!-9<-\[\]-~]{1,512}")
"""An id of a message, of whatever make: what can stand in a tag as it is."""
_MOMENT: Final = re.compile(r"1([0-9]{13})[0-9]{6}[0-9]", re.ASCII)


def moment(msgid: str) -> int | None:
    """The Unix time, in milliseconds, that an id of our form (which is Solanum's) tells; None of others."""
    found = _MOMENT.match(msgid)
    return int(found[1]) if found else None


def derived(ms: int, number: int, sid: str, place: str, verb: str) -> str:
    """The id of an event that came without one, of its stamp: the same wherever that is known.

    ``1``, thirteen digits of milliseconds, six of the stamp's number, the SID of the server that made it, the
    channel in base64, a dot and the verb.  No server hands out one with a dot, so it is nobody else's.
    """
    return f"{10_000_000_000_000 + ms}{number % 1_000_000:06d}{sid}{place}.{verb}"


_SHARE: Final = 1_000_000 // (10 * 36 * 36)
"""How far the counters of two SIDs are apart, of which there are so many."""


class MessageIds:
    """Hands out the ids of one server's messages: unique, and in the order of time as texts.

    They have Solanum's form, so that its clients can reply to a message of ours and ours to one of theirs:
    ``1``, ten digits of Unix seconds, three of milliseconds, six of a counter, the sender's UID, and for a
    channel its name in base64.  https://ircv3.net/specs/extensions/message-ids
    One user may speak at several servers in one millisecond: the counter begins elsewhere for each `sid`.
    """

    __slots__ = ("_first", "_last")

    def __init__(self, sid: str) -> None:
        self._first = 10_000_000_000_000_000_000 + int(sid, 36) * _SHARE
        self._last = 0

    def take(self, at: float, sender: UID, place: str = "") -> str:
        """Return the id of a message sent `at` a Unix time; `place` is the channel's name in base64.

        A clock that goes back is not followed; after a million messages within a millisecond the next begins.
        """
        number = int(at * 1000) * 1_000_000 + self._first
        if number <= self._last:
            number = self._last + 1
        self._last = number
        return f"{number}{sender}{place}"

    def before(self, at: float) -> str:
        """A text that all ids from now, a Unix time, are greater than, also if the clock goes back."""
        self._last = max(self._last, (10_000_000_000_000 + int(at * 1000)) * 1_000_000 - 1)
        return str(self._last)
