"""What people and channels say of themselves: the field ``meta:<key>`` of accounts and registered channels.

The value is the text itself.  https://ircv3.net/specs/extensions/metadata#keys-and-values
"""

from __future__ import annotations

import re
from typing import Final

META: Final = "meta"
MOST_KEY: Final = 64
"""In bytes."""
MOST_VALUE: Final = 400
"""In bytes of UTF-8."""

_KEY: Final = re.compile(r"[a-z0-9_./-]{1,64}", re.ASCII)
_FORBIDDEN: Final = re.compile("[\r\n\0]")


def is_key(text: str) -> bool:
    """Whether it can be a key."""
    return _KEY.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Whether it can be a value: one line of UTF-8, not empty."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= MOST_VALUE and _FORBIDDEN.search(text) is None
