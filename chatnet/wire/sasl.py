"""What is said in a talk by SASL, a line at a time: a chunk of Base64.

https://ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command
"""

from __future__ import annotations

import re
from typing import Final

CHUNK: Final = 400
"""Characters of Base64 in one line; a line with as many is followed by another one."""

_DATA: Final = re.compile(r"[A-Za-z0-9+/=]{1,400}")


def is_data(text: str) -> bool:
    """Whether `text` may be one chunk: Base64, or ``+`` for nothing."""
    return _DATA.fullmatch(text) is not None
