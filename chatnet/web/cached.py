"""Answers that readers may keep for a while, and ask for again by what they know of them."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256

from chatnet.web.exchange import Ask, Reply


def cached(ask: Ask, body: bytes, kind: str, modified: float, age: int, *headers: tuple[str, str]) -> Reply:
    """A body of that media type, last changed at a Unix time, which may be kept for `age` seconds.

    304 to who asks for what was changed since then (RFC 9110, section 13.1.3).  Whoever names its ETag is
    seen to by the site.
    """
    known = (
        ("ETag", f'"{sha256(body).hexdigest()[:20]}"'),
        ("Last-Modified", formatdate(int(modified), usegmt=True)),
        ("Cache-Control", f"public, max-age={age}"),
        *headers,
    )
    if "if-none-match" not in ask.headers and _is_old(ask.headers.get("if-modified-since"), modified):
        return Reply(304, b"", known)
    return Reply(200, body, (("Content-Type", kind), *known))


def _is_old(since: str | None, modified: float) -> bool:
    """Whether nothing was changed since a date; not of what is no date."""
    if since is None:
        return False
    try:
        return int(modified) <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
