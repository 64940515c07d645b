"""Networks of addresses as numbers: what lies in them, and for which one an address counts."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.wire.networks import address_in, aggregate, is_loopback, networks_of


def test_addresses_are_aggregated() -> None:
    assert aggregate("192.0.2.7", 24, 64) == "192.0.2.0/24"
    assert aggregate("::ffff:192.0.2.7", 24, 64) == "192.0.2.0/24"
    assert aggregate("2001:db8::7", 24, 64) == "2001:db8::/64"
    assert aggregate("fe80::7%eth0", 24, 64) == "fe80::/64"
    assert aggregate("/run/x", 24, 64) == "/run/x"
    assert aggregate("192.0.2.0/24", 8, 64) == "192.0.2.0/24"


def test_addresses_lie_in_networks() -> None:
    networks = networks_of(["192.0.2.0/24", "2001:db8::/32", "nothing"])
    for address in ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::9", "2001:db8::9%eth0"):
        assert address_in(address, networks)
    for address in ("198.51.100.1", "2001:db9::1", "/run/x", "192.0.2.0/24", "", "192.0.2.09"):
        assert not address_in(address, networks)
    assert not address_in("192.0.2.9", [])


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["128.0.0.1", "::2", "localhost.example", "", "0.0.0.0"])
def test_what_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@given(st.data(), st.ip_addresses(), st.ip_addresses())
def test_as_the_standard_library_says(data: st.DataObject, one: object, other: object) -> None:
    address, inside = ip_address(str(one)), ip_address(str(other))
    bits = data.draw(st.integers(0, address.max_prefixlen))
    network = ip_network((address, bits), strict=False)
    if getattr(address, "ipv4_mapped", None) or getattr(inside, "ipv4_mapped", None):
        return
    assert address_in(str(inside), networks_of([str(network)])) == (inside in network)
    assert ip_network(aggregate(str(address), min(bits, 32), bits)) == network
