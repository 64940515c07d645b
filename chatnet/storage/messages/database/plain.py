"""Words as the index has them: in lower case and without accents, and nothing but words.

As FTS5 does it for a file (``unicode61 remove_diacritics``), so that both find the same, whatever locale a
database has: it only divides them at spaces.
"""

from __future__ import annotations

import string
from typing import Final
from unicodedata import category, normalize

_ASCII: Final = str.maketrans(string.punctuation, " " * len(string.punctuation))


def plain(text: str) -> str:
    """The words of a text, with spaces between them."""
    if text.isascii():
        return text.translate(_ASCII).lower()
    return "".join(
        character if _is_word(character) else " "
        for character in normalize("NFD", text.lower())
        if category(character) != "Mn"
    )


def _is_word(character: str) -> bool:
    kind = category(character)
    return kind[0] in "LN" or kind == "Co"
