"""How often logins may fail and accounts be registered, counted by this server for itself, in memory
(by all of its processes together).

An account is not locked by strangers: who comes from an address from which somebody logged in to it lately is
not slowed by what others tried.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.node import Node
from chatnet.rules.allowances import Allowances, Told
from chatnet.rules.pool import Limit
from chatnet.wire.networks import address_in, aggregate, networks_of

FAMILIAR: Final = 30 * 86400.0
"""Seconds for which an address is remembered from which somebody logged in."""
_ALL: Final = ""


class Familiar:
    """From where people have logged in to their accounts lately; at most `size` such pairs are remembered."""

    def __init__(self, monotonic: Callable[[], float], size: Callable[[], int]) -> None:
        self._monotonic = monotonic
        self._size = size
        self._since: OrderedDict[str, float] = OrderedDict()
        self.told: Told | None = None

    def __len__(self) -> int:
        return len(self._since)

    def is_known(self, account: str, owner: str) -> bool:
        """Whether somebody at that address has."""
        since = self._since.get(f"{owner} {account}")
        return since is not None and since >= self._monotonic() - FAMILIAR

    def note(self, account: str, owner: str) -> None:
        """Somebody does."""
        key = f"{owner} {account}"
        self.hear(key, 1)
        if self.told is not None:
            self.told(key, 1)

    def hear(self, key: str, step: float) -> None:
        """Somebody does, in another process."""
        self._since.pop(key, None)
        self._since[key] = self._monotonic()
        if len(self._since) > self._size():
            self._since.popitem(last=False)


class Throttle:
    """Counts for addresses (an owner: an IPv4 address, or an IPv6 network), and for accounts by a key."""

    def __init__(self, node: Node) -> None:
        self._node = node
        monotonic = node.clock.monotonic

        def size() -> int:
            return node.settings.accounts.counted

        def failures_address() -> tuple[int, float]:
            accounts = node.settings.accounts
            return accounts.failures_address, accounts.failures_period

        def failures_account() -> tuple[int, float]:
            accounts = node.settings.accounts
            return accounts.failures_account, accounts.failures_period

        def register() -> tuple[int, float]:
            accounts = node.settings.accounts
            return accounts.register_rate, accounts.register_period

        def register_all() -> tuple[int, float]:
            accounts = node.settings.accounts
            return accounts.register_all, accounts.register_all_period

        def channels() -> tuple[int, float]:
            channels = node.settings.channels
            return channels.register_rate, channels.register_period

        self._addresses = Allowances(monotonic, failures_address, size)
        self._accounts = Allowances(monotonic, failures_account, size)
        self._registering = Allowances(monotonic, register, size)
        self._channels = Allowances(monotonic, channels, size)
        self._all = Allowances(monotonic, register_all, size)
        self._familiar = Familiar(monotonic, size)
        self.limits: Final[Mapping[str, Limit]] = {
            "failures of an address": self._addresses,
            "failures of an account": self._accounts,
            "logins": self._familiar,
            "accounts of an address": self._registering,
            "accounts": self._all,
            "channels of an address": self._channels,
        }
        """What all processes of a server count together."""
        self._tells_from = 0.0  # that nobody may register an account
        self._settings = node.settings
        self._exempt = networks_of(node.settings.flood.exempt)

    def owner(self, address: str) -> str:
        """Whom `address` is counted for."""
        return aggregate(address, 32, self._node.settings.flood.address_ipv6)

    def address_of(self, user: User) -> str:
        """What `user` is counted by.

        It is their address; but another server may say any, and one that is spared counts as the server.
        """
        if user.server is self._node.network.me or not self.spared(user.address):
            return user.address
        return user.server.name

    def queue_of(self, user: User) -> str:
        """For whom a password of `user` waits to be hashed: people of another server wait for each other."""
        if user.server is self._node.network.me:
            return self.owner(user.address)
        return user.server.name

    def spared(self, address: str) -> bool:
        """Whether nothing is counted against `address`."""
        settings = self._node.settings
        if settings is not self._settings:
            self._settings = settings
            self._exempt = networks_of(settings.flood.exempt)
        return not settings.flood.enabled or address == "localhost" or address_in(address, self._exempt)

    # logins

    def address_waits(self, address: str) -> float:
        """Seconds until somebody at `address` may try to log in."""
        return 0.0 if self.spared(address) else self._addresses.wait(self.owner(address))

    def waits(self, address: str, account: str) -> float:
        """Seconds until somebody at `address` may try to log in to `account`."""
        if self.spared(address):
            return 0.0
        owner = self.owner(address)
        wait = self._addresses.wait(owner)
        if not self._familiar.is_known(account, owner):
            wait = max(wait, self._accounts.wait(account))
        return wait

    def failed(self, address: str, account: str | None) -> None:
        """A login from `address` failed, to an account, or to none that was named."""
        if not self.spared(address):
            self._addresses.count(self.owner(address))
            if account is not None:
                self._accounts.count(account)

    def succeeded(self, address: str, account: str) -> None:
        """Somebody at `address` logged in to `account`."""
        self._familiar.note(account, self.owner(address))

    # registrations

    def registering(self, address: str) -> float:
        """Count a registration of an account from `address`, or tell in how many seconds there may be one."""
        if self.spared(address):
            return 0.0
        owner = self.owner(address)
        everybody = self._all.wait(_ALL)
        if everybody:
            self._tell_full()
        wait = max(self._registering.wait(owner), everybody)
        if not wait:
            self._registering.count(owner)
            self._all.count(_ALL)
        return wait

    def not_registered(self, address: str) -> None:
        """Nothing came of the registration that was counted."""
        if not self.spared(address):
            self._registering.take_back(self.owner(address))
            self._all.take_back(_ALL)

    def registering_channel(self, address: str) -> float:
        """Count a registration of a channel from `address`, or tell in how many seconds there may be one."""
        if self.spared(address):
            return 0.0
        owner = self.owner(address)
        wait = self._channels.wait(owner)
        if not wait:
            self._channels.count(owner)
        return wait

    def _tell_full(self) -> None:
        """Operators read, once in a while, that nobody can register an account."""
        settings, now = self._node.settings.accounts, self._node.clock.monotonic()
        if now >= self._tells_from:
            seconds = settings.register_all_period
            self._tells_from = now + seconds
            text = f"{settings.register_all} accounts were registered within {seconds:g} seconds"
            self._node.log.warn(text)
            self._node.notice("a", f"{text}: further ones have to wait")
