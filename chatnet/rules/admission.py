"""Who may connect at all: how many from one address, from one network, and how fast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from chatnet.settings import Settings, at_hand
from chatnet.wire.masks import address_in, aggregate, networks_of


class Admission:
    """Counts connections by address and by network; `monotonic` gives seconds.

    `slower` tells by how much fewer may come at once than the settings say: of the shields.
    """

    def __init__(
        self, settings: Callable[[], Settings], monotonic: Callable[[], float], slower: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._slower = slower
        self._use(settings())
        self._addresses: dict[str, int] = {}
        self._networks: dict[str, int] = {}
        self._recent: dict[str, deque[float]] = {}
        self._counted: dict[str, list[tuple[str, str]]] = {}

    def admit(self, address: str) -> str | None:
        """Count a new connection, or tell in words why it is refused (then it is not counted)."""
        settings = self._settings()
        if settings is not self._used:
            self._use(settings)
        flood = self._flood
        if not flood.enabled or address == "localhost" or address_in(address, self._exempt):
            return None
        one = aggregate(address, 32, flood.address_ipv6)
        many = aggregate(address, flood.network_ipv4, flood.network_ipv6)
        now = self._monotonic()
        recent = self._recent.setdefault(one, deque())
        while recent and recent[0] <= now - flood.connection_period:
            recent.popleft()
        if len(recent) >= max(1, int(flood.connection_rate / self._slower())):
            return "Connecting too fast, try again later"
        if self._addresses.get(one, 0) >= flood.connections_per_address:
            return "Too many connections from your address"
        if self._networks.get(many, 0) >= flood.connections_per_network:
            return "Too many connections from your network"
        recent.append(now)
        self._addresses[one] = self._addresses.get(one, 0) + 1
        self._networks[many] = self._networks.get(many, 0) + 1
        self._counted.setdefault(address, []).append((one, many))
        return None

    def _use(self, settings: Settings) -> None:
        self._used = settings
        self._flood = at_hand(settings.flood)
        # Gateways bring many people, who are counted by themselves.
        texts = [*settings.flood.exempt, *(text for gate in settings.webirc for text in gate.addresses)]
        self._exempt = networks_of(texts)

    def release(self, address: str) -> None:
        """A connection from `address` that was admitted is gone."""
        counted = self._counted.get(address)
        if not counted:
            return
        one, many = counted.pop()
        if not counted:
            del self._counted[address]
        for counts, key in ((self._addresses, one), (self._networks, many)):
            if counts[key] == 1:
                del counts[key]
            else:
                counts[key] -= 1

    def sweep(self) -> None:
        """Forget addresses that did not connect lately."""
        limit = self._monotonic() - self._settings().flood.connection_period
        for address in [a for a, recent in self._recent.items() if not recent or recent[-1] <= limit]:
            del self._recent[address]
