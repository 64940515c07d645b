"""The bans of one kind, by where their masks are found.

A network may have a hundred thousand, and each newcomer is held against all of them.  Those without wildcards
are looked up, and so are networks of addresses, by their number for each length in use, and masks with one
star at an end, by the rest of them for each length in use.  Others are found by six letters that stand in
their mask, or by three: only those are tried whose letters a name has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from itertools import islice
from typing import Final, TypeVar

from chatnet.model.bans import NetworkBan
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob
from chatnet.wire.networks import Place, network_of

K = TypeVar("K")
G = TypeVar("G")

LETTERS: Final = (6, 3)
"""Letters, one after the other, by which a mask with several wildcards is found: as many as it has."""
TRIED: Final = 12
"""Of these, so many places of a mask are looked at to find the one where fewest others are."""
REMEMBERED: Final = 1024
"""Texts, or people, of which it is remembered what was found: who was cut off comes back as they were."""

WILD: Final = re.compile(r"[*?\\]+")

_Bans = NetworkBan | dict[NetworkBan, None]
"""What one place has: nearly always it is one ban."""
_Edges = dict[str, dict[int, dict[str, _Bans]]]
"""By a letter and a length those masks whose letters begin, or end, so."""
_NOTHING: Final[dict[int, dict[str, _Bans]]] = {}
"""Of a letter with which no mask begins, or ends."""


def text_of(ban: NetworkBan) -> str:
    """The mask of hosts, real names or names, as a glob."""
    return ban.host.replace("\\s", " ") if ban.kind == "X" else ban.host


def network_meant(ban: NetworkBan) -> Place | None:
    """The network of a ban, if its mask has to be read as one: a lone IPv4 address is but a text."""
    host = ban.host
    return network_of(host) if ban.kind[-1] in "KD" and ("/" in host or ":" in host) else None


class BanIndex:
    """Finds bans by what they mean."""

    __slots__ = (
        "_any",
        "_begins",
        "_count",
        "_ends",
        "_fold",
        "_found",
        "_networks",
        "_part_of",
        "_parts",
        "_whole",
    )

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._count = 0
        self._whole: dict[str, _Bans] = {}
        self._begins: _Edges = {}  # ``abc*``, by their first letter
        self._ends: _Edges = {}  # ``*abc``, by their last letter
        self._parts: dict[int, dict[str, _Bans]] = {length: {} for length in LETTERS}
        self._part_of: dict[NetworkBan, str] = {}  # the letters by which it is found
        self._any: dict[NetworkBan, None] = {}
        self._networks: dict[tuple[int, int], dict[int, _Bans]] = {}
        self._found: dict[str, tuple[NetworkBan, ...]] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, ban: NetworkBan) -> None:
        """Find `ban` from now on."""
        self._count += 1
        self._found.clear()
        host = ban.host
        if "/" in host or ":" in host:
            network = network_meant(ban)
            if network is not None:
                version, length, number = network
                _put(self._networks.setdefault((version, length), {}), number, ban)
                return
        mask = text_of(ban)
        if _is_odd(mask):
            self._add_odd(mask, ban)
        elif "*" not in mask:
            _put(self._whole, self._folded(ban, mask), ban)
        elif mask[0] == "*":
            end = self._folded(ban, mask)[1:]
            _put(self._ends.setdefault(end[-1], {}).setdefault(len(end), {}), end, ban)
        else:
            begin = self._folded(ban, mask)[:-1]
            _put(self._begins.setdefault(begin[0], {}).setdefault(len(begin), {}), begin, ban)

    def _folded(self, ban: NetworkBan, mask: str) -> str:
        """The mask of hosts, folded: nearly always it was when the ban was made."""
        whole = ban.key(self._fold)
        if ban.kind[-1] == "K":
            return whole[-len(mask) :]
        return whole if len(whole) == len(mask) else self._fold(mask)

    def alike(self, ban: NetworkBan) -> int:
        """How many would be tried together with `ban`: masks with several wildcards that have its letters."""
        mask = text_of(ban)
        if network_meant(ban) is not None or not _is_odd(mask):
            return 0
        part = self._rarest([self._fold(run) for run in WILD.split(mask)])
        if not part:
            return len(self._any)
        there = self._parts[len(part)].get(part, ())
        return 1 if isinstance(there, NetworkBan) else len(there)

    def _add_odd(self, mask: str, ban: NetworkBan) -> None:
        part = self._rarest([self._fold(run) for run in WILD.split(mask)])
        if part:
            self._part_of[ban] = part
            _put(self._parts[len(part)], part, ban)
        else:
            self._any[ban] = None

    def remove(self, ban: NetworkBan) -> None:
        """Find it no more."""
        self._count -= 1
        self._found.clear()
        network = network_meant(ban)
        mask = text_of(ban)
        if network is not None:
            version, length, number = network
            _take_out(self._networks, (version, length), number, ban)
        elif ban in self._any:
            del self._any[ban]
        elif (part := self._part_of.pop(ban, "")) != "":
            _take_from(self._parts[len(part)], part, ban)
        elif "*" not in mask:
            _take_from(self._whole, self._folded(ban, mask), ban)
        elif mask[0] == "*":
            end = self._folded(ban, mask)[1:]
            _take_edge(self._ends, end[-1], end, ban)
        else:
            begin = self._folded(ban, mask)[:-1]
            _take_edge(self._begins, begin[0], begin, ban)

    def _rarest(self, runs: list[str]) -> str:
        """The letters by which fewest others are found; empty if there are none."""
        for length in LETTERS:
            best, fewest = "", -1
            there = self._parts[length]
            for letters in islice((each for run in runs for each in _parts(run, length)), TRIED):
                found = there.get(letters)
                if found is None:
                    return letters
                number = 1 if isinstance(found, NetworkBan) else len(found)
                if number < fewest or fewest < 0:
                    best, fewest = letters, number
            if best:
                return best
        return ""

    def for_text(self, text: str) -> Sequence[NetworkBan]:
        """Those whose masks match a host, a real name or a nick."""
        found = self._found.get(text)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[text] = tuple(self._look_for(self._fold(text)))
        return found

    def _look_for(self, text: str) -> list[NetworkBan]:
        found: list[NetworkBan] = []
        if (bans := self._whole.get(text)) is not None:
            found += _each(bans)
        for length, masks in self._ends.get(text[-1:], _NOTHING).items():
            if (bans := masks.get(text[-length:])) is not None:
                found += _each(bans)
        for length, masks in self._begins.get(text[:1], _NOTHING).items():
            if (bans := masks.get(text[:length])) is not None:
                found += _each(bans)
        for length, parts in self._parts.items():
            if parts:
                for letters in parts.keys() & set(_parts(text, length)):
                    found += self._matching(_each(parts[letters]), text)
        if self._any:
            found += self._matching(self._any, text)
        return found

    def _matching(self, bans: Iterable[NetworkBan], text: str) -> Iterator[NetworkBan]:
        for ban in bans:
            if compile_glob(text_of(ban), self._fold)(text):
                yield ban

    def for_address(self, address: str, place: Place | None) -> list[NetworkBan]:
        """Those of an address, which is this place, and of networks that it, or another network, lies in."""
        found = [] if (bans := self._whole.get(address)) is None else [*_each(bans)]
        return found + self.for_network(place)

    def for_network(self, place: Place | None) -> list[NetworkBan]:
        """Those of networks that an address or another network lies in; a lone IPv4 address is a text."""
        found: list[NetworkBan] = []
        if not self._networks or place is None:
            return found
        version, bits, number = place
        most = 32 if version == 4 else 128
        for (of, length), networks in self._networks.items():
            if of == version and length <= bits:
                bans = networks.get(number >> (most - length) << (most - length))
                if bans is not None:
                    found += _each(bans)
        return found


def _is_odd(mask: str) -> bool:
    """Whether it has more than one wildcard, or one in its midst."""
    stars = mask.count("*")
    if "?" in mask or "\\" in mask or stars > 1:
        return True
    return stars == 1 and (len(mask) == 1 or "*" not in (mask[0], mask[-1]))


def _each(bans: _Bans) -> Iterable[NetworkBan]:
    return (bans,) if isinstance(bans, NetworkBan) else bans


def _put(places: MutableMapping[K, _Bans], key: K, ban: NetworkBan) -> None:
    there = places.setdefault(key, ban)
    if there is ban:
        return
    if isinstance(there, NetworkBan):
        there = places[key] = {there: None}
    there[ban] = None


def _take_from(places: MutableMapping[K, _Bans], key: K, ban: NetworkBan) -> None:
    there = places[key]
    if isinstance(there, NetworkBan) or len(there) == 1:
        del places[key]
    else:
        del there[ban]


def _take_out(groups: dict[G, dict[K, _Bans]], group: G, key: K, ban: NetworkBan) -> None:
    """The same of those in groups, which are looked at one after the other: none stays empty."""
    _take_from(groups[group], key, ban)
    if not groups[group]:
        del groups[group]


def _take_edge(letters: _Edges, letter: str, text: str, ban: NetworkBan) -> None:
    """The same of those that begin, or end, with a letter."""
    _take_out(letters[letter], len(text), text, ban)
    if not letters[letter]:
        del letters[letter]


def _parts(text: str, length: int) -> list[str]:
    """All its letters by so many: ``abcd`` has ``abc`` and ``bcd``."""
    return [text[start : start + length] for start in range(len(text) - length + 1)]
