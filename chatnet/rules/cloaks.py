"""Cloaks: hosts hidden behind a keyed hash, in parts, so that a ban on a part still works.

``192.0.2.17`` becomes ``D.C.B.A.suffix`` with A a hash of the /8 … and D of the whole address, most general
part last, as in a host name: a ban on ``*.B.A.suffix`` hits the whole /16.  IPv6 is hashed at /32, /48, /64
and /128.  A host name keeps its last two labels (its last one, if there are but two), and what stands before
them is hashed at each dot.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b32encode
from hashlib import blake2b
from typing import Final

_CLOAK: Final = re.compile(r"[a-z2-7]{8}((?:\.[a-z2-7]{8}){3}\..+)")
"""A cloak of an address: what stands behind the part that is of the whole address."""


def home_of(cloak: str) -> str:
    """The mask that the cloaks of all addresses of one /64 fit, which one home has to itself.

    Of the cloak of an IPv6 address; a host that looks like no such is itself the mask.
    """
    found = _CLOAK.fullmatch(cloak)
    return f"*{found[1]}" if found is not None else cloak


class Cloaks:
    """Makes cloaks with one key (at least 16 bytes, secret, stable across restarts) and one suffix.

    A suffix of up to `longest` - 36 bytes leaves room for four hashes of eight letters in a host.
    """

    def __init__(self, key: bytes, suffix: str, longest: int) -> None:
        # blake2b takes keys of up to 64 bytes; a longer one is hashed first.
        self._key = key if len(key) <= 64 else blake2b(key).digest()
        self.suffix = suffix
        self.digest = blake2b(digest_size=8, key=self._key, person=b"digest").hexdigest().upper()
        """What tells one key from another, and nothing else of it."""
        self._longest = longest
        self._known: dict[tuple[str, str], str] = {}

    def secret_for(self, name: str) -> bytes:
        """32 bytes that belong to a name, the same on all servers with this key, and tell nothing of it."""
        data = name.encode("utf-8", "surrogateescape")
        return blake2b(data, digest_size=32, key=self._key, person=b"secret").digest()

    def of(self, real_host: str, address: str) -> str:
        """The cloak of a client that connected from `address` and was found to be `real_host`."""
        known = self._known.get((real_host, address))
        if known is None:
            known = self._make(real_host)
            if len(self._known) >= 4096:  # people reconnect; strangers must not fill the memory
                self._known.clear()
            self._known[real_host, address] = known
        return known

    def _part(self, kind: bytes, data: bytes) -> str:
        digest = blake2b(data, digest_size=5, key=self._key, person=kind).digest()
        return b32encode(digest).decode().lower()

    def _make(self, host: str) -> str:
        try:
            packed = ipaddress.ip_address(host).packed
        except ValueError:
            return self._name(host.lower())
        sizes = (4, 3, 2, 1) if len(packed) == 4 else (16, 8, 6, 4)
        kind = b"ip%d" % len(packed)
        return ".".join([*(self._part(kind, packed[:size]) for size in sizes), self.suffix])

    def _name(self, host: str) -> str:
        labels = host.split(".")
        shown = min(2, len(labels) - 1)
        hidden = [self._part(b"name", ".".join(labels[at:]).encode()) for at in range(len(labels) - shown)]
        cloak = ".".join([*hidden, *labels[len(hidden) :]])
        return cloak if shown and len(cloak) <= self._longest else f"{hidden[0]}.{self.suffix}"
