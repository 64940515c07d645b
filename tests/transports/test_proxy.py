from __future__ import annotations

import struct
from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.transports.proxy import V2_LIMIT, V2_START, Header, HeaderParser, ProxyError


def v2(family: int, body: bytes, command: int = 1) -> bytes:
    return V2_START + struct.pack("!BBH", 0x20 | command, family, len(body)) + body


def tcp4(source: str, port: int, tlvs: bytes = b"") -> bytes:
    return v2(0x11, ip_address(source).packed + bytes(4) + struct.pack("!HH", port, 6667) + tlvs)


def tcp6(source: str, port: int) -> bytes:
    return v2(0x21, ip_address(source).packed + bytes(16) + struct.pack("!HH", port, 6667))


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


SSL = tlv(0x20, b"\x01" + bytes(4) + tlv(0x21, b"TLSv1.3"))

HEADERS = [
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 6667\r\n", ("192.0.2.1", 56324, False)),
    (b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", ("2001:db8::1", 1, False)),
    (b"PROXY UNKNOWN\r\n", (None, 0, False)),
    (b"PROXY UNKNOWN ffff:f::f ffff::1 65535 65535\r\n", (None, 0, False)),
    (tcp4("192.0.2.9", 4000), ("192.0.2.9", 4000, False)),
    (tcp4("192.0.2.9", 4000, tlv(4, b"noop") + SSL), ("192.0.2.9", 4000, True)),
    (tcp4("192.0.2.9", 4000, tlv(0x20, bytes(5))), ("192.0.2.9", 4000, False)),
    (tcp6("2001:db8::9", 4000), ("2001:db8::9", 4000, False)),
    (tcp4("192.0.2.9", 4000, tlv(0xE0, b"x" * (4096 - 16 - 12 - 3))), ("192.0.2.9", 4000, False)),
    (v2(0x11, b"anything", command=0), (None, 0, False)),
    (v2(0x00, b""), (None, 0, False)),
    (v2(0x31, bytes(216)), (None, 0, False)),
]


@pytest.mark.parametrize(("data", "expected"), HEADERS)
def test_headers(data: bytes, expected: tuple[str | None, int, bool]) -> None:
    assert HeaderParser().feed(data + b"NICK ann\r\n") == Header(*expected, b"NICK ann\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"NICK ann\r\n",
        b"PROXX",
        b"PROXY \r\n",
        b"PROXY TCP4\r\n",
        b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        b"PROXY TCP4 \xff 192.0.2.2 1 2\r\n",
        b"PROXY " + b"x" * 101,
        V2_START + b"\x11\x11\x00\x00",
        V2_START + b"\x22\x11\x00\x00",
        V2_START + b"\x21\x11" + struct.pack("!H", V2_LIMIT - 15),
        v2(0x12, bytes(12)),
        v2(0x11, bytes(11)),
        tcp4("192.0.2.1", 1, b"\x04"),
        tcp4("192.0.2.1", 1, b"\x04\x00\x02x"),
        tcp4("192.0.2.1", 1, tlv(0x20, b"\x01")),
    ],
)
def test_refusals(data: bytes) -> None:
    with pytest.raises(ProxyError):
        HeaderParser().feed(data)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(HEADERS), st.binary(max_size=20), st.lists(st.integers(0, 4200), max_size=6))
def test_any_chunking_gives_the_same(
    sample: tuple[bytes, tuple[str | None, int, bool]], rest: bytes, cuts: list[int]
) -> None:
    header, expected = sample
    data = header + rest
    parser = HeaderParser()
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in pairwise(places):
        found = parser.feed(data[start:end])
        if found is not None:
            assert end >= len(header)
            assert found == Header(*expected, data[len(header) : end])
            return
        assert end < len(header)
    pytest.fail("no header found")


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(), st.binary().map(V2_START.__add__), st.binary().map(b"PROXY ".__add__)))
def test_anything_else_is_refused_or_waited_for(data: bytes) -> None:
    parser = HeaderParser()
    try:
        found = parser.feed(data)
    except ProxyError:
        return
    if found is None:
        assert len(data) < V2_LIMIT
