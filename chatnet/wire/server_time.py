"""The tag ``time``, as clients and other servers read it.  https://ircv3.net/specs/extensions/server-time"""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Final

DAY: Final = 86400
"""Seconds of a day."""

_FORM: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?Z", re.ASCII)
_LAST = 253_402_300_799
"""The last second that has a year of four digits."""
_milliseconds = -1
_time = b""
_day = 0
_prefix = b"time=1970-01-01T"


def time_tag(at: float) -> bytes:
    """``time=2026-11-22T13:20:00.123Z`` for a Unix time; the last one and its day are remembered."""
    global _milliseconds, _time, _day, _prefix
    milliseconds = int(at * 1000)
    if milliseconds != _milliseconds:
        _milliseconds = milliseconds
        second, rest = divmod(milliseconds, 1000)
        minute, second = divmod(second, 60)
        hour, minute = divmod(minute, 60)
        day, hour = divmod(hour, 24)
        if day != _day:
            _day, _prefix = day, time.strftime("time=%Y-%m-%dT", time.gmtime(day * DAY)).encode()
        _time = b"%b%02d:%02d:%02d.%03dZ" % (_prefix, hour, minute, second, rest)
    return _time


def read_time(text: str) -> float | None:
    """The Unix time that a text such as ``2026-11-22T13:20:00.123Z`` means, or None."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def read_ms(text: str) -> int | None:
    """The Unix time in milliseconds that ``2026-11-22T13:20:00.123Z`` means, exactly so written; what is
    finer is cut.  None if it is none.

    https://ircv3.net/specs/extensions/server-time#format
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        second = datetime.fromisoformat(f"{found[1]}+00:00")
    except ValueError:
        return None
    return int(second.timestamp()) * 1000 + int(f"{found[2] or '':0<3.3}")


def written_ms(ms: int) -> str:
    """A Unix time in milliseconds, so that :func:`read_ms` reads it: ``2026-11-22T13:20:00.123Z``."""
    second, rest = divmod(ms, 1000)
    return time.strftime(f"%Y-%m-%dT%H:%M:%S.{rest:03d}Z", time.gmtime(second))


def seconds(ms: int) -> float:
    """A Unix time in milliseconds in seconds, from which all come back to the same millisecond."""
    return (ms + 0.5) / 1000


def minute(at: float) -> str:
    """A Unix time for people: ``2026-11-29 12:03 UTC``."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(at, _LAST)))


def clock_time(at: float) -> str:
    """The same to the second, UTC without saying so: ``2026-11-29 12:03:05``."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(min(at, _LAST)))


def day(at: float) -> str:
    """The day of a Unix time, UTC: ``2026-11-29``."""
    return time.strftime("%Y-%m-%d", time.gmtime(min(at, _LAST)))
