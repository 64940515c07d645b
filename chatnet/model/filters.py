"""Filters: what people may not say, and what becomes of who says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatnet.records.grammar import ban_entity
from chatnet.wire.text import byte_length

GLOB: Final = "F"
"""A pattern with ``*`` and ``?``, which fits a whole text."""
EXPRESSION: Final = "FR"
"""A regular expression, which fits some part of a text."""
KINDS: Final = (GLOB, EXPRESSION)

REPORT: Final = "report"
BLOCK: Final = "block"
LOGIN: Final = "login"
MUTE: Final = "mute"
KICK: Final = "kick"
KILL: Final = "kill"
BAN: Final = "ban"
ACTIONS: Final[dict[str, str]] = {
    REPORT: "operators read of it",
    LOGIN: "it is not said, unless they log in",
    BLOCK: "it is not said",
    MUTE: "nor anything else in that channel, for `time`",
    KICK: "and they are put out of the channel",
    KILL: "and off the network",
    BAN: "and stay away for `time`: the account, or else the address",
}
"""What becomes of who says it, each more than the one before."""
LASTING: Final = (MUTE, BAN)
"""Those that last for a time."""

CHANNEL: Final = "channel"
PRIVATE: Final = "private"
PART: Final = "part"
QUIT: Final = "quit"
AWAY: Final = "away"
TOPIC: Final = "topic"
USER: Final = "user"
TEXTS: Final = (CHANNEL, PRIVATE, PART, QUIT, AWAY, TOPIC)
"""What people write: to channels, to each other, as they go, and so on."""
WHERE: Final = (*TEXTS, USER)
"""The same, and who they are: ``nick!user@host#real name``."""

MOST_PATTERN: Final = 300
"""Bytes of a pattern, and of who set it; a longer one is none."""
MOST_REASON: Final = 300
"""Bytes of a reason."""
HANDLE: Final = 5
"""Letters of an entity by which operators call a filter."""


@dataclass(slots=True, eq=False, frozen=True)
class Filter:
    """A filter as it was last changed.

    `created` and `until` are Unix times: it holds until `until` (None: for ever; not after `created`: it does
    not).  `seconds` is for how long it mutes or bans, 0: as the settings say.  A `dry` one does nothing but
    what REPORT does; a `quiet` one does not tell whom it means why.  `spared` are channels, folded, that it
    does not look at.  `record` is whether it is one; `fixed` ones stand in the configuration.
    """

    entity: str
    kind: str
    pattern: str
    action: str = REPORT
    where: frozenset[str] = frozenset(TEXTS)
    strangers: bool = True
    dry: bool = True
    quiet: bool = False
    seconds: int = 0
    spared: frozenset[str] = frozenset()
    reason: str = ""
    by: str = "*"
    created: int = 0
    until: int | None = None
    record: bool = False
    fixed: bool = False

    @property
    def handle(self) -> str:
        """What operators call it: those that are built in by their kind."""
        return self.entity[1 : 1 + HANDLE] if self.kind in KINDS else self.kind

    @property
    def shown(self) -> str:
        """The pattern as operators write it."""
        if self.kind not in KINDS:
            return "(built in)"
        return f"/{self.pattern}/" if self.kind == EXPRESSION else self.pattern

    def holds(self, now: float) -> bool:
        """Whether it means anybody at the Unix time `now`."""
        return self.until is None or self.created < self.until > now


def read_pattern(text: str) -> tuple[str, str]:
    """A pattern as operators write it: its kind, and the text of it.  ``/…/`` is a regular expression."""
    if len(text) > 2 and text[0] == text[-1] == "/":
        return EXPRESSION, text[1:-1]
    return GLOB, text


def filter_entity(kind: str, pattern: str) -> str:
    """The entity that a filter of one pattern is: the same on all servers.

    Of an expression small and capital letters may mean different things.
    """
    return ban_entity(kind, pattern if kind == EXPRESSION else pattern.lower())


def fits_record(pattern: str, reason: str, by: str) -> bool:
    """Whether none of these is longer than what is taken of a record."""
    return max(map(byte_length, (pattern, by))) <= MOST_PATTERN and byte_length(reason) <= MOST_REASON
