"""RPL_ISUPPORT: what the server tells of its limits and ways.  https://modern.ircdocs.horse/#rplisupport-005"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TOKENS_PER_LINE: Final = 12
"""One less than clients take: servers over which the line may go read 15 words, of which three are others."""
_ESCAPE: Final = str.maketrans({" ": "\\x20", "\\": "\\x5C"})
"""Not the ``=``: the first one ends the key, and the specification of draft/ICON shows another in a value."""


def format_tokens(tokens: Mapping[str, str | None], max_bytes: int = 370) -> list[str]:
    """The tokens as texts for RPL_ISUPPORT, each of at most 12 tokens and `max_bytes` bytes.

    A token without a value is None; a key that starts with `-` takes one back.  A single token longer than
    `max_bytes` has a text of its own.
    """
    texts: list[str] = []
    line = ""
    count = 0
    for key, value in tokens.items():
        token = key if value is None else f"{key}={value.translate(_ESCAPE)}"
        size = len(line.encode()) + 1 + len(token.encode())
        if count and (count == _TOKENS_PER_LINE or size > max_bytes):
            texts.append(line)
            line, count = "", 0
        line = f"{line} {token}" if count else token
        count += 1
    if count:
        texts.append(line)
    return texts
