"""Which of two changes of one thing came later, on whatever servers they were made: hybrid logical stamps.

A stamp is a time, a number that tells apart what one server did within a millisecond, and the id of that
server: no two are equal, and each server makes its next one later than all it has seen, so that an answer is
later than what it answers even where clocks differ.  What is stamped are registers, of a channel of one TS:

    m, n, t …       a mode without a parameter
    k, l, f, j      a mode with one
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
from collections.abc import Mapping
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


NEVER: Final = Stamp(0, 0, "")
"""The stamp of what has none: earlier than all."""
_MOST: Final = 36**6 - 1
"""The greatest number within a millisecond."""


@lru_cache(maxsize=512)  # one stamp is that of many registers
def read(text: str) -> Stamp | None:
    """The stamp that `text` is, or None."""
    found = _TEXT.fullmatch(text)
    return Stamp(int(found[1], 36), int(found[2], 36), found[3]) if found else None


@lru_cache(maxsize=512)
def _base36(number: int) -> str:
    digits = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return _DIGITS[number] + digits


class Mark(NamedTuple):
    """What became of a register last: when, and whether it was set or removed."""

    stamp: Stamp
    adding: bool


Marks = Mapping[str, Mark]
"""Register → what became of it last."""


def holds(stamp: Stamp, known: Mark | None) -> bool:
    """Whether a change that bears `stamp` holds against what is `known` of its register."""
    return stamp > (NEVER if known is None else known.stamp)


class Clock:
    """Makes stamps for the server `sid`, and takes note of those of others.

    A clock that is far ahead would win all races from then on: a stamp too far in the future is taken for
    one of just then, and counted in `clamped`.  That is `ahead` seconds for each server of the network: so
    far may the clocks of two neighbours differ, and on a way they may all do so in one direction.
    """

    __slots__ = ("_last", "_sid", "ahead", "clamped")

    def __init__(self, sid: str, ahead: float) -> None:
        self._sid = sid
        self.ahead = ahead
        self._last = (0, 0)
        self.clamped = 0

    def next(self, now: float) -> Stamp:
        """The stamp of what happens here at the Unix time `now`."""
        ms = int(now * 1000)
        last, number = self._last
        if ms > last:
            self._last = (ms, 0)
        else:
            self._last = (last, number + 1) if number < _MOST else (last + 1, 0)
        return Stamp(*self._last, self._sid)

    def latest(self, now: float, servers: int) -> int:
        """The latest milliseconds that a stamp can have at the Unix time `now`, among so many servers."""
        return int(now * 1000) + int(self.ahead * 1000) * servers

    def pull_back(self, most: int) -> None:
        """Our clock may have been ahead, and was set right: others took its stamps for ones of just then."""
        last, number = self._last
        self._last = min(last, most), number

    def observe(self, stamp: Stamp, now: float, servers: int = 1) -> Stamp:
        """Take note of somebody's `stamp`; gives it, or what it is taken for among so many servers."""
        most = self.latest(now, servers)
        if stamp.ms > most:
            self.clamped += 1
            stamp = Stamp(most, stamp.number, stamp.sid)
        if stamp[:2] > self._last:
            self._last = stamp[:2]
        return stamp
