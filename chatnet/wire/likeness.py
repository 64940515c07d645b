"""What texts have in common that are nearly the same: of them that is equal."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final
from unicodedata import normalize

from chatnet.wire.text import as_seen, strip_formatting

ENOUGH: Final = 8
"""Letters of a text in which digits do not count: whoever counts up says the same."""

_RUNS: Final = re.compile(r"(.)\1+")


def likeness(text: str) -> bytes:
    """Eight bytes, the same for texts that differ in case, formatting, spaces, signs, and how often one
    letter follows itself; and in digits, if there are some letters beside them.

    What is but signs is taken as it is, without spaces.
    """
    plain = normalize("NFKC", as_seen(strip_formatting(text))).casefold()
    signs = "".join(filter(str.isalnum, plain))
    letters = "".join(filter(str.isalpha, signs))
    kept = _RUNS.sub(r"\1", letters if len(letters) >= ENOUGH else signs) or "".join(plain.split())
    return blake2b(kept.encode("utf-8", "surrogateescape"), digest_size=8).digest()
