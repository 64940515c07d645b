"""Which addresses people may have this server connect to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.rules.reachable import may_reach
from chatnet.wire.networks import networks_of

LOCAL = networks_of(["127.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1"),
        *("240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "fe80::1"),
        *(
            "fe80::1%eth0",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "2001:db8::1",
            "",
            "localhost",
        ),
    ],
)
def test_what_is_not_of_the_public_internet_is_not_reached(address: str) -> None:
    assert not may_reach(address, (), encrypted=True)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]
)
def test_what_is_public_is_reached_by_tls_alone(address: str) -> None:
    assert may_reach(address, (), encrypted=True)
    assert not may_reach(address, (), encrypted=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1"])
def test_what_operators_name_is_reached(address: str) -> None:
    assert may_reach(address, LOCAL, encrypted=True) and may_reach(address, LOCAL, encrypted=False)
    assert not may_reach("10.0.0.1", LOCAL, encrypted=True)


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_is_what_it_is_in_ipv4(address: object) -> None:
    plain = may_reach(str(address), (), encrypted=True)
    assert may_reach(f"::ffff:{address}", (), encrypted=True) is plain
