"""Which addresses people may have this server connect to: they could else look into its own network."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from chatnet.wire.networks import Place, address_in

_TRANSLATED: Final = tuple(
    map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
)
"""NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380) and what they were before: a router makes
IPv4 of these, of whatever address."""
_SPECIAL: Final = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Of protocols (RFC 6890), and relays of 6to4 (RFC 7526), whatever Python says of them."""


def may_reach(text: str, private: Sequence[Place], *, encrypted: bool) -> bool:
    """Whether it may connect there; without encryption only to what operators named as `private`."""
    try:
        address = ip_address(text)
    except ValueError:  # with a zone, as in fe80::1%eth0, or none at all
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address_in(str(address), private) or (encrypted and _is_public(address))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL)
    return not address.is_site_local and not any(address in network for network in _TRANSLATED)
