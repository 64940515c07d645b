"""scrypt as libsodium writes it, and Atheme by it: ``$7$<N><r><p><salt>$<hash>``.

N is one digit of 64 (its logarithm), r and p are five each, the lowest first; the salt counts as the text it
is.  The hash is 32 bytes, in digits of 64 by groups of three bytes, the lowest bits first.

https://github.com/jedisct1/libsodium/blob/master/src/libsodium/crypto_pwhash/scryptsalsa208sha256/crypto_scrypt-common.c
"""

from __future__ import annotations

import re
from hashlib import scrypt
from hmac import compare_digest
from typing import Final

MOST_MEMORY: Final = 512 * 1024 * 1024
"""Bytes."""
_DIGITS: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_TEXT: Final = re.compile(
    r"\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([./0-9A-Za-z]{1,43})\$([./0-9A-Za-z]{43})"
)


def _number(digits: str) -> int:
    return sum(_VALUE[digit] << 6 * place for place, digit in enumerate(digits))


def _bytes(digits: str) -> bytes:
    """Three bytes for each four digits, and of the last ones what is whole."""
    groups = (digits[begin : begin + 4] for begin in range(0, len(digits), 4))
    return b"".join(_number(group).to_bytes(3, "little")[: len(group) * 6 // 8] for group in groups)


def _read(text: str) -> tuple[int, int, int, bytes, bytes]:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("it is no scrypt of libsodium")
    power, blocks, lanes = _VALUE[found[1]], _number(found[2]), _number(found[3])
    if not 1 <= power <= 30 or not blocks or not 1 <= lanes <= 16 or blocks << power + 7 > MOST_MEMORY:
        raise ValueError("it cannot be checked in a bearable time and memory")
    return power, blocks, lanes, found[4].encode(), _bytes(found[5])


def fits(text: str) -> bool:
    """Whether it is one that can be checked in a bearable time and memory."""
    try:
        _read(text)
    except ValueError:
        return False
    return True


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    power, blocks, lanes, salt, made = _read(text)
    memory = 2 * MOST_MEMORY
    found = scrypt(password, salt=salt, n=1 << power, r=blocks, p=lanes, maxmem=memory, dklen=32)
    return compare_digest(found, made)
