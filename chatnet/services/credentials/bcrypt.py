"""bcrypt, as Anope and Atheme keep it: ``$2a$<cost>$<22 of salt><31 of hash>``, also 2b and 2y.

https://www.usenix.org/legacy/events/usenix99/provos/provos.pdf; what is behind 72 bytes of a password counts
for nothing, as there.
"""

from __future__ import annotations

import re
from typing import Final

MOST_COST: Final = 16
"""The logarithm of how often it is done: four seconds."""
_TEXT: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}", re.ASCII)


def fits(text: str) -> bool:
    """Whether it is one that can be checked in a bearable time."""
    found = _TEXT.fullmatch(text)
    return found is not None and 4 <= int(found[1]) <= MOST_COST


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`; ImportError without the module."""
    import bcrypt  # an extra: only those who come from elsewhere have it

    # (C programs end at a NUL, and new versions of the module refuse more than 72 bytes.)
    return bcrypt.checkpw(password.partition(b"\0")[0][:72], text.encode())
