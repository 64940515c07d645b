"""Memory that connections under TLS leave behind when they go.

OpenSSL takes some 50 kB for a handshake and 22 for a connection, in pieces of every size.  The C library
keeps what was freed, unless it is at the end of its heap, where by then something else is: after a crowd has
gone the process would stay as large as it ever was.  glibc can be asked to give back what is free in between.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

CROWD: Final = 200
"""Connections that have gone after which it is worth looking for what is free: some megabytes."""

MOMENT: Final = 1.0
"""Seconds after which that is done: who goes in a crowd goes at the same time."""


def _trim_of_libc() -> Callable[[], object] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # another C library, another system
        return None
    trim.argtypes = [ctypes.c_size_t]
    return lambda: trim(0)


give_back: Callable[[], object] | None = _trim_of_libc()
"""Gives free memory back to the system, where that can be asked for.

https://man7.org/linux/man-pages/man3/malloc_trim.3.html
"""


class Leftovers:
    """Counts connections that go, and has `give_back` called a moment after many have."""

    def __init__(self, clock: IReactorTime, give_back: Callable[[], object] | None = give_back) -> None:
        self._clock = clock
        self._give_back = give_back
        self._gone = 0

    def add(self) -> None:
        """A connection is gone."""
        self._gone += 1
        if self._gone == CROWD and self._give_back is not None:
            self._clock.callLater(MOMENT, self._clear, self._give_back)

    def _clear(self, give_back: Callable[[], object]) -> None:
        self._gone = 0
        give_back()
