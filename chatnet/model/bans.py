"""Bans: of users and hosts, of addresses, of real names, of names; from the network or this server alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

KINDS: Final = "KDXR"
"""K: ``user@host``; D: an address or a network of them; X: a real name; R: a nick, or a channel's name."""

NAMES: Final = {"K": "K-Line", "D": "D-Line", "X": "X-Line", "R": "RESV"}
"""What operators call them."""

PRIVATE: Final = "|"
"""What stands before the part of a reason that is for operators."""


@dataclass(slots=True, eq=False)
class NetworkBan:
    """A ban as it was last changed.

    `host` is the whole mask of kinds other than K, whose `user` is ``*``.  `created`, `until` and `lifetime`
    are Unix times: it holds until `until` (None: for ever), and is remembered until `lifetime`, so that a
    server that was away does not bring back what was changed meanwhile.  `wide` ones are told to every server
    that comes; others are this server's alone.  `by` says in one word who set it.  `reading` is what
    ``rules/network_bans.py`` made of its masks.
    """

    kind: str
    user: str
    host: str
    created: int
    until: int | None
    lifetime: int | None
    by: str
    reason: str
    wide: bool
    reading: Any = field(default=None, repr=False)

    @property
    def mask(self) -> str:
        """What it bans, as operators write it."""
        return f"{self.user}@{self.host}" if self.kind == "K" else self.host

    @property
    def public_reason(self) -> str:
        """The reason, without what operators alone may read."""
        return self.reason.partition(PRIVATE)[0]

    def holds(self, now: float) -> bool:
        """Whether it bans anybody at the Unix time `now`."""
        return self.until is None or now < self.until

    def remembered(self, now: float) -> bool:
        """Whether it is to be kept at the Unix time `now`."""
        return self.lifetime is None or now < self.lifetime
