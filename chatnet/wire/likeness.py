"""What texts have in common that are nearly the same: of them that is equal."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final
from unicodedata import normalize

from chatnet.wire.text import as_seen, strip_formatting

ENOUGH: Final = 8
"""Letters of a text in which digits do not count: whoever counts up says the same."""

_NO_SIGNS: Final = {number: None for number in range(128) if not chr(number).isalnum()}
_NO_DIGITS: Final = {number: None for number in range(128) if not chr(number).isalpha()}
_AGAIN: Final = re.compile(r"(.)(?=\1)")


def likeness(text: str) -> bytes:
    """Eight bytes, the same for texts that differ in case, formatting, spaces, signs, and how often one
    letter follows itself; and in digits, if there are some letters beside them.

    What is but signs is taken as it is, without spaces.
    """
    if text.isascii() and text.isprintable():  # most are, and this is the same in a third of the time
        plain = text.lower()
        signs = plain.translate(_NO_SIGNS)
        letters = signs.translate(_NO_DIGITS)
    else:
        plain = normalize("NFKC", as_seen(strip_formatting(text))).casefold()
        signs = "".join(filter(str.isalnum, plain))
        letters = "".join(filter(str.isalpha, signs))
    kept = _AGAIN.sub("", letters if len(letters) >= ENOUGH else signs) or "".join(plain.split())
    return blake2b(kept.encode("utf-8", "surrogateescape"), digest_size=8).digest()
