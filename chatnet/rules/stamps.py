"""Which of two changes of one thing came later, on whatever servers they were made: hybrid logical stamps.

A stamp is a time, a number that tells apart what one server did within a millisecond, and the id of that
server: no two are equal, and each server makes its next one later than all it has seen, so that an answer is
later than what it answers even where clocks differ.  What is stamped are registers, of a channel of one TS:

    m, n, t …       a mode without a parameter
    k, l, f, j, H   a mode with one
    b:*!*@bad       an entry of a list, by its folded mask
    o:0AAAAAAAB     a member's rank
    topic, lock     the topic, and the modes that are locked (MLOCK)
    name            the name itself, since the channel got another one (RENAME)
    0AAAAAAAB       that somebody is a member: this one is of the channel's name, whatever its TS

A change holds if its stamp is later than the one its register has; otherwise nothing comes of it.  A register
without a stamp has not changed for long, and is older than all that have one.

https://cse.buffalo.edu/tech-reports/2014-04.pdf (Logical Physical Clocks)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TEXT: Final = re.compile(r"([0-9a-z]{1,9})\.([0-9a-z]{1,6})\.([0-9][0-9A-Z]{2})", re.ASCII)


class Stamp(NamedTuple):
    """Unix time in milliseconds, a number within it, and the SID of the server; greater is later."""

    ms: int
    number: int
    sid: str

    @property
    def text(self) -> str:
        """As it stands on the wire: ``<ms>.<number>.<sid>``, numbers in base 36."""
        return f"{_base36(self.ms)}.{_base36(self.number)}.{self.sid}"

    def next(self, sid: str) -> Stamp:
        """The next one that the server `sid` may give: nothing else is between, but by other servers."""
        if self.number < _MOST:
            return Stamp(self.ms, self.number + 1, sid)
        return Stamp(self.ms + 1, 0, sid)


NEVER: Final = Stamp(0, 0, "")
"""The stamp of what has none: earlier than all."""
_MOST: Final = 36**6 - 1
"""The greatest number within a millisecond."""


@lru_cache(maxsize=512)  # one stamp is that of many registers
def read(text: str) -> Stamp | None:
    """The stamp that `text` is, or None."""
    found = _TEXT.fullmatch(text)
    return Stamp(int(found[1], 36), int(found[2], 36), found[3]) if found else None


def stamp_of(text: str) -> Stamp:
    """The stamp that `text` is; ValueError if it is none."""
    stamp = read(text)
    if stamp is None:
        raise ValueError(f"{text!r} is no stamp")
    return stamp


@lru_cache(maxsize=512)
def _base36(number: int) -> str:
    digits = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return _DIGITS[number] + digits


class Mark(NamedTuple):
    """What became of a register last: when, and whether it was set or removed.

    `noted` tells in which minute this server noted it, by a clock that nobody sets.
    """

    stamp: Stamp
    adding: bool
    noted: int = 0


Marks = Mapping[str, Mark]
"""Register → what became of it last."""


def holds(stamp: Stamp, known: Mark | None) -> bool:
    """Whether a change that bears `stamp` holds against what is `known` of its register."""
    return stamp > (NEVER if known is None else known.stamp)


class Clock:
    """Makes stamps for the server `sid`, and takes note of those of others.

    Whoever has seen a change and changes it again is later, whatever the clocks say: the next stamp is later
    than all that were made or seen, and each is taken as it is, or not at all.
    """

    __slots__ = ("_last", "_seen", "_sid", "kept")

    def __init__(self, sid: str) -> None:
        self._sid = sid
        self.kept: Callable[[], tuple[int, int]] = lambda: (0, 0)
        """The last stamp that is written down for good: it is never set back behind that."""
        self._last = (0, 0)
        self._seen = (0, 0)  # of others

    @property
    def ms(self) -> int:
        """The milliseconds of the last stamp that was made or seen."""
        return self._last[0]

    def next(self, now: float) -> Stamp:
        """The stamp of what happens here at the Unix time `now`."""
        ms = int(now * 1000)
        last, number = self._last
        if ms > last:
            self._last = (ms, 0)
        else:
            self._last = (last, number + 1) if number < _MOST else (last + 1, 0)
        return Stamp(*self._last, self._sid)

    def observe(self, stamp: Stamp) -> None:
        """Take note of somebody's `stamp`."""
        if stamp[:2] > self._seen:
            self._seen = stamp[:2]
            if self._seen > self._last:
                self._last = self._seen

    def go_on_after(self, stamp: Stamp) -> None:
        """Take note of a stamp that this server has made before."""
        self._last = max(self._last, stamp[:2])

    def set_back(self, kept: Stamp) -> None:
        """What was made after `kept` is not so any more, and nobody has seen it."""
        self._last = max(kept[:2], self._seen, self.kept())


SLACK: Final = 600.0
"""Seconds by which clocks of servers that judge each other's stamps may differ."""


def too_far(stamp: Stamp, now: float, horizon: float) -> float:
    """By how many seconds a stamp is ahead of the Unix time `now`, if that is more than `horizon`; else 0."""
    ahead = stamp.ms / 1000 - now
    return ahead if ahead > horizon else 0.0
