"""Whether somebody is banned from the network, or a name is reserved.

A network may have a hundred thousand bans, and each newcomer is held against all of them.  So those without
wildcards are looked up, networks of addresses by their number for each length in use, and the others by three
letters that stand in their mask: only those are tried whose letters a name has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
    """The masks of one ban, made ready."""

    __slots__ = ("front", "host", "network", "place")

    def __init__(self, ban: NetworkBan, fold: Folder) -> None:
        host = ban.host.replace("\\s", " ") if ban.kind == "X" else ban.host
        self.front = compile_glob(ban.user, fold)
        self.host = compile_glob(host, fold)
        self.network = parse_network(host) if ban.kind in "KD" else None
        self.place = ("", "")  # where its index has it


def _reading(ban: NetworkBan, fold: Folder) -> _Reading:
    reading: _Reading | None = ban.reading
    if reading is None:
        reading = ban.reading = _Reading(ban, fold)
    return reading


class _Index:
    """The bans of one kind, by where their masks are found."""

    __slots__ = ("_fold", "_networks", "_places")

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._places: dict[tuple[str, str], dict[NetworkBan, None]] = {}
        self._networks: dict[tuple[int, int], dict[int, dict[NetworkBan, None]]] = {}

    def add(self, ban: NetworkBan) -> None:
        """Find `ban` from now on."""
        reading = _reading(ban, self._fold)
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
        reading = _reading(ban, self._fold)
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
        mask = self._fold(ban.host.replace("\\s", " ") if ban.kind == "X" else ban.host)
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
                if _reading(ban, self._fold).host(text):
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
        if fact.at >= self._seen_to + BANS_SEEN_TO:
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
            or self._first(self._of_hosts(user))
            or self._first(self._indexes["X"].for_text(user.realname))
        )

    def _of_hosts(self, user: User) -> Iterator[NetworkBan]:
        index = self._indexes["K"]
        for host in _hosts(user):
            for ban in index.for_text(host):
                if _reading(ban, self._fold).front(user.username):
                    yield ban
        for ban in index.for_address(user.address):
            if _reading(ban, self._fold).front(user.username):
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
    reading = _reading(ban, fold)
    if ban.kind == "X":
        return reading.host(user.realname)
    if reading.network is not None:
        return address_in(user.address, (reading.network,)) and reading.front(user.username)
    return ban.kind == "K" and reading.front(user.username) and any(map(reading.host, _hosts(user)))


def _hosts(user: User) -> set[str]:
    """A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it."""
    return {user.host, user.real_host, user.address, user.cloak or user.host}
