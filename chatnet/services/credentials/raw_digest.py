"""A bare hash of the password, without a salt: ``<md5|sha1|sha224|sha256|sha384|sha512>:<hex>``.

Anope (enc_md5, enc_sha1, ``raw-``) and Atheme (``$rawmd5$`` and the like) keep it.  It is weak: whoever has
it finds most passwords in a moment, until their owners have logged in once.
"""

from __future__ import annotations

import re
from hashlib import new
from hmac import compare_digest
from typing import Final

_TEXT: Final = re.compile(r"(md5|sha1|sha224|sha256|sha384|sha512):((?:[0-9a-f]{2}){16,64})")


def fits(text: str) -> bool:
    """Whether it is of this form, and as long as the hash is."""
    found = _TEXT.fullmatch(text)
    return found is not None and new(found[1], usedforsecurity=False).digest_size * 2 == len(found[2])


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    name, _, made = text.partition(":")
    return compare_digest(new(name, password, usedforsecurity=False).digest(), bytes.fromhex(made))
