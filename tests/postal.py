"""Clubs that send mail, and the codes in it."""

from __future__ import annotations

import re
from typing import Any, Final

from club import Club

MAIL: Final[dict[str, Any]] = {"relay": "smtp://127.0.0.1:2525", "from": "accounts@example.org"}
TO: Final = "ann@example.net"


def postal(email: str = "optional", **more: Any) -> Club:
    """A club that verifies addresses."""
    sections: dict[str, Any] = {"mail": MAIL, **more}
    sections["accounts"] = {"email": email} | more.get("accounts", {})
    return Club(**sections)


def code_in(club: Club, to: str = TO) -> str:
    """The code in the one mail that was sent, to that address."""
    ((address, text),) = club.post.take()
    assert address == to
    found = re.search(r"\b[a-z2-7]{10}\b", text.partition("/msg")[2])
    assert found is not None, text
    return found[0]
