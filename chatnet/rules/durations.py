"""How long something lasts, as people write it: ``90s``, ``15m``, ``12h``, ``3d``, ``2w``."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile("([1-9][0-9]{0,5})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}


def seconds_in(text: str) -> int | None:
    """A duration in seconds; None if it is none."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]
