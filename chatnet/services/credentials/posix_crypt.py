"""What crypt(3) makes: ``$1$<salt>$<hash>`` by MD5, ``$5$`` by SHA-256, ``$6$`` by SHA-512.

The last two may have ``rounds=<number>$`` before the salt; without it there are 5000.  Python has no crypt(3)
from version 3.13 on, and what it takes depends on the system; so it is done here.

https://www.akkadia.org/drepper/SHA-crypt.txt
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import md5, new
from hmac import compare_digest
from typing import Final, NamedTuple

MOST_ROUNDS: Final = 1_000_000
_DIGITS: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TEXT: Final = re.compile(
    r"\$([156])\$(?:rounds=([0-9]{1,7})\$)?([^$:\s]{0,16})\$([./0-9A-Za-z]{22,86})", re.ASCII
)
_LENGTHS: Final = {"1": 22, "5": 43, "6": 86}
_MD5_ORDER: Final = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


class _Form(NamedTuple):
    kind: str
    rounds: int
    salt: bytes
    hash: str


def _read(text: str) -> _Form:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("it is nothing of crypt(3)")
    kind, rounds, salt, made = found.groups()
    if len(made) != _LENGTHS[kind] or (kind == "1" and (rounds is not None or len(salt) > 8)):
        raise ValueError("its hash is not as long as that")
    number = 5000 if rounds is None else int(rounds)
    if not 1000 <= number <= MOST_ROUNDS:
        raise ValueError("it cannot be checked in a bearable time")
    return _Form(kind, number, salt.encode(), made)


def fits(text: str) -> bool:
    """Whether it is one that can be checked in a bearable time."""
    try:
        _read(text)
    except ValueError:
        return False
    return True


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`, which ends at a NUL, as C has it."""
    form, password = _read(text), password.partition(b"\0")[0]
    if form.kind == "1":
        made = _md5(password, form.salt)
    else:
        made = _sha("sha256" if form.kind == "5" else "sha512", password, form.salt, form.rounds)
    return compare_digest(made, form.hash)


def _digits(parts: Iterable[tuple[int, int]]) -> str:
    """Numbers in so many digits of 64 each, the lowest first."""
    text = []
    for number, count in parts:
        for _ in range(count):
            text.append(_DIGITS[number & 63])
            number >>= 6
    return "".join(text)


def _groups(made: bytes, order: Iterable[tuple[int, int, int]]) -> Iterable[tuple[int, int]]:
    """Three bytes each as one number of four digits."""
    for high, middle, low in order:
        yield made[high] << 16 | made[middle] << 8 | made[low], 4


def _repeated(data: bytes, size: int) -> bytes:
    """So many bytes of `data`, over and over."""
    return (data * (size // len(data) + 1))[:size] if size else b""


def _md5(password: bytes, salt: bytes) -> str:
    def hashed(data: bytes) -> bytes:
        return md5(data, usedforsecurity=False).digest()

    alternate = hashed(password + salt + password)
    begin = password + b"$1$" + salt + _repeated(alternate, len(password))
    size = len(password)
    while size:
        begin += b"\0" if size & 1 else password[:1]
        size >>= 1
    made = hashed(begin)
    for turn in range(1000):
        made = hashed(_turn(turn, made, password, salt))
    return _digits([*_groups(made, _MD5_ORDER), (made[11], 2)])


def _turn(turn: int, made: bytes, password: bytes, salt: bytes) -> bytes:
    """What is hashed in one of the many turns."""
    data = password if turn & 1 else made
    if turn % 3:
        data += salt
    if turn % 7:
        data += password
    return data + (made if turn & 1 else password)


def _sha(name: str, password: bytes, salt: bytes, rounds: int) -> str:
    def hashed(data: bytes) -> bytes:
        return new(name, data, usedforsecurity=False).digest()

    alternate = hashed(password + salt + password)
    begin = password + salt + _repeated(alternate, len(password))
    size = len(password)
    while size:
        begin += alternate if size & 1 else password
        size >>= 1
    made = hashed(begin)
    many = _repeated(hashed(password * len(password)), len(password))
    salts = _repeated(hashed(salt * (16 + made[0])), len(salt))
    for turn in range(rounds):
        made = hashed(_turn(turn, made, many, salts))
    return _ends[name](made)


def _end256(made: bytes) -> str:
    order = [((place * 21) % 30, (place * 21 + 10) % 30, (place * 21 + 20) % 30) for place in range(10)]
    return _digits([*_groups(made, order), (made[31] << 8 | made[30], 3)])


def _end512(made: bytes) -> str:
    order = [((place * 22) % 63, (place * 22 + 21) % 63, (place * 22 + 42) % 63) for place in range(21)]
    return _digits([*_groups(made, order), (made[63], 2)])


_ends: Final[dict[str, Callable[[bytes], str]]] = {"sha256": _end256, "sha512": _end512}
