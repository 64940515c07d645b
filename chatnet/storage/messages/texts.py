"""Odd bytes of another encoding (surrogates, as decisions/0006 has them), which no database takes."""

from __future__ import annotations

import re
from typing import Final

_ODD: Final = re.compile("[\ud800-\udfff]")
_WRITTEN: Final = re.compile("\n(.{4})")


def shown(text: str) -> str:
    """What was said, with U+FFFD for each of them."""
    return text if text.isascii() else _ODD.sub("\ufffd", text)


def written(name: str) -> str:
    """A name, in a form that no other name has: each of them is a line feed and its number."""
    return name if name.isascii() else _ODD.sub(lambda odd: f"\n{ord(odd[0]):04x}", name)


def read(name: str) -> str:
    """The name that was written so."""
    return _WRITTEN.sub(lambda odd: chr(int(odd[1], 16)), name) if "\n" in name else name
