"""Whether somebody is banned from the network, or a name is reserved.

A network may have a hundred thousand bans, and each newcomer is held against all of them.  So those without
wildcards are looked up, networks of addresses by their number for each length in use, and the others by three
letters that stand in their mask: only those are tried whose letters a name has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Final

from chatnet.model.bans import KINDS, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned
from chatnet.model.network import BANS_SEEN_TO
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import address_in, compile_glob, normalise_address, parse_network

LETTERS: Final = 3
"""Letters, one after the other, by which a mask with wildcards is found."""

WIDEST: Final = {4: 8, 6: 16}
"""Bits of a network of addresses, by their version, below which it is taken for all of them."""

_WILD: Final = re.compile(r"[*?\\]+")
_FEW: Final = 2
"""Letters and digits that a mask with wildcards has to have."""


class _Reading:
    """What is kept of a ban beside its text: its network, and where its index has it.

    Patterns are not: of a hundred thousand an index asks about few.
    """

    __slots__ = ("network", "place")

    def __init__(self, ban: NetworkBan) -> None:
        self.network = parse_network(ban.host) if ban.kind in "KD" else None
        self.place = ("", "")


def _reading(ban: NetworkBan) -> _Reading:
    reading: _Reading | None = ban.reading
    if reading is None:
        reading = ban.reading = _Reading(ban)
    return reading


def _host(ban: NetworkBan) -> str:
    """The mask of hosts, real names or names."""
    return ban.host.replace("\\s", " ") if ban.kind == "X" else ban.host


def _front(ban: NetworkBan, user: User, fold: Folder) -> bool:
    """Whether the mask of user names means `user`."""
    return ban.user == "*" or compile_glob(ban.user, fold)(user.username)


class _Index:
    """The bans of one kind, by where their masks are found."""

    __slots__ = ("_fold", "_networks", "_places")

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._places: dict[tuple[str, str], dict[NetworkBan, None]] = {}
        self._networks: dict[tuple[int, int], dict[int, dict[NetworkBan, None]]] = {}

    def add(self, ban: NetworkBan) -> None:
        """Find `ban` from now on."""
        reading = _reading(ban)
        network = reading.network
        if network is None:
            reading.place = self._place(ban)
            self._places.setdefault(reading.place, {})[ban] = None
        else:
            kind = network.version, network.prefixlen
            number = int(network.network_address)
            self._networks.setdefault(kind, {}).setdefault(number, {})[ban] = None

    def remove(self, ban: NetworkBan) -> None:
        """Find it no more."""
        reading = _reading(ban)
        network = reading.network
        if network is None:
            del self._places[reading.place][ban]
            if not self._places[reading.place]:
                del self._places[reading.place]
            return
        kind, number = (network.version, network.prefixlen), int(network.network_address)
        bans = self._networks[kind]
        del bans[number][ban]
        if not bans[number]:
            del bans[number]
        if not bans:
            del self._networks[kind]

    def _place(self, ban: NetworkBan) -> tuple[str, str]:
        """Where few others are."""
        mask = self._fold(_host(ban))
        runs = _WILD.split(mask)
        if len(runs) == 1:
            return "whole", mask
        places = [("part", letters) for run in runs for letters in _parts(run)]
        return min(places, key=lambda place: len(self._places.get(place, ())), default=("any", ""))

    def for_text(self, text: str) -> Iterator[NetworkBan]:
        """Those whose masks match a host, a real name or a nick."""
        if not self._places:
            return
        text = self._fold(text)
        parts = [("part", letters) for letters in dict.fromkeys(_parts(text))]
        for place in (("whole", text), *parts, ("any", "")):
            for ban in self._places.get(place, ()):
                if compile_glob(_host(ban), self._fold)(text):
                    yield ban

    def for_address(self, address: str) -> Iterator[NetworkBan]:
        """Those of networks that an address lies in."""
        if not self._networks:
            return
        try:
            parsed = ip_address(normalise_address(address))
        except ValueError:
            return
        number, bits = int(parsed), parsed.max_prefixlen
        for (version, length), bans in self._networks.items():
            if version == parsed.version:
                yield from bans.get(number >> (bits - length) << (bits - length), ())


def _parts(text: str) -> list[str]:
    """All its letters by threes: ``abcd`` has ``abc`` and ``bcd``."""
    return [text[start : start + LETTERS] for start in range(len(text) - LETTERS + 1)]


class NetworkBans:
    """Answers for users and names, once bans were told to it; `now` gives Unix time, for bans end."""

    def __init__(self, fold: Folder, now: Callable[[], float]) -> None:
        self._fold = fold
        self._now = now
        self._indexes = {kind: _Index(fold) for kind in KINDS}
        self._known: dict[tuple[str, str], NetworkBan] = {}
        self._seen_to = 0.0

    def take(self, fact: NetworkBanned) -> None:
        """Hold people against a ban from now on, or no more."""
        ban = fact.ban
        self._remove((ban.kind, self._fold(ban.mask)))
        if ban.holds(fact.at):
            self._known[ban.kind, self._fold(ban.mask)] = ban
            self._indexes[ban.kind].add(ban)
        if abs(fact.at - self._seen_to) >= BANS_SEEN_TO:  # also after the clock was set back
            self._seen_to = fact.at
            for key in [key for key, ban in self._known.items() if not ban.holds(fact.at)]:
                self._remove(key)

    def _remove(self, key: tuple[str, str]) -> None:
        ban = self._known.pop(key, None)
        if ban is not None:
            self._indexes[ban.kind].remove(ban)

    def _first(self, found: Iterator[NetworkBan]) -> NetworkBan | None:
        now = self._now()
        return next((ban for ban in found if ban.holds(now)), None)

    def address(self, address: str) -> NetworkBan | None:
        """The ban (D) of an address."""
        if not self._known:
            return None
        return self._first(self._indexes["D"].for_address(address))

    def user(self, user: User) -> NetworkBan | None:
        """The ban (D, K or X) of a user."""
        if not self._known:
            return None
        return (
            self.address(user.address)
            or self._first(self._of_hosts(user, _hosts(user), user.address))
            or self._first(self._indexes["X"].for_text(user.realname))
        )

    def elsewhere(self, user: User, came: User) -> NetworkBan | None:
        """The ban of a user for one of their sessions, which `came` from elsewhere than others know."""
        if not self._known:
            return None
        return (
            self.address(came.address)
            or self._first(self._of_hosts(user, (came.real_host, came.address), came.address))
            or self._first(self._indexes["X"].for_text(user.realname))
        )

    def _of_hosts(self, user: User, hosts: Iterable[str], address: str) -> Iterator[NetworkBan]:
        index = self._indexes["K"]
        for host in hosts:
            for ban in index.for_text(host):
                if _front(ban, user, self._fold):
                    yield ban
        for ban in index.for_address(address):
            if _front(ban, user, self._fold):
                yield ban

    def name(self, name: str) -> NetworkBan | None:
        """The reservation (R) of a nick or a channel's name."""
        if not self._known:
            return None
        return self._first(self._indexes["R"].for_text(name))


def is_everybody(kind: str, user: str, host: str) -> bool:
    """Whether a ban of these masks means as good as everybody, or every name.

    So do ``*@*.*``, ``0.0.0.0/1``, ``*e*`` and ``#?*``.
    """
    if kind == "K" and not _is_open(user):
        return False
    network = parse_network(host) if kind in "KD" else None
    if network is not None:
        return network.prefixlen < WIDEST[network.version]
    return _is_open(host)


def _is_open(mask: str) -> bool:
    return _WILD.search(mask) is not None and sum(map(str.isalnum, mask)) < _FEW


def means(ban: NetworkBan, user: User, fold: Folder) -> bool:
    """Whether one ban (not R) means a user."""
    host = compile_glob(_host(ban), fold)
    if ban.kind == "X":
        return host(user.realname)
    if (network := _reading(ban).network) is not None:
        return address_in(user.address, (network,)) and _front(ban, user, fold)
    return ban.kind == "K" and _front(ban, user, fold) and any(map(host, _hosts(user)))


def _hosts(user: User) -> set[str]:
    """A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it."""
    return {user.host, user.real_host, user.address, user.cloak or user.host}
