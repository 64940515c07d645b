"""Connections that were let in, and turned out to be too many before they were anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SURPLUS: Final = 20.0
"""Seconds that a connection may take until it is a session: a handshake of TLS, at most."""


class Surplus:
    """Who is to be sent away of those who are about to come, by address; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.expected: dict[str, list[tuple[float, str]]] = {}
        """By their addresses: until when, and why."""

    def note(self, address: str, why: str) -> None:
        """One more."""
        now = self._monotonic()
        for each in [each for each, those in self.expected.items() if those[-1][0] <= now]:
            del self.expected[each]
        self.expected.setdefault(address, []).append((now + SURPLUS, why))

    def take(self, address: str) -> str:
        """Somebody comes from there: why they are sent away; empty if they are not."""
        those, now = self.expected.pop(address, []), self._monotonic()
        those = [each for each in those if each[0] > now]
        why = those.pop(0)[1] if those else ""
        if those:
            self.expected[address] = those
        return why
