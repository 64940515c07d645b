"""Channel mode H: for how long what is said in a channel is kept, and who may look back how far."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SINCE: Final = ("all", "account", "join")
"""From when on: the beginning, when one's account was registered, or only while one was there; the last one
lets people see the least."""

_KEEP: Final = re.compile(
    r"(?:0+|0*([1-9][0-9]{0,2})([hdw]))(?::(all|account|join))?", re.ASCII | re.IGNORECASE
)
_UNITS: Final = {"h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class Keep(NamedTuple):
    """Messages are kept for `span` milliseconds (0: not at all).

    `since` is one of :data:`SINCE`; None leaves it to the settings of each server.  `text` is the parameter
    of the mode, in its one spelling: ``30d``, ``0``, ``90d:join``.
    """

    span: int
    since: str | None
    text: str


def read_keep(text: str) -> Keep | None:
    """What ``<span>[:<since>]`` says; a span is ``0``, or 1 to 999 with ``h``, ``d`` or ``w``; None if it is
    no such thing."""
    found = _KEEP.fullmatch(text)
    if found is None:
        return None
    number, unit, since = found[1], (found[2] or "").lower(), None if found[3] is None else found[3].lower()
    span = int(number) * _UNITS[unit] if number is not None else 0
    canonical = f"{number}{unit}" if number is not None else "0"
    return Keep(span, since, canonical if since is None else f"{canonical}:{since}")


def keep_order(text: str) -> tuple[int, int, str]:
    """In which order parameters stand of which the greatest holds where two channels become one.

    Nobody's messages are lost by that, for the longest span is the greatest; of these the one by which people
    see least.
    """
    found = read_keep(text)
    if found is None:
        return -1, -1, text
    return found.span, -1 if found.since is None else SINCE.index(found.since), text
