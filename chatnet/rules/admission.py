"""Who may connect at all: how many from one address, from one network, and how fast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from chatnet.settings import Settings, at_hand
from chatnet.wire.networks import address_in, aggregate, networks_of


class Admission:
    """Counts connections by address and by network; `monotonic` gives seconds.

    `slower` tells by how much fewer may come at once than the settings say: of the shields.  `told` hears of
    each address that is counted (1), or not any more (-1): of several processes of one server each counts
    those of the others as well, by :meth:`hear`.
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
        self._others: dict[int, dict[str, list[tuple[str, str]]]] = {}  # by process
        self.told: Callable[[str, int], object] | None = None

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
        self._count(self._counted, address, one, many)
        if self.told is not None:
            self.told(address, 1)
        return None

    def _count(self, counted: dict[str, list[tuple[str, str]]], address: str, one: str, many: str) -> None:
        self._addresses[one] = self._addresses.get(one, 0) + 1
        self._networks[many] = self._networks.get(many, 0) + 1
        counted.setdefault(address, []).append((one, many))

    def hear(self, process: int, address: str, step: int, *, lately: bool = True) -> None:
        """So many connections more, or fewer, are counted by another process; `lately`: they just came."""
        flood, counted = self._settings().flood, self._others.setdefault(process, {})
        for _ in range(-step):
            self._release(counted, address)
        for _ in range(step):
            one = aggregate(address, 32, flood.address_ipv6)
            if lately:
                self._recent.setdefault(one, deque()).append(self._monotonic())
            self._count(counted, address, one, aggregate(address, flood.network_ipv4, flood.network_ipv6))

    def forget(self, process: int) -> None:
        """Another process is gone, and those who were connected to it."""
        counted = self._others.pop(process, {})
        for address, seats in list(counted.items()):
            for _ in range(len(seats)):
                self._release(counted, address)

    def _use(self, settings: Settings) -> None:
        self._used = settings
        self._flood = at_hand(settings.flood)
        # Gateways bring many people, who are counted by themselves.
        texts = [*settings.flood.exempt, *(text for gate in settings.webirc for text in gate.addresses)]
        self._exempt = networks_of(texts)

    def release(self, address: str) -> None:
        """A connection from `address` that was admitted is gone."""
        if self._release(self._counted, address) and self.told is not None:
            self.told(address, -1)

    def _release(self, by_address: dict[str, list[tuple[str, str]]], address: str) -> bool:
        counted = by_address.get(address)
        if not counted:
            return False
        one, many = counted.pop()
        if not counted:
            del by_address[address]
        for counts, key in ((self._addresses, one), (self._networks, many)):
            if counts[key] == 1:
                del counts[key]
            else:
                counts[key] -= 1
        return True

    def sweep(self) -> None:
        """Forget addresses that did not connect lately."""
        limit = self._monotonic() - self._settings().flood.connection_period
        for address in [a for a, recent in self._recent.items() if not recent or recent[-1] <= limit]:
            del self._recent[address]
