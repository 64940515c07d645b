"""Cloaks: hosts hidden behind a keyed hash, in parts, so that a ban on a part still works.

``192.0.2.17`` becomes ``D.C.B.A.suffix`` with A a hash of the /8 … and D of the whole address, most general
part last, as in a host name: a ban on ``*.B.A.suffix`` hits the whole /16.  IPv6 is hashed at /32, /48, /64
and /128.  A host name keeps its last two labels, and what stands before them is hashed at each dot.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from base64 import b32encode


class Cloaks:
    """Makes cloaks with one key (bytes, secret, stable across restarts) and one suffix."""

    def __init__(self, key: bytes, suffix: str) -> None:
        self._key = key
        self.suffix = suffix

    def _part(self, kind: str, text: str) -> str:
        digest = hmac.new(self._key, f"{kind}:{text}".encode(), hashlib.sha256).digest()
        return b32encode(digest[:5]).decode().lower()

    def of(self, real_host: str, address: str) -> str:
        """The cloak of a client that connected from `address` and was found to be `real_host`."""
        if real_host != address:
            return self._name(real_host)
        try:
            number = ipaddress.ip_address(address)
        except ValueError:
            return f"{self._part('name', address)}.{self.suffix}"
        widths = (32, 24, 16, 8) if number.version == 4 else (128, 64, 48, 32)
        parts = [
            self._part(f"ip{number.version}/{width}", str(ipaddress.ip_network((number, width), strict=False)))
            for width in widths
        ]
        return ".".join([*parts, self.suffix])

    def _name(self, host: str) -> str:
        labels = host.lower().split(".")
        kept = labels[-2:]
        hidden = [self._part("name", ".".join(labels[start:])) for start in range(len(labels) - 2)]
        cloak = ".".join([*hidden, *kept]) if hidden else f"{self._part('name', host.lower())}.{host.lower()}"
        return cloak if len(cloak) <= 63 else f"{self._part('name', host.lower())}.{self.suffix}"
