"""The modes of channels and users: one meaning per letter, Solanum's where it has one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CHANNEL_MODES: Final[dict[str, tuple[str, str]]] = {
    # letter: (kind as in CHANMODES, or P for a rank; meaning)
    "b": ("A", "ban: these masks may neither join nor speak"),
    "e": ("A", "ban exception: a ban does not touch these masks"),
    "I": ("A", "invite exception: these masks need no invitation (+i)"),
    "k": ("B", "key: needed to join"),
    "E": ("C", "repeat filter n:t, the same text at most n times in t seconds (not for ranks)"),
    "H": ("C", "history: how long messages are kept, as 30d or 90d:join, or 0; who may look back how far"),
    "W": ("C", "slow mode: so many seconds between two messages of one person (not for ranks)"),
    "f": ("C", "forward: who may not join is sent to this channel"),
    "j": ("C", "join throttle n:t, at most n joins in t seconds"),
    "l": ("C", "limit: at most this many members"),
    "C": ("D", "no CTCP but ACTION"),
    "D": ("D", "delayed join: who comes in is shown once they speak, or have a rank"),
    "F": ("D", "free target: every operator may forward here"),
    "L": ("D", "large lists (opers only)"),
    "N": ("D", "nobody changes their nick (but ranks)"),
    "O": ("D", "opers only"),
    "P": ("D", "permanent: stays when empty (opers only)"),
    "Q": ("D", "nobody is forwarded to here"),
    "R": ("D", "only those who are logged in may speak"),
    "S": ("D", "only members who are connected over TLS"),
    "T": ("D", "no notices"),
    "V": ("D", "only operators invite, whatever i and g say"),
    "Y": ("D", "nobody is put out by KICK"),
    "c": ("D", "colours and formatting are stripped"),
    "g": ("D", "every member may invite, under i as well"),
    "i": ("D", "by invitation only"),
    "m": ("D", "moderated: only voiced members and operators may speak"),
    "n": ("D", "no messages from outside"),
    "p": ("D", "private: only members see who is in it, and nobody may KNOCK"),
    "r": ("D", "only those who are logged in may join"),
    "s": ("D", "secret: not listed, and only members read its modes, bans and topic"),
    "t": ("D", "only half-operators and above change the topic"),
    "x": ("D", "auditorium: members without a rank see those with one, and themselves"),
    "z": ("D", "what may not be said is shown to operators"),
    "q": ("P", "owner"),
    "a": ("P", "admin"),
    "o": ("P", "operator"),
    "h": ("P", "half-operator"),
    "v": ("P", "voice"),
}

OWN_MODES: Final = {"CNKEEP": "H", "CNMODE": "DENVWYx"}
"""Modes of channels that stay among those who know them, by the token that tells so."""

OWNER: Final = 16
ADMIN: Final = 8
OP: Final = 4
HALFOP: Final = 2
VOICE: Final = 1
RANKS: Final[dict[str, int]] = {"q": OWNER, "a": ADMIN, "o": OP, "h": HALFOP, "v": VOICE}
PREFIX_OF: Final[dict[str, str]] = {"q": "~", "a": "&", "o": "@", "h": "%", "v": "+"}
RANK_OF_PREFIX: Final[dict[str, int]] = {PREFIX_OF[letter]: rank for letter, rank in RANKS.items()}

ALL_PREFIXES: Final[tuple[str, ...]] = tuple(
    "".join(PREFIX_OF[letter] for letter, rank in RANKS.items() if ranks & rank) for ranks in range(32)
)
"""All prefixes of a combination of ranks, highest first (multi-prefix)."""
TOP_PREFIX: Final[tuple[str, ...]] = tuple(prefixes[:1] for prefixes in ALL_PREFIXES)
"""The highest prefix of a combination of ranks."""

USER_MODES: Final[dict[str, str]] = {
    "B": "marks a bot",
    "C": "takes no CTCP but ACTION",
    "D": "deaf: hears no channel messages",
    "G": "soft caller id: like g, but those in a common channel may write",
    "Q": "is not forwarded to other channels",
    "R": "takes no private messages from those who are not logged in",
    "Z": "is connected over TLS (set by the server)",
    "g": "caller id: takes private messages only from those on the ACCEPT list",
    "i": "invisible to those who share no channel",
    "o": "is an IRC operator (set by OPER)",
    "s": "gets server notices, by letters",
    "w": "gets WALLOPS",
    "x": "hides the real host",
    "z": "gets OPERWALL, what operators write to each other (opers only)",
}


def at_least(rank: int) -> int:
    """The bits of `rank` and of all above it."""
    return (OWNER * 2 - 1) & ~(rank - 1)


def rank_letters(ranks: int) -> str:
    """The letters of a combination of ranks, highest first."""
    return "".join(letter for letter, rank in RANKS.items() if ranks & rank)


def kind_of(letter: str) -> str | None:
    """The kind of a channel mode: A, B, C, D as in CHANMODES, P for a rank, None if there is none."""
    row = CHANNEL_MODES.get(letter)
    return row[0] if row else None


def letters(kind: str) -> str:
    """All channel modes of one kind, in the order of the table."""
    return "".join(letter for letter, row in CHANNEL_MODES.items() if row[0] == kind)


def unknown_modes(caps: frozenset[str]) -> frozenset[str]:
    """The modes of channels that a server with these tokens in CAPAB does not know, and is not told."""
    known = caps if "CN1" in caps else frozenset[str]()
    return frozenset("".join(letters for token, letters in OWN_MODES.items() if token not in known))


SNOMASKS: Final[dict[str, str]] = {
    "a": "accounts: who registers or drops one, what operators do, when too many come, or the disk fails",
    "c": "clients connecting",
    "f": "floods: who was cut off for sending too much, or for not reading",
    "g": "the server itself: rehash, restart, certificates, and whether messages are stored",
    "k": "kills, and bans",
    "m": "messages that a filter hits",
    "n": "nick changes",
    "o": "who becomes an operator, or tries to",
    "p": "what people report",
    "q": "clients leaving",
    "r": "connections refused, and why; and who comes in whose address is in a block list",
    "x": "servers that come and go",
}
"""Letters of the server notices that user mode s brings to an oper."""
OURS: Final = "mp"
"""Those that servers of other makes are not told: they do not know whom they are for."""
PRIVILEGED: Final[dict[str, str]] = {"p": "reports"}
"""Those that only opers with a privilege read."""


NO_MODES: Final[frozenset[str]] = frozenset()
SHARED: Final = 1000
"""So many combinations of modes of users are there once; others are there for each."""
_sets: Final[dict[frozenset[str], frozenset[str]]] = {}


def mode_set(letters: Iterable[str]) -> frozenset[str]:
    """Modes of a user, who shares them with all others who have the same: a set takes 216 bytes."""
    found = frozenset(letters)
    known = _sets.get(found)
    if known is None:
        known = found
        if len(_sets) < SHARED:
            _sets[found] = found
    return known
