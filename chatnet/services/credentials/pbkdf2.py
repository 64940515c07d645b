"""Atheme's PBKDF2: ``$z$<prf>$<iterations>$<salt>$<key>``, or the 144 characters of the module before it.

The PRF is 3, 4, 5 or 6 (MD5, SHA-1, SHA-256, SHA-512), and 20 more if the salt is Base64, or else it is the
salt itself.  40 more: the keys are those of SCRAM, ``<ServerKey>$<StoredKey>``.  The old form is a salt of 16
characters and a key of SHA-512 in hex, with 128,000 iterations.

https://github.com/atheme/atheme/blob/master/include/atheme/pbkdf2.h
"""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import pbkdf2_hmac
from hmac import compare_digest, digest
from typing import Final, NamedTuple

from chatnet.services.credentials import scram

MOST_ITERATIONS: Final = 5_000_000
"""As many as Atheme lets one set."""
_OLD_ITERATIONS: Final = 128_000
_PLAIN: Final = 0
_BASE64: Final = 20
_SCRAM: Final = 40
_DIGESTS: Final = {3: "md5", 4: "sha1", 5: "sha256", 6: "sha512"}
_SIZES: Final = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
_TEXT: Final = re.compile(
    r"\$z\$([0-9]{1,2})\$([0-9]{1,7})\$([A-Za-z0-9+/=]{1,128})\$([A-Za-z0-9+/=]{1,128})"
    r"(?:\$([A-Za-z0-9+/=]{1,128}))?",
    re.ASCII,
)
_OLD: Final = re.compile(r"([A-Za-z0-9]{16})([0-9a-f]{128})", re.ASCII)


class Form(NamedTuple):
    """What a text says; with SCRAM `key` is the ServerKey, and `stored` the StoredKey."""

    digest: str
    iterations: int
    salt: bytes
    key: bytes
    stored: bytes = b""

    def __repr__(self) -> str:
        return f"<Form {self.digest} {self.iterations}>"

    @property
    def scram(self) -> scram.Form | None:
        """Our own verifier, if it is one of SCRAM-SHA-256."""
        if self.digest != "sha256" or not self.stored:
            return None
        return scram.Form(self.iterations, self.salt, self.stored, self.key)


def read(text: str) -> Form:
    """What a text says; ValueError if it is of another form, or would take too long."""
    if old := _OLD.fullmatch(text):
        return Form("sha512", _OLD_ITERATIONS, old[1].encode(), bytes.fromhex(old[2]))
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("it is no PBKDF2 of Atheme")
    kind, number = divmod(int(found[1]), 20)
    name = _DIGESTS.get(number)
    if name is None or kind * 20 not in (_PLAIN, _BASE64, _SCRAM, _SCRAM + _BASE64):
        raise ValueError("its function is not known")
    keyed = kind * 20 >= _SCRAM
    iterations = int(found[2])
    salt = b64decode(found[3], validate=True) if kind % 2 else found[3].encode()
    keys = [b64decode(each, validate=True) for each in found.groups()[3:] if each is not None]
    if len(keys) != (2 if keyed else 1) or any(len(key) != _SIZES[name] for key in keys):
        raise ValueError("its keys are not of its function")
    if not salt or not 0 < iterations <= MOST_ITERATIONS:
        raise ValueError("it cannot be checked in a bearable time")
    return Form(name, iterations, salt, *keys)


def fits(text: str) -> bool:
    """Whether it is one that can be checked in a bearable time."""
    try:
        read(text)
    except ValueError:
        return False
    return True


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    form = read(text)
    if form.stored:
        # Atheme prepares it only for SCRAM.
        password = scram.prepared(password.decode("utf-8", "surrogateescape"))
    key = pbkdf2_hmac(form.digest, password, form.salt, form.iterations)
    if form.stored:
        key = digest(key, b"Server Key", form.digest)
    return compare_digest(key, form.key)
