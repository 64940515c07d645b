"""Whether somebody is banned from the network, or a name is reserved.

A network may have a hundred thousand bans, and each newcomer is held against all of them.  So those without
wildcards are looked up, networks of addresses by their number for each length in use, and the others by six
letters that stand in their mask, or by three: only those are tried whose letters a name has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from chatnet.model.bans import EXEMPTING, KINDS, LOGIN, REFUSE, NetworkBan
from chatnet.model.ending import Ending
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob, parse_network

LETTERS: Final = (6, 3)
"""Letters, one after the other, by which a mask with wildcards is found: as many as it has."""
TRIED: Final = 12
"""Of these, so many places of a mask are looked at to find the one where fewest others are."""

WIDEST: Final = {4: 8, 6: 16}
"""Bits of a network of addresses, by their version, below which it is taken for all of them."""

_WILD: Final = re.compile(r"[*?\\]+")
_FEW: Final = 2
"""Letters and digits that a mask with wildcards has to have."""
_IPV4: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/(\d{1,2}))?", re.ASCII)
_GROUPS: Final = "[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5}"
_IPV6: Final = re.compile(rf"([1-9a-fA-F]{_GROUPS[12:]})::((?:{_GROUPS})?)(?:/(\d{{1,3}}))?", re.ASCII)

Place = tuple[int, int, int]
"""Of a network of addresses: version, bits, and the number of its first address."""


def network_of(text: str) -> Place | None:
    """The network that a text means, host bits aside; None for anything else."""
    found = _IPV4.fullmatch(text)
    if found is not None:
        first, second, third, fourth, bits = found.groups()
        length = 32 if bits is None else int(bits)
        a, b, c, d = int(first), int(second), int(third), int(fourth)
        if length > 32 or a > 255 or b > 255 or c > 255 or d > 255:
            return None
        if not _leads_with_zero(first, second, third, fourth):
            number = a << 24 | b << 16 | c << 8 | d
            return 4, length, number >> (32 - length) << (32 - length)
    if ":" not in text:
        return None
    return _network6(text)


@lru_cache(1024)
def _network6(text: str) -> Place | None:
    plain = _IPV6.fullmatch(text)
    if plain is not None:  # most are written so
        front, back, bits = plain.groups()
        parts, rest = front.split(":"), [] if not back else back.split(":")
        length = 128 if bits is None else int(bits)
        if len(parts) + len(rest) < 8 and length <= 128:
            number = 0
            for part in parts + ["0"] * (8 - len(parts) - len(rest)) + rest:
                number = number << 16 | int(part, 16)
            return 6, length, number >> (128 - length) << (128 - length)
    network = parse_network(text)
    return None if network is None else (network.version, network.prefixlen, int(network.network_address))


def _leads_with_zero(*parts: str) -> bool:
    """Whether there is a number that some take for octal: it is no address."""
    return any(len(part) > 1 and part[0] == "0" for part in parts)


class _Reading:
    """What is kept of a ban beside its text: its network, and by which letters its index has it.

    Patterns are not: of a hundred thousand an index asks about few.
    """

    __slots__ = ("network", "part", "whole")

    def __init__(self, ban: NetworkBan) -> None:
        self.network = network_of(ban.host) if ban.kind[-1] in "KD" else None
        self.part = ""
        self.whole = ""


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


_Bans = dict[NetworkBan, None]


class _Index:
    """The bans of one kind, by where their masks are found."""

    __slots__ = ("_any", "_fold", "_networks", "_parts", "_whole")

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._whole: dict[str, _Bans] = {}
        self._parts: dict[int, dict[str, _Bans]] = {length: {} for length in LETTERS}
        self._any: _Bans = {}
        self._networks: dict[tuple[int, int], dict[int, _Bans]] = {}

    def __bool__(self) -> bool:
        return bool(self._whole or self._any or self._networks or any(self._parts.values()))

    def add(self, ban: NetworkBan) -> None:
        """Find `ban` from now on."""
        reading = _reading(ban)
        if reading.network is not None:
            version, length, number = reading.network
            networks = self._networks.setdefault((version, length), {})
            networks.setdefault(number, {})[ban] = None
            return
        mask = self._fold(_host(ban))
        if _WILD.search(mask) is None:
            reading.whole = mask
            self._whole.setdefault(mask, {})[ban] = None
            return
        reading.part = self._rarest(_WILD.split(mask))
        if reading.part:
            self._parts[len(reading.part)].setdefault(reading.part, {})[ban] = None
        else:
            self._any[ban] = None

    def remove(self, ban: NetworkBan) -> None:
        """Find it no more."""
        reading = _reading(ban)
        if reading.network is not None:
            version, length, number = reading.network
            networks = self._networks[version, length]
            _take_out(networks, number, ban)
            if not networks:
                del self._networks[version, length]
        elif reading.part:
            _take_out(self._parts[len(reading.part)], reading.part, ban)
        elif reading.whole:
            _take_out(self._whole, reading.whole, ban)
        else:
            del self._any[ban]

    def _rarest(self, runs: list[str]) -> str:
        """The letters by which fewest others are found; empty if there are none."""
        for length in LETTERS:
            best, fewest = "", -1
            for letters in islice((each for run in runs for each in _parts(run, length)), TRIED):
                number = len(self._parts[length].get(letters, ()))
                if not number:
                    return letters
                if number < fewest or fewest < 0:
                    best, fewest = letters, number
            if best:
                return best
        return ""

    def for_text(self, text: str) -> Iterator[NetworkBan]:
        """Those whose masks match a host, a real name or a nick."""
        text = self._fold(text)
        yield from self._whole.get(text, ())
        for length, parts in self._parts.items():
            if len(parts) < len(text):
                there = [letters for letters in parts if letters in text] if parts else []
            else:
                there = [letters for letters in set(_parts(text, length)) if letters in parts]
            for letters in there:
                yield from self._matching(parts[letters], text)
        if self._any:
            yield from self._matching(self._any, text)

    def _matching(self, bans: _Bans, text: str) -> Iterator[NetworkBan]:
        for ban in bans:
            if compile_glob(_host(ban), self._fold)(text):
                yield ban

    def for_address(self, address: str) -> Iterator[NetworkBan]:
        """Those of networks that an address lies in."""
        if not self._networks or (place := network_of(address)) is None:
            return
        version, bits, number = place
        for (of, length), bans in self._networks.items():
            if of == version:
                yield from bans.get(number >> (bits - length) << (bits - length), ())


def _take_out(places: dict[Any, _Bans], key: object, ban: NetworkBan) -> None:
    del places[key][ban]
    if not places[key]:
        del places[key]


def _parts(text: str, length: int) -> list[str]:
    """All its letters by so many: ``abcd`` has ``abc`` and ``bcd``."""
    return [text[start : start + length] for start in range(len(text) - length + 1)]


class NetworkBans:
    """Answers for users and names, once bans were told to it; `now` gives Unix time, for bans end."""

    def __init__(self, fold: Folder, now: Callable[[], float]) -> None:
        self._fold = fold
        self._now = now
        self._indexes = {kind: _Index(fold) for kind in KINDS}
        self._known: dict[tuple[str, str, bool], NetworkBan] = {}
        self._ending = Ending()
        self._exempting = 0

    def load(self, bans: Iterable[NetworkBan]) -> None:
        """Hold people against these, at the start."""
        ending: list[NetworkBan] = []
        for ban in bans:
            self._enter(ban)
            ending.append(ban)
        self._ending.load((ban.until, ban) for ban in ending)

    def take(self, fact: NetworkBanned) -> None:
        """Hold people against a ban from now on, or no more."""
        ban = fact.ban
        self._remove(self._key(ban))
        if ban.holds(fact.at):
            self._add(ban)
        for over in self._ending.until(fact.at):
            if self._is_known(over):
                self._remove(self._key(over))
        self._ending.tidy(len(self._known), self._is_known)

    def configure(self, bans: Iterable[NetworkBan]) -> None:
        """Have these be the ones that stand in the configuration."""
        for key in [key for key in self._known if key[2]]:
            self._remove(key)
        self.load(bans)

    @property
    def configured(self) -> list[NetworkBan]:
        """Those that stand in the configuration."""
        return [ban for key, ban in self._known.items() if key[2]]

    def _key(self, ban: NetworkBan) -> tuple[str, str, bool]:
        return ban.kind, self._fold(ban.mask), ban.fixed

    def _is_known(self, ban: NetworkBan) -> bool:
        return self._known.get(self._key(ban)) is ban

    def _add(self, ban: NetworkBan) -> None:
        self._enter(ban)
        self._ending.add(ban.until, ban)

    def _enter(self, ban: NetworkBan) -> None:
        self._known[self._key(ban)] = ban
        self._indexes[ban.kind].add(ban)
        self._exempting += ban.kind in EXEMPTING

    def _remove(self, key: tuple[str, str, bool]) -> None:
        ban = self._known.pop(key, None)
        if ban is not None:
            self._indexes[ban.kind].remove(ban)
            self._exempting -= ban.kind in EXEMPTING

    # who is meant

    def address(self, address: str) -> NetworkBan | None:
        """The ban (D) of an address that does not even come in to log in."""
        return self._of_address(address, REFUSE)

    def needs_login(self, address: str) -> NetworkBan | None:
        """The ban (D) of an address from which people come in by an account they have already."""
        return self._of_address(address, LOGIN)

    def _of_address(self, address: str, action: str) -> NetworkBan | None:
        if not self._known:
            return None
        now = self._now()
        for ban in self._indexes["D"].for_address(address):
            if ban.action == action and ban.holds(now):
                return None if self._spares_address(address) else ban
        return None

    def user(self, user: User) -> NetworkBan | None:
        """The ban (not R) of a user."""
        if not self._known:
            return None
        return self._judge(user, user.address, _hosts(user), user.certfp)

    def elsewhere(self, user: User, came: User) -> NetworkBan | None:
        """The ban of a user for one of their sessions, which `came` from elsewhere than others know."""
        if not self._known:
            return None
        return self._judge(user, came.address, (came.real_host, came.address), came.certfp)

    def _judge(
        self, user: User, address: str, hosts: Collection[str], certfp: str | None
    ) -> NetworkBan | None:
        if (ban := self.address(address)) is not None:
            return ban
        now = self._now()
        for ban in self._all(user, address, hosts, certfp):
            if ban.holds(now) and not (ban.action == LOGIN and user.account is not None):
                if ban.kind == "D" and ban.action == REFUSE:
                    continue  # looked at before, and spared
                return None if self._spares(user, address, hosts, certfp) else ban
        return None

    def _all(
        self, user: User, address: str, hosts: Collection[str], certfp: str | None, exempting: str = ""
    ) -> Iterator[NetworkBan]:
        """All bans that mean a user, or (with the letter E) all exemptions."""
        indexes = self._indexes
        yield from indexes[f"{exempting}D"].for_address(address)
        if index := indexes[f"{exempting}K"]:
            yield from self._of_hosts(index, user, hosts, address)
        if not exempting and (index := indexes["X"]):
            yield from index.for_text(user.realname)
        if user.account is not None and (index := indexes[f"{exempting}A"]):
            yield from index.for_text(user.account)
        if certfp is not None and (index := indexes[f"{exempting}C"]):
            yield from index.for_text(certfp)

    def _of_hosts(
        self, index: _Index, user: User, hosts: Iterable[str], address: str
    ) -> Iterator[NetworkBan]:
        for host in hosts:
            for ban in index.for_text(host):
                if _front(ban, user, self._fold):
                    yield ban
        for ban in index.for_address(address):
            if _front(ban, user, self._fold):
                yield ban

    def spares(self, user: User) -> bool:
        """Whether an exemption means a user."""
        return self._spares(user, user.address, _hosts(user), user.certfp)

    def _spares(self, user: User, address: str, hosts: Collection[str], certfp: str | None) -> bool:
        if not self._exempting:
            return False
        now = self._now()
        return any(each.holds(now) for each in self._all(user, address, hosts, certfp, "E"))

    def _spares_address(self, address: str) -> bool:
        if not self._exempting:
            return False
        now = self._now()
        return any(each.holds(now) for each in self._indexes["ED"].for_address(address))

    def name(self, name: str) -> NetworkBan | None:
        """The reservation (R) of a nick or a channel's name."""
        if not self._known:
            return None
        now = self._now()
        return next((ban for ban in self._indexes["R"].for_text(name) if ban.holds(now)), None)

    # what operators ask

    def all_of(self, user: User) -> list[NetworkBan]:
        """All that hold for a user: bans, whether they do something or not, and exemptions."""
        hosts, now = _hosts(user), self._now()
        found: dict[NetworkBan, None] = {}
        for exempting in ("", "E"):
            found.update(dict.fromkeys(self._all(user, user.address, hosts, user.certfp, exempting)))
        return [ban for ban in found if ban.holds(now)]

    def matching(self, kind: str, text: str) -> list[NetworkBan]:
        """Those of one kind that mean a text: an address, a host, a name, an account, a certificate."""
        index, now = self._indexes[kind], self._now()
        found = dict.fromkeys((*index.for_text(text), *index.for_address(text)))
        return [ban for ban in found if ban.holds(now)]


def is_everybody(kind: str, user: str, host: str) -> bool:
    """Whether a ban of these masks means as good as everybody, or every name.

    So do ``*@*.*``, ``0.0.0.0/1``, ``*e*`` and ``#?*``.
    """
    if kind == "K" and not _is_open(user):
        return False
    network = network_of(host) if kind in ("K", "D") else None
    if network is not None:
        return network[1] < WIDEST[network[0]]
    return _is_open(host)


def _is_open(mask: str) -> bool:
    return _WILD.search(mask) is not None and sum(map(str.isalnum, mask)) < _FEW


def means(ban: NetworkBan, user: User, fold: Folder) -> bool:
    """Whether one ban (not R) means a user, logged in or not."""
    return _means(ban, user, user.address, _hosts(user), user.certfp, fold)


def means_elsewhere(ban: NetworkBan, user: User, came: User, fold: Folder) -> bool:
    """The same of a session of a user that `came` from elsewhere than others know."""
    return _means(ban, user, came.address, (came.real_host, came.address), came.certfp, fold)


def _means(
    ban: NetworkBan, user: User, address: str, hosts: Iterable[str], certfp: str | None, fold: Folder
) -> bool:
    kind = ban.kind[-1]
    if kind == "A" or kind == "C":
        text = user.account if kind == "A" else certfp
        return text is not None and compile_glob(ban.host, fold)(text)
    if kind == "X":
        return compile_glob(_host(ban), fold)(user.realname)
    if (network := _reading(ban).network) is not None:
        return _lies_in(address, network) and _front(ban, user, fold)
    return kind == "K" and _front(ban, user, fold) and any(map(compile_glob(_host(ban), fold), hosts))


def _lies_in(address: str, network: Place) -> bool:
    place = network_of(address)
    if place is None or place[0] != network[0]:
        return False
    beyond = place[1] - network[1]
    return place[2] >> beyond == network[2] >> beyond


def _hosts(user: User) -> set[str]:
    """A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it."""
    return {user.host, user.real_host, user.address, user.cloak or user.host}
