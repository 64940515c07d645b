"""argon2 of all three kinds, with the password as it is: ``$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>``.

https://www.rfc-editor.org/rfc/rfc9106; Atheme (crypto/argon2) and Anope (enc_argon2) keep it.
"""

from __future__ import annotations

import re
from typing import Final

MOST_MEMORY: Final = 512 * 1024
"""KiB."""
MOST_PASSES: Final = 64
_TEXT: Final = re.compile(
    r"\$argon2(?:d|i|id)\$v=(?:16|19)\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})"
    r"\$[A-Za-z0-9+/]{11,128}\$[A-Za-z0-9+/]{6,128}",
    re.ASCII,
)


def fits(text: str) -> bool:
    """Whether it is one that can be checked in a bearable time and memory."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return False
    memory, passes, lanes = map(int, found.groups())
    return memory <= MOST_MEMORY and 0 < passes <= MOST_PASSES and 0 < lanes <= 64


def matches(text: str, password: bytes) -> bool:
    """Whether it was made of `password`."""
    from argon2.exceptions import Argon2Error
    from argon2.low_level import Type, verify_secret

    kind = {"d": Type.D, "i": Type.I, "id": Type.ID}[text[len("$argon2") :].partition("$")[0]]
    try:
        return verify_secret(text.encode(), password, kind)
    except Argon2Error:
        return False
