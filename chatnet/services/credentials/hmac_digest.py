"""Anope's enc_sha2: ``<sha224|sha256|sha384|sha512>:<HMAC in hex>:<key in hex>``."""

from __future__ import annotations

import re
from hmac import compare_digest, digest
from typing import Final

_TEXT: Final = re.compile(r"(sha224|sha256|sha384|sha512):((?:[0-9a-f]{2}){28,64}):((?:[0-9a-f]{2}){1,64})")


def fits(text: str) -> bool:
    """Whether it is of this form."""
    return _TEXT.fullmatch(text) is not None


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("it is no HMAC")
    name, made, key = found.groups()
    return compare_digest(digest(bytes.fromhex(key), password, name), bytes.fromhex(made))
