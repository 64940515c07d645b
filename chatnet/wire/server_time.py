"""The tag ``time``, as clients and other servers read it.  https://ircv3.net/specs/extensions/server-time"""

from __future__ import annotations

import time
from datetime import datetime

_LAST = 253_402_300_799
"""The last second that has a year of four digits."""
_milliseconds = -1
_time = b""


def time_tag(at: float) -> bytes:
    """``time=2026-11-22T13:20:00.123Z`` for a Unix time; the last one is remembered."""
    global _milliseconds, _time
    milliseconds = int(at * 1000)
    if milliseconds != _milliseconds:
        _milliseconds = milliseconds
        second, rest = divmod(milliseconds, 1000)
        _time = time.strftime(f"time=%Y-%m-%dT%H:%M:%S.{rest:03d}Z", time.gmtime(second)).encode()
    return _time


def read_time(text: str) -> float | None:
    """The Unix time that a text such as ``2026-11-22T13:20:00.123Z`` means, or None."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def minute(at: float) -> str:
    """A Unix time for people: ``2026-11-29 12:03 UTC``."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(at, _LAST)))


def day(at: float) -> str:
    """The day of a Unix time, UTC: ``2026-11-29``."""
    return time.strftime("%Y-%m-%d", time.gmtime(min(at, _LAST)))
