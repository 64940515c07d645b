"""Networks of addresses as numbers: those of many bans are looked up by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final

from chatnet.wire.masks import parse_network

Place = tuple[int, int, int]
"""Of a network of addresses: version, bits, and the number of its first address."""

_MAPPED = 0xFFFF
"""The first 96 bits of an IPv4 address that is written as one of IPv6."""


@lru_cache(1024)
def network_of(text: str) -> Place | None:
    """The network that a text means, host bits aside; None for anything else."""
    front, slash, bits = text.partition("/")
    if slash and not (bits.isascii() and bits.isdecimal()):
        return None
    version, most = (6, 128) if ":" in front else (4, 32)
    try:  # the classes of the standard library take ten times as long
        number = int.from_bytes(inet_pton(AF_INET if version == 4 else AF_INET6, front), "big")
        length = int(bits) if slash else most
    except (OSError, ValueError):
        return None
    if length > most:
        return None
    if version == 6 and number >> 32 == _MAPPED:
        network = parse_network(text)
        return None if network is None else (network.version, network.prefixlen, int(network.network_address))
    return version, length, number >> (most - length) << (most - length)


_LOOPBACK: Final = ((4, 8, 127 << 24), (6, 128, 1))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever happens to the network: `localhost`, 127.0.0.0/8, `::1`."""
    return host.lower() == "localhost" or address_in(host, _LOOPBACK)


def aggregate(address: str, bits4: int, bits6: int) -> str:
    """The network that an address counts for: its first `bits4` or `bits6` bits, as `192.0.2.0/24`.

    What is not an address counts for itself.
    """
    place = _place_of(address)
    if place is None:
        return address
    version, most, number = place
    family, bits = (AF_INET, bits4) if version == 4 else (AF_INET6, bits6)
    first = number >> (most - bits) << (most - bits)
    return f"{inet_ntop(family, first.to_bytes(most // 8, 'big'))}/{bits}"


def networks_of(texts: Iterable[str]) -> list[Place]:
    """The networks that texts mean; those that mean none are left out."""
    return [network for text in texts if (network := network_of(text)) is not None]


def address_in(address: str, networks: Collection[Place]) -> bool:
    """Whether an address lies in one of the networks; what is not an address lies in none."""
    if not networks:
        return False  # as it mostly is, and then nothing is parsed
    place = _place_of(address)
    if place is None:
        return False
    version, most, number = place
    return any(of == version and (number ^ first) >> (most - bits) == 0 for of, bits, first in networks)


def _place_of(address: str) -> Place | None:
    """A lone address, of any spelling."""
    place = network_of(address.partition("%")[0] if "%" in address else address)
    return None if place is None or "/" in address else place
