"""Records: what is known of accounts, channels and bans, one field at a time, on every full server.

    entity  = kind 20*20( %x61-7A / "2"-"7" )     100 random bits in base32; kind "a" account, "c" registered
                                                  channel, "n" full server (its SID in the place of the 20),
                                                  "b" ban (what it means, hashed, in the place of the 20),
                                                  "h" hook,
                                                  "i" invite
    kind    = %x61-7A
    field   = name [ ":" key ]                    a space in it is \\s, a backslash \\\\; <= 300 bytes
    stamp   = 9*9base36 "." 6*6base36 "." SID     ms, number, server; of fixed width
    value   = text                                <= 8192 bytes of UTF-8; none: removed

No CR, LF or NUL in any of them.  Kinds and fields that a server does not know are kept and passed on.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from chatnet.storage.record import Record

ACCOUNT: Final = "a"
CHANNEL: Final = "c"
SERVER: Final = "n"
BAN: Final = "b"
HOOK: Final = "h"
INVITE: Final = "i"
STATUS: Final = "status"
ERASED: Final = "erased"
MOST_FIELD: Final = 300
MOST_VALUE: Final = 8192
"""In bytes of UTF-8."""
STAMP: Final = r"[0-9a-z]{9}\.[0-9a-z]{6}\.[0-9][0-9A-Z]{2}"
"""A stamp of fixed width, as a regular expression."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = [first + second for first in _LETTERS for second in _LETTERS]
_DIGITS: Final = str.maketrans(_LETTERS, "0123456789abcdefghijklmnopqrstuv")
"""Of our letters those that Python reads as digits of numbers to the base 32."""
_LENGTH: Final = 21
"""Letters of an entity."""
_PLACES: Final = range(90, -1, -10)
"""Where in a number of 100 bits each pair of letters stands."""
_ENTITY: Final = re.compile(r"n[0-9][0-9a-z]{2}|(?!n)[a-z][a-z2-7]{20}", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_STAMP: Final = re.compile(STAMP, re.ASCII)
_FORBIDDEN: Final = re.compile("[\r\n\0]")
_ESCAPES: Final = re.compile(r"\\(.?)", re.DOTALL)


def new_entity(kind: str) -> str:
    """An id that nobody has had: a letter and 100 random bits."""
    return kind + "".join(secrets.choice(_LETTERS) for _ in range(20))


def server_entity(sid: str) -> str:
    """The entity that a full server is."""
    return SERVER + sid.lower()


def ban_entity(kind: str, folded: str) -> str:
    """The entity that a ban of one kind and mask is: the same on all servers, also while they are apart."""
    number = _number_of_ban(kind, folded)
    return BAN + "".join([_PAIRS[number >> place & 1023] for place in _PLACES])


def is_ban_entity(entity: str, kind: str, folded: str) -> bool:
    """Whether it is that of a ban: as to make it anew, and quicker, for a start asks it of each."""
    if len(entity) != _LENGTH or entity[0] != BAN:
        return False
    try:
        return int(entity[1:].translate(_DIGITS), 32) == _number_of_ban(kind, folded)
    except ValueError:
        return False


def _number_of_ban(kind: str, folded: str) -> int:
    digest = hashlib.blake2b(f"{kind} {folded}".encode("utf-8", "surrogateescape"), digest_size=13).digest()
    return int.from_bytes(digest, "big") >> 4


def is_entity(text: str) -> bool:
    """Whether it is an id, of whatever kind."""
    return _ENTITY.fullmatch(text) is not None


def field(name: str, key: str | None = None) -> str:
    """``name``, or ``name:key`` with spaces and backslashes of the key escaped."""
    if key is None:
        return name
    return f"{name}:" + key.replace("\\", "\\\\").replace(" ", "\\s")


def split(text: str) -> tuple[str, str]:
    """The name of a field, and its key as it was; without one it is empty."""
    name, _, key = text.partition(":")
    if "\\" not in key:
        return name, key
    return name, _ESCAPES.sub(lambda found: " " if found[1] == "s" else found[1], key)


def is_field(text: str) -> bool:
    """Whether it is a field of the grammar, known or not."""
    name, mark, key = text.partition(":")
    try:
        if _NAME.fullmatch(name) is None or len(text.encode()) > MOST_FIELD:
            return False
    except UnicodeEncodeError:
        return False
    if mark and (not key or " " in key or _FORBIDDEN.search(key)):
        return False
    return "\\" not in key or all(each in ("s", "\\") for each in _ESCAPES.findall(key))


def is_value(text: str) -> bool:
    """Whether it may be the value of a field."""
    try:
        return len(text.encode()) <= MOST_VALUE and _FORBIDDEN.search(text) is None
    except UnicodeEncodeError:
        return False


def fixed(stamp: str) -> str:
    """A stamp as links write it, brought to its fixed width."""
    ms, number, sid = stamp.split(".")
    return f"{ms:0>9}.{number:0>6}.{sid}"


def is_stamp(text: str) -> bool:
    """Whether it is a stamp of fixed width."""
    return _STAMP.fullmatch(text) is not None


def seconds_of(stamp: str) -> float:
    """The Unix time of a stamp of fixed width."""
    return int(stamp[:9], 36) / 1000


def is_record(record: Record) -> bool:
    """Whether all four are of the grammar."""
    return (
        is_entity(record.entity)
        and is_field(record.field)
        and is_stamp(record.stamp)
        and (record.value is None or is_value(record.value))
    )
