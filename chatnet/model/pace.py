"""Channel modes W and E: how often who has no rank may speak, and may say the same."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MOST_SECONDS: Final = 86_400
MOST_TIMES: Final = 20

_SLOW: Final = re.compile(r"0*([1-9][0-9]{0,4})", re.ASCII)
_REPEAT: Final = re.compile(r"~?0*([1-9][0-9]?):0*([1-9][0-9]{0,4})", re.ASCII)


def read_slow(text: str) -> str | None:
    """The parameter of ``+W`` in its one spelling: 1 to 86400 seconds between two messages of one person."""
    found = _SLOW.fullmatch(text)
    return found[1] if found and int(found[1]) <= MOST_SECONDS else None


def read_repeat(text: str) -> str | None:
    """The parameter of ``+E`` in its one spelling: ``3:60`` for the same text 3 times in 60 seconds.

    1 to 20 times, in 1 to 86400 seconds.  A ``~`` before it says elsewhere that it is only refused, which is
    what is done here anyway.
    """
    found = _REPEAT.fullmatch(text)
    if found is None or int(found[1]) > MOST_TIMES or int(found[2]) > MOST_SECONDS:
        return None
    return f"{found[1]}:{found[2]}"


def repeat_order(text: str) -> tuple[int, int]:
    """In which order parameters of ``+E`` stand of which the greatest holds, which is the strictest."""
    times, _, seconds = text.partition(":")
    return int(seconds), -int(times)


class Said(NamedTuple):
    """Something that somebody said: when, on the clock that nobody sets, and what it was like."""

    at: float
    likeness: bytes


class Pace:
    """What a channel with mode W or E asks of its members, and what they said lately.

    `slow` are the seconds between two messages, `times` and `seconds` those of the repeat filter; 0 is none.
    `said` has who spoke lately, the last one at the end; ``rules/pacing.py`` sees to it.
    """

    __slots__ = ("said", "seconds", "slow", "times")

    def __init__(self) -> None:
        self.slow = 0
        self.times = 0
        self.seconds = 0
        self.said: dict[str, list[Said]] = {}

    def set(self, letter: str, text: str | None) -> None:
        """Set W or E to what a MODE line has as its parameter, or unset it."""
        if letter == "W":
            self.slow = int(text) if text else 0
        else:
            times, _, seconds = (text or "").partition(":")
            self.times, self.seconds = (int(times), int(seconds)) if seconds else (0, 0)

    def __bool__(self) -> bool:
        return bool(self.slow or self.times)
