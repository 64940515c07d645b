"""Verifiers by argon2id, for those who want stolen files to be harder to guess from, and no SCRAM.

https://www.rfc-editor.org/rfc/rfc9106; the text is ``$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>``.
"""

from __future__ import annotations

from typing import Final

from chatnet.services.credentials.scram import prepared

SCHEME: Final = "$argon2id$"


def make(password: str) -> str:
    """A verifier of a password; it takes a tenth of a second or two, and 64 MiB."""
    from argon2 import PasswordHasher  # only those who use it pay for the import

    return PasswordHasher().hash(prepared(password))


def matches(form: str, password: str) -> bool:
    """Whether `form` was made of `password`."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(form, prepared(password))
    except (VerificationError, InvalidHashError):
        return False
