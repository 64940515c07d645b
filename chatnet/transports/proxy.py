"""The PROXY protocol, versions 1 and 2: what a proxy in front says about the client, before its first byte.

https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt.  Pure: bytes in, a header or a refusal out.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

V1_LIMIT = 107
"""Bytes of the longest version 1 header, its CR LF included."""

V2_LIMIT = 4096
"""Bytes of the longest version 2 header that is accepted: a certificate may be among its TLVs."""

V1_START = b"PROXY "
V2_START = b"\r\n\r\n\x00\r\nQUIT\n"

_TCP4, _TCP6, _UNIX = 0x11, 0x21, 0x31
_ADDRESS_BYTES = {_TCP4: 12, _TCP6: 36, _UNIX: 216}
_TYPE_SSL = 0x20
_CLIENT_SSL = 0x01


class ProxyError(ValueError):
    """What came is not a PROXY header, or not one for a stream."""


@dataclass(slots=True, frozen=True)
class Header:
    """What the proxy said. `address` is None when it speaks for itself (LOCAL, UNKNOWN): the socket's counts.

    `secure` tells that the client speaks TLS with the proxy; `rest` holds the bytes behind the header.
    """

    address: str | None
    port: int
    secure: bool
    rest: bytes


class HeaderParser:
    """Collects one header, however it is cut."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Header | None:
        """The header, or None while it is not whole.  Raises ProxyError as soon as it cannot become one."""
        self._data += data
        data = self._data
        if data.startswith(V1_START):
            return _parse_v1(data)
        if data.startswith(V2_START):
            return _parse_v2(data)
        if V1_START.startswith(data) or V2_START.startswith(data):
            return None
        raise ProxyError("no PROXY header")


def _parse_v1(data: bytes) -> Header | None:
    """``PROXY TCP4 192.0.2.1 192.0.2.2 56324 6667`` or ``PROXY UNKNOWN …``, and CR LF."""
    end = data.find(b"\r\n", 0, V1_LIMIT)
    if end < 0:
        if len(data) >= V1_LIMIT:
            raise ProxyError("PROXY header too long")
        return None
    rest = data[end + 2 :]
    try:
        words = data[:end].decode("ascii").split(" ")
        if words[1] == "UNKNOWN":
            return Header(None, 0, False, rest)
        _, kind, source, destination, source_port, destination_port = words
        if kind not in ("TCP4", "TCP6"):
            raise ProxyError("PROXY header of another protocol than TCP")
        version = 4 if kind == "TCP4" else 6
        address = ip_address(source)
        if address.version != version or ip_address(destination).version != version:
            raise ProxyError("PROXY header with the wrong kind of address")
        port = _port(source_port)
        _port(destination_port)
    except ProxyError:
        raise
    except ValueError:
        raise ProxyError("malformed PROXY header") from None
    return Header(str(address), port, False, rest)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise ProxyError("malformed port in PROXY header")
    return int(text)


def _parse_v2(data: bytes) -> Header | None:
    if len(data) < 16:
        return None
    version, command = data[12] >> 4, data[12] & 15
    family = data[13]
    end = 16 + int.from_bytes(data[14:16], "big")
    if version != 2 or command > 1:
        raise ProxyError("unknown version or command in PROXY header")
    if end > V2_LIMIT:
        raise ProxyError("PROXY header too long")
    if len(data) < end:
        return None
    body, rest = data[16:end], data[end:]
    if command == 0 or family == 0:
        return Header(None, 0, False, rest)
    if family not in _ADDRESS_BYTES:
        raise ProxyError("PROXY header of another protocol than TCP")
    size = _ADDRESS_BYTES[family]
    if len(body) < size:
        raise ProxyError("malformed PROXY header")
    secure = _is_secure(body[size:])
    if family == _TCP4:
        return Header(str(IPv4Address(body[:4])), int.from_bytes(body[8:10], "big"), secure, rest)
    if family == _TCP6:
        return Header(str(IPv6Address(body[:16])), int.from_bytes(body[32:34], "big"), secure, rest)
    return Header(None, 0, secure, rest)


def _is_secure(tlvs: bytes) -> bool:
    """Whether a PP2_TYPE_SSL among `tlvs` says that the client connected over TLS."""
    secure = False
    while tlvs:
        if len(tlvs) < 3 or len(tlvs) < (end := 3 + int.from_bytes(tlvs[1:3], "big")):
            raise ProxyError("malformed TLV in PROXY header")
        if tlvs[0] == _TYPE_SSL:
            if end < 8:
                raise ProxyError("malformed TLV in PROXY header")
            secure = bool(tlvs[3] & _CLIENT_SSL)
        tlvs = tlvs[end:]
    return secure
