"""By what somebody is logged in, since not every way may do everything."""

from __future__ import annotations

from typing import Final, NamedTuple


class Way(NamedTuple):
    """How a session came to its account: `how` in words; `token` is the key of one, or empty.

    `chat`: what needs more than talking is not for them.  Unless it `operates`, the privileges that the user
    has as an operator are not for it either.
    """

    how: str
    token: str = ""
    chat: bool = False
    operates: bool = True


PASSWORD: Final = Way("password")
SCRAM: Final = Way("SCRAM-SHA-256")
CERTIFICATE: Final = Way("certificate")
CODE: Final = Way("code")
NO_WAY: Final = Way("")
"""They are not logged in, or another server knows how."""
