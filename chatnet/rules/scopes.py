"""What a token is good for: the one word of its record, taken apart.

    all                      whatever its account may; also logs in over IRC
    web                      the same, for the page that people chat in
    chat                     talking: no ChanServ, no operator's powers; also logs in over IRC
    read,send:#ci,#alerts    a list of words for programs, perhaps in some channels only; the API alone

Whoever comes by a token may what its scope allows and its account may: no scope makes anybody an operator.
A word that this version does not know allows nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.wire.casemap import Folder
from chatnet.wire.names import is_channel

ALL: Final = "all"
WEB: Final = "web"
CHAT: Final = "chat"
LOGS_IN: Final = frozenset({ALL, WEB, CHAT})
"""The scopes that log in over IRC: nothing would hold one there to a list."""
READ: Final = "read"
SEND: Final = "send"
EVENTS: Final = "events"
HOOKS: Final = "hooks"
INVITES: Final = "invites"
MANAGE: Final = "manage"
COMMAND: Final = "command"
OPERATE: Final = "operate"
METRICS: Final = "metrics"
WORDS: Final[dict[str, str]] = {
    READ: "channels, people, and what was said",
    SEND: "joining channels, saying things, reactions, read marks",
    EVENTS: "the stream of what happens",
    HOOKS: "the hooks of channels",
    INVITES: "invite links",
    MANAGE: "topic, modes and members of channels",
    COMMAND: "any command of IRC",
    OPERATE: "what operators may, if the account is one",
    METRICS: "the numbers of the server, if the account is an operator's",
}
"""What may stand in a list, and what it allows."""
LONGEST: Final = 400
"""Bytes of a scope."""
_CHATTING: Final = frozenset({READ, SEND, EVENTS, MANAGE, COMMAND})
_WORDS: Final = frozenset(WORDS)


class Scope(NamedTuple):
    """What `words` of :data:`WORDS` it allows, in which `channels` as they were written; none: in all."""

    words: frozenset[str]
    channels: tuple[str, ...] = ()

    def reaches(self, channel: str, fold: Folder) -> bool:
        """Whether it is for a channel of that name."""
        return not self.channels or fold(channel) in map(fold, self.channels)

    @classmethod
    def read(cls, text: str) -> Scope:
        """What the word of a record allows."""
        if text in (ALL, WEB):
            return cls(_WORDS)
        if text == CHAT:
            return cls(_CHATTING)
        words, colon, channels = text.partition(":")
        found = _WORDS.intersection(words.split(","))
        return cls(found, tuple(channels.split(","))) if colon else cls(found)


def scope_in(text: str, channel_bytes: int) -> str | None:
    """What somebody wrote, as a record has it; None if it is no scope that people choose.

    That of the page is given by logging in there.  Names of channels have at most so many bytes.
    """
    head, colon, channels = text.partition(":")
    if head.lower() in (ALL, CHAT):
        return None if colon else head.lower()
    words = head.lower().split(",")
    names = channels.split(",") if colon else []
    if not _WORDS.issuperset(words) or not all(is_channel(name, channel_bytes) for name in names):
        return None
    scope = ",".join(word for word in WORDS if word in words) + (f":{','.join(names)}" if names else "")
    return scope if len(scope.encode("utf-8", "surrogateescape")) <= LONGEST else None
