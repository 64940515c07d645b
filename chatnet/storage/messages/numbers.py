"""Numbers of messages, and the time that an id tells.

A message that is heard now has the greater of its millisecond times 2^20 and one more than the highest; one
of the past the next of its own millisecond.  So numbers run with time to within the skew of clocks: enough
for the newest to come first.
"""

from __future__ import annotations

from typing import Final

BITS: Final = 20
"""Of a number that are not its millisecond."""
SKEW: Final = 1000
"""Milliseconds that a message may be away from the time in its id, to be found by it."""
_TIME: Final = 14
_WHOLE: Final = 20


def hint(msgid: str) -> int | None:
    """The Unix time in milliseconds that an id tells; None if it is of another form.

    ``1``, ten digits of seconds, three of milliseconds, six of a counter, and whatever comes then.
    """
    head = msgid[:_WHOLE]
    if len(head) == _WHOLE and head[0] == "1" and head.isascii() and head.isdigit():
        return int(head[1:_TIME])
    return None


def is_odd(msgid: str, at: int) -> bool:
    """Whether a message of that id is not found by it."""
    told = hint(msgid)
    return told is None or not -SKEW <= told - at <= SKEW
