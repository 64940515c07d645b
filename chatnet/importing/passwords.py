"""Which form the text is that another program kept of a password; ValueError where nobody can check it."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from chatnet.importing.neutral import Password
from chatnet.services.credentials import foreign, pbkdf2, scram

_RAW: Final = re.compile(r"\$raw(md5|sha1|sha256|sha512)\$([0-9A-Fa-f]+)")
_ARGON2: Final = frozenset({"argon2d", "argon2i", "argon2id"})
_WEAK: Final = frozenset({"md5", "sha1"})
_ATHEME: Final = {
    "$argon2": "argon2",
    "$2": "bcrypt",
    "$1$": "crypt",
    "$5$": "crypt",
    "$6$": "crypt",
    "$7$": "scrypt",
}
"""Forms by how their texts begin."""


def of_atheme(text: str, crypted: bool) -> Password:
    """The second word of ``MU``; not `crypted` is the password itself."""
    if not crypted:
        return Password(plain=text, weak=True)
    if raw := _RAW.fullmatch(text):
        return Password(foreign.text_of("hash", f"{raw[1]}:{raw[2].lower()}"), weak=True)
    for begin, form in _ATHEME.items():
        if text.startswith(begin):
            return Password(foreign.text_of(form, text), weak=form == "crypt" and begin == "$1$")
    verifier = pbkdf2.read(text).scram
    return Password(foreign.text_of("pbkdf2", text) if verifier is None else verifier.text)


def of_anope(text: str) -> Password:
    """The field ``pass``: a module's word, a colon, and its text."""
    word, _, rest = text.partition(":")
    if word == "bcrypt":
        return Password(foreign.text_of("bcrypt", rest))
    if word in ("md5", "sha1"):
        return Password(foreign.text_of("hash", text), weak=True)
    if word.startswith("raw-"):
        return Password(foreign.text_of("hash", text[len("raw-") :]), weak=True)
    if word.startswith("hmac-"):
        return Password(foreign.text_of("hmac", text[len("hmac-") :]))
    if word == "sha256":
        return Password(foreign.text_of("sha256iv", rest), weak=True)
    if word in _ARGON2:
        return Password(foreign.text_of("argon2", rest))
    if word == "posix":
        return Password(foreign.text_of("crypt", rest), weak=rest.startswith("$1$"))
    if word == "plain":
        return Password(plain=b64decode(rest, validate=True).decode(), weak=True)
    raise ValueError("it is of a form that is not known here")


SHA3_BCRYPT: Final = 1
"""Ergo's own form, by its ``Version``."""
FROM_ATHEME: Final = -1
FROM_ANOPE: Final = -2


def of_ergo(credentials: Mapping[str, Any]) -> Password | None:
    """The JSON of ``account.credentials``; None if there is no password."""
    made = b64decode(credentials.get("PassphraseHash") or "", validate=True).decode()
    if not made:
        return None
    version = credentials.get("Version")
    if version == FROM_ATHEME:
        return of_atheme(made, crypted=True)
    if version == FROM_ANOPE:
        return of_anope(made)
    if version != SHA3_BCRYPT:
        raise ValueError("it is of a form that is not known here")
    if credentials.get("Iters"):
        salt, stored, server = (
            b64decode(credentials.get(name) or "", validate=True)
            for name in ("Salt", "StoredKey", "ServerKey")
        )
        iterations = credentials["Iters"]
        if not isinstance(iterations, int) or not 0 < iterations <= pbkdf2.MOST_ITERATIONS:
            raise ValueError("it cannot be checked in a bearable time")
        # (Read again as records are, which judges it.)
        return Password(scram.Form.read(scram.Form(iterations, salt, stored, server).text).text)
    return Password(foreign.text_of("ergo", made))
