"""Verifiers by argon2id, for those who want stolen files to be harder to guess from, and no SCRAM.

https://www.rfc-editor.org/rfc/rfc9106; the text is ``$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>``.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Final

from chatnet.services.credentials.scram import prepared

SCHEME: Final = "$argon2id$"


def make(password: str) -> str:
    """A verifier of a password; it takes a tenth of a second or two, and 64 MiB."""
    from argon2 import PasswordHasher  # only those who use it pay for the import

    return PasswordHasher().hash(prepared(password))


def fake(secret: bytes) -> str:
    """What stands in the place of a verifier where there is none; it takes as long, and no password fits."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher()
    salt, hashed = (
        b64encode((hmac.digest(secret, part, "sha256") * 2)[:size]).decode().rstrip("=")
        for part, size in ((b"salt", hasher.salt_len), (b"hash", hasher.hash_len))
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"{SCHEME}v=19${costs}${salt}${hashed}"


def matches(form: str, password: str) -> bool:
    """Whether `form` was made of `password`."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(form, prepared(password))
    except (VerificationError, InvalidHashError):
        return False
