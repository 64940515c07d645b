"""Connections that speak HTTP, of all web listeners: how many there may be, and their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from chatnet.settings import Settings
from chatnet.wire.networks import aggregate


class Visitor(Protocol):
    """One connection, as far as its end goes."""

    @property
    def secure(self) -> bool:
        """Whether it is under TLS."""

    def leave(self) -> None:
        """Close it when what is being answered has been."""


class Crowd:
    """Counts connections by address; `entered` and `left` hear of each.

    A connection is in it until it ends, or becomes a WebSocket, which is counted as people are.
    """

    def __init__(
        self, settings: Callable[[], Settings], entered: Callable[[], object], left: Callable[[], object]
    ) -> None:
        self._settings = settings
        self._entered = entered
        self._left = left
        self._counts: dict[str, int] = {}
        self.count = 0
        self.opened = 0
        """Connections since the start."""
        self.refused = 0
        """Those that were not let in."""
        self.visitors: set[Visitor] = set()
        self.idle: dict[Visitor, None] = {}
        """Those of whom nothing is being asked, who has waited longest first."""

    def refusal(self, address: str, *, spared: bool) -> str | None:
        """Why there may be no connection more, in words; who is `spared` may bring many.

        If there are as many as there may be, one goes that has nothing to do: it comes back when it has.
        """
        web = self._settings().web
        if not spared and self._counts.get(self._network(address), 0) >= web.connections_per_address:
            self.refused += 1
            return "Too many connections from your address"
        if self.count >= web.connections:
            if not self.idle:
                self.refused += 1
                return "Too many connections"
            next(iter(self.idle)).leave()
        return None

    def _network(self, address: str) -> str:
        if ":" not in address:
            return address  # an IPv4 address counts for itself
        return aggregate(address, 32, self._settings().flood.address_ipv6)

    def enter(self, address: str) -> str:
        """Count a connection; returns by what it is to be released."""
        network = self._network(address)
        self._counts[network] = self._counts.get(network, 0) + 1
        self.count += 1
        self.opened += 1
        self._entered()
        return network

    def release(self, network: str) -> None:
        """A connection is gone, or is a WebSocket now."""
        self.count -= 1
        if self._counts[network] == 1:
            del self._counts[network]
        else:
            self._counts[network] -= 1
        self._left()

    def by_encryption(self) -> Mapping[bool, int]:
        """How many there are now, by whether they are under TLS."""
        return Counter(visitor.secure for visitor in self.visitors)

    def close(self) -> None:
        """The server ends: all go when they have what they are being answered."""
        for visitor in list(self.visitors):
            visitor.leave()
