"""How often things happened since the start: plain integers.

Whoever does a thing adds one to its number, and nobody hears of that; who wants to know reads them.  An
addition is all that this may cost where messages pass.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from chatnet.model.histogram import Histogram

OF_GROUPS: Final[tuple[float, ...]] = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
"""Seconds that writing a group of messages takes, in steps."""


class Counts:
    """Of one server.

    Messages are counted by whom they are for, and of these, how many came by a link; deletions are messages
    too.  `opened` is by kind of connection, `refused` by the reason in a word, `logins` by mechanism and
    whether they were right, `resumed` by the name of a neighbour.
    """

    __slots__ = (
        "channel", "channel_linked", "flooded", "groups", "logins", "netsplits", "opened",
        "overflowed", "refused", "registered", "resumed", "unstored", "user", "user_linked", "writing",
    )  # fmt: skip

    def __init__(self) -> None:
        self.channel = self.channel_linked = 0
        self.user = self.user_linked = 0
        self.opened: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.overflowed = 0
        """Clients that were closed since more than their SendQ waited."""
        self.flooded = 0
        """Clients that were closed since they said too much."""
        self.logins: Counter[tuple[str, bool]] = Counter()
        self.registered = 0
        """Accounts that were registered here."""
        self.netsplits = 0
        self.resumed: Counter[str] = Counter()
        self.groups = 0
        """Groups of messages that were handed to the store."""
        self.writing = Histogram(OF_GROUPS)
        """Seconds until such a group was on the disk."""
        self.unstored = 0
        """How often the store told that it cannot write as it should."""
