"""The verifier of SCRAM-SHA-256: what a password is checked with, and nobody can log in with who reads it.

https://www.rfc-editor.org/rfc/rfc5802#section-3 and https://www.rfc-editor.org/rfc/rfc7677; the text is that
of https://www.rfc-editor.org/rfc/rfc5803#section-3.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest, digest
from secrets import token_bytes
from typing import Final, NamedTuple

from scramp import ScramException
from scramp.utils import saslprep

SCHEME: Final = "SCRAM-SHA-256"
SALT: Final = 16
"""Bytes of a salt."""

_TEXT: Final = re.compile(rf"{SCHEME}\$([0-9]{{1,9}}):([^$:]+)\$([^$:]+):([^$:]+)", re.ASCII)


class Form(NamedTuple):
    """``SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>``, the last three in Base64."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        return f"<Form {self.iterations}>"

    @property
    def usable(self) -> bool:
        """Whether it is good enough to be talked with; with less a password may still be held against it."""
        return self.iterations >= 4096 and len(self.salt) >= 12

    @property
    def text(self) -> str:
        """As a record has it."""
        salt, stored, server = (b64encode(part).decode() for part in self[1:])
        return f"{SCHEME}${self.iterations}:{salt}${stored}:{server}"

    @classmethod
    def read(cls, text: str) -> Form:
        """What a record says; ValueError for what is no such form."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("it is no verifier of SCRAM-SHA-256")
        salt, stored, server = (b64decode(part, validate=True) for part in found.groups()[1:])
        if len(stored) != len(server) or len(stored) != sha256().digest_size:
            raise ValueError("its keys are not of SHA-256")
        return cls(int(found[1]), salt, stored, server)


def make(password: str, iterations: int, salt: bytes | None = None) -> Form:
    """A verifier of a password; it takes milliseconds, as many as `iterations` make of it."""
    salt = token_bytes(SALT) if salt is None else salt
    salted = pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    client_key = digest(salted, b"Client Key", "sha256")
    return Form(iterations, salt, sha256(client_key).digest(), digest(salted, b"Server Key", "sha256"))


def matches(form: Form, password: str) -> bool:
    """Whether `form` was made of `password`; it takes as long whether it was or not."""
    return compare_digest(make(password, form.iterations, form.salt).stored_key, form.stored_key)


def fake(secret: bytes, iterations: int) -> Form:
    """What stands in the place of a verifier where there is none: always the same for a `secret`.

    No password belongs to it.
    """
    salt, stored, server = (digest(secret, part, "sha256") for part in (b"salt", b"stored", b"server"))
    return Form(iterations, salt[:SALT], stored, server)


def prepared(password: str) -> bytes:
    """SASLprep of a password, or the password as it is where that refuses it.

    https://www.rfc-editor.org/rfc/rfc4013: clients prepare it before they hash it for SCRAM.
    """
    if not (password.isascii() and password.isprintable()):
        try:
            password = saslprep(password)
        except ScramException:
            pass
    return password.encode("utf-8", "surrogateescape")
