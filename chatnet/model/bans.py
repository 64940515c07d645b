"""Bans: of users and hosts, addresses, real names, names, accounts, certificates; and who is exempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chatnet.model.ids import Folded
from chatnet.wire.casemap import Folder

BANNING: Final = ("K", "D", "X", "R", "A", "C")
"""K: ``user@host``; D: an address or a network of them; X: a real name; R: a nick, or a channel's name;
A: an account; C: a certificate."""

EXEMPTING: Final = ("EK", "ED", "EA", "EC")
"""Whom no ban means: users and hosts, addresses, accounts, certificates."""

KINDS: Final = BANNING + EXEMPTING

NAMES: Final = {
    "K": "K-Line", "D": "D-Line", "X": "X-Line", "R": "RESV", "A": "account ban", "C": "certificate ban",
    **dict.fromkeys(EXEMPTING, "exemption"),
}  # fmt: skip
"""What operators call them."""

REFUSE: Final = "refuse"
"""What a ban does to whom it means: they do not come in, and have to go."""
LOGIN: Final = "login"
"""The same, as long as they are not logged in."""
EXEMPT: Final = "exempt"
"""No ban does anything to them."""
ACTIONS: Final = (REFUSE, LOGIN, EXEMPT)

MOST_MASK: Final = 300
"""Bytes of a mask, and of who set it; a longer mask is none."""
MOST_REASON: Final = 400
"""Bytes of a reason."""
FOREVER: Final = 52 * 7 * 86400
"""Seconds from now on for which others are told of a ban without an end, who know no such."""

PRIVATE: Final = "|"
"""What stands before the part of a reason that is for operators."""


@dataclass(slots=True, eq=False)
class NetworkBan:
    """A ban as it was last changed.

    `host` is the whole mask of kinds other than K, whose `user` is ``*``.  `created`, `until` and `lifetime`
    are Unix times: it holds until `until` (None: for ever; not after `created`: it does not), and is
    remembered until `lifetime`, so that a server that was away does not bring back what was changed
    meanwhile.  `wide` ones are told to every server that comes; others are this server's alone.  `by` says in
    one word who set it.  `record` is the entity of those that are records, and else empty; `fixed` ones stand
    in the configuration.  `folded` is the mask, folded, once somebody has asked for that.
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
    action: str = REFUSE
    record: str = ""
    fixed: bool = False
    folded: str = field(default="", repr=False)

    @property
    def mask(self) -> str:
        """What it bans, as operators write it."""
        return f"{self.user}@{self.host}" if self.kind[-1] == "K" else self.host

    @property
    def public_reason(self) -> str:
        """The reason, without what operators alone may read."""
        return self.reason.partition(PRIVATE)[0]

    @property
    def private_reason(self) -> str:
        """What operators alone may read of the reason; empty: all may read all of it."""
        return self.reason.partition(PRIVATE)[2]

    def key(self, fold: Folder) -> Folded:
        """The mask, folded: what the bans of one kind are known by."""
        if not self.folded:
            self.folded = fold(self.mask)
        return Folded(self.folded)

    def __lt__(self, other: NetworkBan) -> bool:
        """Whether it is forgotten earlier than another one; both are, some time."""
        return (self.lifetime or 0) < (other.lifetime or 0)

    def holds(self, now: float) -> bool:
        """Whether it bans anybody at the Unix time `now`."""
        return self.until is None or self.created < self.until > now

    def remembered(self, now: float) -> bool:
        """Whether it is to be kept at the Unix time `now`."""
        return self.lifetime is None or now < self.lifetime
