"""Anope's enc_sha256: ``<hash in hex>:<start values in hex>``: SHA-256 that begins with other values.

No library takes those; so this is the function itself.  https://csrc.nist.gov/pubs/fips/180-4/upd1/final
"""

from __future__ import annotations

import re
from hmac import compare_digest
from math import isqrt
from struct import pack, unpack
from typing import Final

_TEXT: Final = re.compile(r"([0-9a-f]{64}):([0-9a-f]{64})")
_WORD: Final = 0xFFFFFFFF


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _cube_root(number: int) -> int:
    """The whole part of a cube root."""
    low, high = 0, isqrt(number) + 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


# The first 32 bits of the fractions of the cube roots of the first 64 primes: section 4.2.2.
_CONSTANTS: Final = tuple(_cube_root(prime << 96) & _WORD for prime in _primes(64))


def _right(word: int, count: int) -> int:
    """A word turned to the right."""
    return (word >> count | word << 32 - count) & _WORD


def _block(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    """Section 6.2.2."""
    words = list(unpack(">16I", block))
    for place in range(16, 64):
        far, near = words[place - 15], words[place - 2]
        first = _right(far, 7) ^ _right(far, 18) ^ far >> 3
        second = _right(near, 17) ^ _right(near, 19) ^ near >> 10
        words.append(words[place - 16] + first + words[place - 7] + second & _WORD)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, _CONSTANTS, strict=True):
        chosen = e & f ^ ~e & g
        one = h + (_right(e, 6) ^ _right(e, 11) ^ _right(e, 25)) + chosen + constant + word
        two = (_right(a, 2) ^ _right(a, 13) ^ _right(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = one + two & _WORD, a, b, c, d + one & _WORD, e, f, g
    return tuple(old + new & _WORD for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))


def digest(start: bytes, data: bytes) -> bytes:
    """SHA-256 of `data` from 32 bytes of `start` values on."""
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + pack(">Q", len(data) * 8)
    state: tuple[int, ...] = unpack(">8I", start)
    for begin in range(0, len(padded), 64):
        state = _block(state, padded[begin : begin + 64])
    return pack(">8I", *state)


def fits(text: str) -> bool:
    """Whether it is of this form."""
    return _TEXT.fullmatch(text) is not None


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    made, _, start = text.partition(":")
    return compare_digest(digest(bytes.fromhex(start), password), bytes.fromhex(made))
