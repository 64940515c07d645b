"""How long something lasts, as people write it: ``90s``, ``15m``, ``12h``, ``3d``, ``2w``, ``1d12h``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_DURATION: Final = re.compile("([1-9][0-9]{0,5})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}

_SEVERAL: Final = re.compile("(?:[0-9]{1,6}[smhdwy])+", re.ASCII)
_ONE: Final = re.compile("([0-9]+)([a-z])", re.ASCII)
_YEAR: Final = 365 * 86400
MOST: Final = 100 * _YEAR
"""Seconds of the longest duration of a ban."""


def ban_seconds(text: str) -> int | None:
    """The duration of a ban in seconds: ``60`` is minutes, ``1d12h`` what it says; 0 is for ever."""
    if text.isascii() and text.isdecimal() and len(text) <= 8:
        return min(int(text) * 60, MOST)
    return ban_units(text)


def ban_units(text: str) -> int | None:
    """The same, but a number alone is none."""
    if _SEVERAL.fullmatch(text.lower()) is None:
        return None
    units = {**_SECONDS, "y": _YEAR}
    return min(sum(int(number) * units[unit] for number, unit in _ONE.findall(text.lower())), MOST)


def duration(seconds: int) -> str:
    """A duration as people write it: ``1d12h``; ``0s`` if there is none."""
    parts = []
    for unit, size in (("w", 604_800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def seconds_in(text: str) -> int | None:
    """A duration in seconds; None if it is none."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]


def since_when(text: str, now: float) -> float | None:
    """The Unix time that a text means: how long ago (``7d``), or a day (``2026-11-29``); None: it is none."""
    seconds = ban_units(text)
    if seconds is not None:
        return now - seconds
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
