"""Ergo's form: bcrypt of the SHA3-512 of the password, so that long ones count as a whole.

https://github.com/ergochat/ergo/blob/master/irc/passwd/bcrypt.go: the 64 bytes as they are, zeros too.
"""

from __future__ import annotations

from hashlib import sha3_512
from hmac import compare_digest

from chatnet.services.credentials.bcrypt import fits as fits  # the same text


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`; ImportError without the module."""
    import bcrypt

    return compare_digest(bcrypt.hashpw(sha3_512(password).digest(), text.encode()), text.encode())
