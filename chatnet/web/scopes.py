"""What a token may be used for, as it is written: a word, or some of them with channels behind.

``all``, ``web``, ``chat``, ``read,send``, ``read,send:#ci,#alerts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

SCOPES: Final[Mapping[str, str]] = {
    "read": "channels, people and what was said, as far as the token's own user may see them",
    "send": "messages, reactions, deleting; going into channels and out of them; how far one has read",
    "events": "a stream of what happens",
    "hooks": "addresses by which other programs say something, or are told",
    "invites": "links that invite people",
    "manage": "topic, modes and members of channels",
    "command": "any command of IRC, and with it what pseudo-users such as ChanServ do",
    "operate": "what operators do; the user has to be one as well",
    "metrics": "numbers for monitoring",
}
"""The words of a list, and what each allows."""
ALL: Final = "all"
"""Everything that the account may do."""
WEB: Final = "web"
"""The same, for the page: it is an account's way to log in by its browser."""
CHAT: Final = "chat"
"""Talking, and nothing that changes the account or a channel."""
_WHOLE: Final[Mapping[str, frozenset[str]]] = {
    ALL: frozenset(SCOPES),
    WEB: frozenset(SCOPES),
    CHAT: frozenset({"read", "send", "events"}),
}
_CHANNEL: Final = re.compile(r"#[^\x00-\x20,\x7f-\x9f]{0,199}")
MOST: Final = 400
"""Characters of a scope."""


class Scope(NamedTuple):
    """What is allowed; in `channels` alone, unless that is None."""

    words: frozenset[str]
    channels: tuple[str, ...] | None = None


def read_scope(text: str) -> Scope:
    """What a text allows.  Raises ValueError with what is wrong with it, as the end of a sentence."""
    names, mark, channels = text.partition(":")
    if len(text) > MOST:
        raise ValueError(f"is longer than {MOST} characters")
    if names in _WHOLE:
        if mark:
            raise ValueError(f"has channels behind {names!r}, which is for all of them")
        return Scope(_WHOLE[names])
    words = names.split(",")
    for word in words:
        if word not in SCOPES:
            raise ValueError(f"has {word!r}, which is none of {', '.join((*_WHOLE, *SCOPES))}")
    if not mark:
        return Scope(frozenset(words))
    named = tuple(channels.split(","))
    for name in named:
        if _CHANNEL.fullmatch(name) is None:
            raise ValueError(f"has {name!r} behind its ':', which is no channel")
    return Scope(frozenset(words), named)
