"""Verifiers that other programs made of passwords: what came with imported accounts.

The text of one is ``import$<form>$<text>``, the text being the other program's own.  It is held against a
password once, when somebody logs in with it; then one of ours is made.  SCRAM has no use for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Final, NamedTuple

from chatnet.services.credentials import (
    bcrypt,
    ergo,
    foreign_argon2,
    hmac_digest,
    pbkdf2,
    posix_crypt,
    raw_digest,
    scrypt,
    sha256_iv,
)

SCHEME: Final = "import$"
MOST: Final = 1024
"""Characters of a text: what others make has at most half as many."""
MOST_PASSWORD: Final = 512
"""Bytes: longer ones no other program took, and some forms take much longer for them."""


class Kind(NamedTuple):
    """One form: whether a text is of it, and does not cost too much; and whether it is of a password.

    `fits` never raises.  `matches` may raise ValueError for what does not fit.  Both take the text behind
    the name of the form; `needs` is the module that it needs beside the standard library.
    """

    fits: Callable[[str], bool]
    matches: Callable[[str, bytes], bool]
    needs: str = ""


FORMS: Final[Mapping[str, Kind]] = {
    "argon2": Kind(foreign_argon2.fits, foreign_argon2.matches),
    "bcrypt": Kind(bcrypt.fits, bcrypt.matches, "bcrypt"),
    "crypt": Kind(posix_crypt.fits, posix_crypt.matches),
    "ergo": Kind(ergo.fits, ergo.matches, "bcrypt"),
    "hash": Kind(raw_digest.fits, raw_digest.matches),
    "hmac": Kind(hmac_digest.fits, hmac_digest.matches),
    "pbkdf2": Kind(pbkdf2.fits, pbkdf2.matches),
    "scrypt": Kind(scrypt.fits, scrypt.matches),
    "sha256iv": Kind(sha256_iv.fits, sha256_iv.matches),
}
"""All forms by their names, which are in records: they stay."""


def text_of(form: str, text: str) -> str:
    """What a record has of it; ValueError for a form that is not known, or a text that does not fit it."""
    kind = FORMS.get(form)
    if kind is None or len(text) > MOST or not kind.fits(text):
        raise ValueError("it is no verifier that can be checked here")
    return f"{SCHEME}{form}${text}"


def matches(form: str, password: str) -> bool:
    """Whether the whole text `form` was made of `password`; never of a form that is not known."""
    kind, text = _read(form)
    given = password.encode("utf-8", "surrogateescape")
    if kind is None or len(given) > MOST_PASSWORD or len(text) > MOST or not kind.fits(text):
        return False
    try:
        return kind.matches(text, given)
    except (ValueError, ImportError):
        return False


def lacking(form: str) -> str:
    """The module without which the whole text `form` cannot be checked; empty if nothing is lacking."""
    kind, _ = _read(form)
    needs = "" if kind is None else kind.needs
    return needs if needs and find_spec(needs) is None else ""


def _read(form: str) -> tuple[Kind | None, str]:
    if not form.startswith(SCHEME):
        return None, ""
    name, _, text = form[len(SCHEME) :].partition("$")
    return FORMS.get(name), text
