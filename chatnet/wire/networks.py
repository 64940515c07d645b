"""Networks of addresses as numbers: those of many bans are looked up by them."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton

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
