"""Cloaks: the same each time, alike for neighbours, and silent about what they hide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.rules.cloaks import Cloaks
from chatnet.wire.masks import wire_address
from chatnet.wire.names import is_hostname

KEY = b"a key for tests only, 32 bytes.."


def cloak(address: str, host: str | None = None, key: bytes = KEY) -> str:
    return Cloaks(key, "cloak", 63).of(host or wire_address(address), address)


def common(one: str, other: str) -> int:
    """How many labels two cloaks have in common at their ends."""
    count = 0
    for a, b in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if a != b:
            break
        count += 1
    return count


def test_stable_and_keyed() -> None:
    assert cloak("192.0.2.1") == cloak("192.0.2.1") == Cloaks(KEY, "cloak", 63).of("192.0.2.1", "192.0.2.1")
    assert common(cloak("192.0.2.1"), cloak("192.0.2.1", key=b"x" * 32)) == 1
    assert common(cloak("192.0.2.1", key=b"x" * 99), cloak("192.0.2.1", key=b"x" * 98)) == 1


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        ("192.0.2.1", "192.0.2.2", 4),
        ("192.0.2.1", "192.0.3.1", 3),
        ("192.0.2.1", "192.1.2.1", 2),
        ("192.0.2.1", "193.0.2.1", 1),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", 4),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 3),
        ("2001:db8:1:2::1", "2001:db8:2:2::1", 2),
        ("2001:db8:1:2::1", "2001:db9:1:2::1", 1),
        ("::1", "1::1", 1),
    ],
)
def test_neighbours_share_the_end(one: str, other: str, parts: int) -> None:
    assert common(cloak(one), cloak(other)) == parts
    assert cloak(one).count(".") == 4


def test_host_names_keep_their_last_labels() -> None:
    a = cloak("192.0.2.1", "dyn-1.pool.isp.example.org")
    b = cloak("192.0.2.2", "dyn-2.pool.isp.example.org")
    assert a != b and common(a, b) == 4
    assert a.endswith(".example.org")
    assert cloak("192.0.2.1", "Host.Example.ORG") == cloak("192.0.2.1", "host.example.org")


@pytest.mark.parametrize(
    "host", ["192-0-2-1.net", "192-0-2-1", "192.0.2.1", "0::1", "localhost", "a" * 55 + ".b.c"]
)
def test_short_and_odd_names_are_not_shown(host: str) -> None:
    hidden = cloak("198.51.100.1", host)
    assert host.split(".")[0] not in hidden.split(".") and host not in hidden
    assert hidden.endswith((".cloak", ".net", ".b.c"))


labels = st.from_regex("[a-z0-9][a-z0-9-]{0,29}", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=8).map(".".join).filter(lambda text: len(text) <= 63)


@settings(max_examples=100)
@given(st.one_of(st.ip_addresses().map(str), hosts))
def test_every_cloak_is_a_host_of_at_most_63_bytes_that_hides(host: str) -> None:
    hidden = cloak("198.51.100.1", host)
    assert is_hostname(hidden) and is_hostname(Cloaks(KEY, "x" * 27, 63).of(host, "198.51.100.1"))
    assert hidden == cloak("198.51.100.1", host)
    assert common(hidden, host) < len(host.split("."))


def test_many_strangers_do_not_fill_the_memory() -> None:
    cloaks = Cloaks(KEY, "cloak", 63)
    for number in range(5000):
        cloaks.of(f"10.0.{number >> 8}.{number & 255}", f"10.0.{number >> 8}.{number & 255}")
    assert len(cloaks._known) <= 4096


def test_the_cloak_of_a_name_fits_a_lower_limit() -> None:
    name = "a.b.c.d.e.example.org"
    assert Cloaks(KEY, "cloak", 63).of(name, "192.0.2.1").endswith(".example.org")
    short = Cloaks(KEY, "cloak", 45).of(name, "192.0.2.1")
    assert len(short) <= 45 and short.endswith(".cloak")
