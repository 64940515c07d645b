"""Filters as operators read them."""

from __future__ import annotations

from typing import Final

from chatnet.model.filters import REPORT, TEXTS, WHERE, Filter
from chatnet.rules.durations import duration
from chatnet.wire.server_time import minute
from chatnet.wire.text import printable

REASON: Final = " -- "
"""Stands between a pattern and its reason."""


def in_words(filter: Filter) -> str:
    """``kx3fa block (only reports) strangers channel,private: *free money* -- no adverts``."""
    parts = [filter.handle, filter.action]
    if filter.seconds:
        parts.append(duration(filter.seconds))
    if filter.dry and filter.action != REPORT:
        parts.append("(only reports)")
    if filter.quiet:
        parts.append("quiet")
    parts.append("strangers" if filter.strangers else "all")
    parts.append("text" if filter.where == set(TEXTS) else ",".join(w for w in WHERE if w in filter.where))
    if filter.spared:
        parts.append(f"not {','.join(sorted(filter.spared))}")
    if filter.until is not None:
        parts.append(f"until {minute(filter.until)}")
    reason = f"{REASON}{printable(filter.reason)}" if filter.reason else ""
    return f"{' '.join(parts)}: {printable(filter.shown)}{reason}"


def counted(hits: int, acted: int, where: str = " here") -> str:
    """How often one was hit, and did more than report."""
    times = f", acted {acted} time{'' if acted == 1 else 's'}" if acted else ""
    return f"{hits or 'no'} hit{'' if hits == 1 else 's'}{where}{times}"
