"""What the chatnet servers of a network must have in common: two compare it when they link.

It stands in CAPAB, as ``CASE=RFC1459``, ``NICK=30``, ``NETWORK=CHESSCLUB`` and ``CLOAK=<digest>``; other
servers do not mind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatnet.links.speech.line import LONGEST_TOKEN
from chatnet.settings import Settings
from chatnet.wire.text import byte_length

CASE: Final = "CASE"
"""What two servers cannot be linked without: they would disagree on who has a nick."""

WORDS: Final = {
    CASE: "server.casemapping is {here} here and {there} there",
    "NICK": "limits.nick is {here} here and {there} there",
    "CLOAK": "cloak.key is another one there, so that bans on cloaks hold for the people of one of us only",
    "NETWORK": "server.network is {here} here and {there} there",
}


def ours(settings: Settings, cloak_digest: str) -> Iterator[tuple[str, str]]:
    """Each key with what we have; `cloak_digest` is of the key of our cloaks."""
    yield CASE, settings.server.casemapping.upper()
    yield "NICK", str(settings.limits.nick)
    yield "NETWORK", settings.server.network.upper()  # as words of CAPAB are read
    if cloak_digest:
        yield "CLOAK", cloak_digest


def stated(settings: Settings, cloak_digest: str) -> list[str]:
    """The same as words of CAPAB, without one that is too long to be one."""
    words = [f"{key}={value}" for key, value in ours(settings, cloak_digest)]
    return [word for word in words if byte_length(word) <= LONGEST_TOKEN]


def differences(settings: Settings, cloak_digest: str, tokens: frozenset[str]) -> dict[str, str]:
    """Where a server with these words in its CAPAB differs from us: key → in words.

    What it does not tell of is no difference.
    """
    theirs = dict(token.split("=", 1) for token in tokens if "=" in token)
    return {
        key: WORDS[key].format(here=value, there=theirs[key])
        for key, value in ours(settings, cloak_digest)
        if theirs.get(key, value) != value
    }


def speech(tokens: frozenset[str]) -> frozenset[str]:
    """The words of a CAPAB that tell how its server speaks, and not how it is set up."""
    return frozenset(token for token in tokens if token.partition("=")[0] not in WORDS)
