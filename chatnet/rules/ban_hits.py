"""Whom of many a ban means.

To hold each against its mask takes a microsecond, and there may be tens of thousands.  So users of the
network are looked up by address and host, and other texts are put together and looked through as one, for
what any that it means must have: only who has that is held against the mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from chatnet.model.bans import NetworkBan
from chatnet.model.entities import User
from chatnet.model.network import Network
from chatnet.model.whereabouts import Whereabouts
from chatnet.rules.ban_index import network_meant
from chatnet.rules.network_bans import means
from chatnet.wire.casemap import Folder
from chatnet.wire.networks import Place

T = TypeVar("T")
Field = Callable[[User], str]

TOGETHER: Final = 4096
"""Users whose texts are looked through as one."""
_ODD: Final = re.compile(r"[*?\\\[\]{}|^~]+")
"""What is a wildcard, or has another lower case in some case mappings."""


def hit(items: Iterable[T], ban: NetworkBan, fold: Folder, who: Callable[[T], User]) -> list[T]:
    """Those of `items` whose user (`who` says which) a ban means, logged in or not."""
    every = list(items)
    found: list[T] = []
    for start in range(0, len(every), TOGETHER):
        some = every[start : start + TOGETHER]
        found += [item for item in _candidates(some, ban, who) if means(ban, who(item), fold)]
    return found


def meant(network: Network, ban: NetworkBan) -> list[User]:
    """Those of a network whom a ban (not R) means, logged in or not."""
    found = _located(network.whereabouts, ban) if ban.kind[-1] in "KD" else None
    if found is None:
        return hit(network.users.values(), ban, network.fold, lambda user: user)
    return [user for user in found if means(ban, user, network.fold)]


def _located(there: Whereabouts, ban: NetworkBan) -> list[User] | None:
    """Those who may be meant by where they are; None if it may be anybody."""
    network = network_meant(ban)
    if network is not None:
        begin = _beginning(network)
        return there.beginning(begin) if begin else None
    literal = _literal(ban.host)
    if literal == ban.host.lower():  # no wildcard
        return there.at(ban.host)
    return there.having(literal) if literal else None


def _candidates(items: list[T], ban: NetworkBan, who: Callable[[T], User]) -> list[T]:
    """Those who may be meant."""
    users = list(map(who, items))
    kind, host = ban.kind[-1], ban.host
    if kind == "A" and _literal(host) == host.lower():  # no wildcard
        name = host.lower()
        return [item for item, user in zip(items, users, strict=True) if (user.account or "").lower() == name]
    if kind == "A":
        return _having(items, [[user.account or "" for user in users]], _literal(host))
    if kind == "C":
        return [item for item, user in zip(items, users, strict=True) if user.certfp is not None]
    if kind == "X":
        texts = [[user.realname for user in users]]
        return _having(items, texts, _literal(host.replace("\\s", " ")))
    network = network_meant(ban)
    if network is not None:
        addresses = [user.address for user in users]
        begin = _beginning(network)
        if begin and f"\n{begin}" not in "\n" + "\n".join(addresses):
            return []
        return [item for item, text in zip(items, addresses, strict=True) if text.startswith(begin)]
    literal = _literal(host)
    if not literal:
        return _having(items, [[user.username for user in users]], _literal(ban.user))
    texts = [
        [user.host for user in users],
        [user.real_host for user in users],
        [user.address for user in users],
        [user.cloak or "" for user in users],
    ]
    return _having(items, texts, literal)


def _having(items: list[T], texts: list[list[str]], literal: str) -> list[T]:
    """Those of `items` in any of whose texts the literal stands."""
    if not literal:
        return items
    found: dict[int, None] = {}
    for several in texts:
        if literal in "\n".join(several).lower():
            found.update(dict.fromkeys(at for at, text in enumerate(several) if literal in text.lower()))
    return [items[at] for at in sorted(found)]


def _literal(mask: str) -> str:
    """The longest part of a mask that stands in whatever it means, in lower case; empty if there is none."""
    return max(_ODD.split(mask), key=len).lower()


def _beginning(network: Place) -> str:
    """What the addresses of a network have in common at their beginnings, as texts; perhaps nothing."""
    version, length, number = network
    if version == 4:
        parts = [str(number >> shift & 255) for shift in (24, 16, 8, 0)][: length // 8]
        return ".".join(parts) + ("." if len(parts) < 4 and parts else "")
    parts = []
    for index in range(length // 16):
        group = number >> (112 - 16 * index) & 0xFFFF
        if not group:  # from here on the text may be a shorter one
            break
        parts.append(f"{group:x}:")
    return "".join(parts[:7])
