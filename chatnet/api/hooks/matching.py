"""Which events a hook tells: of its types, and fitting what it asks for besides.

    {"prefix": "!deploy"}     a message whose text begins so
    {"mention": true}         one that names the bot of the hook
    {"from": "ann"}           what somebody of this nick or account did

All that is asked for has to fit.  What came of a hook is told to none, nor what its own bot does: two of them
would talk to each other for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chatnet.wire.casemap import Folder

MARK: Final = "+chatnet/hook"
"""The client-only tag of what came of a hook; its value is the name of that."""
TYPES: Final = (
    *("message", "joined", "parted", "quit", "kicked", "nick", "topic", "mode", "renamed", "redacted"),
    "reaction",
)
"""The types of events that hooks may tell."""
MOST: Final = 200
"""Characters of a prefix or a name."""

Event = Mapping[str, Any]


class Match(NamedTuple):
    """What is asked for; what is empty is not."""

    prefix: str = ""
    mention: bool = False
    by: str = ""

    @property
    def text(self) -> str:
        """As a record has it; empty if nothing is asked for."""
        asked: dict[str, object] = {}
        if self.prefix:
            asked["prefix"] = self.prefix
        if self.mention:
            asked["mention"] = True
        if self.by:
            asked["from"] = self.by
        return json.dumps(asked, ensure_ascii=False, separators=(",", ":")) if asked else ""

    @classmethod
    def read(cls, text: str) -> Match:
        """What a record says; raises ValueError."""
        if not text:
            return cls()
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError("it is no object")
        return cls(
            str(found.get("prefix", ""))[:MOST],
            found.get("mention") is True,
            str(found.get("from", ""))[:MOST],
        )


def is_told(event: Event, types: tuple[str, ...], match: Match, nick: str, fold: Folder) -> bool:
    """Whether a hook tells an event whose bot has a nick."""
    if event.get("type", "message") not in types:
        return False
    by, tags = event.get("from") or {}, event.get("tags") or {}
    if MARK in tags or fold(str(by.get("nick", ""))) == fold(nick):
        return False
    text = str(event.get("text") or "")
    if match.prefix and not _begins(text, match.prefix):
        return False
    if match.mention and not mentions(text, nick, fold):
        return False
    names = {fold(str(by.get(key) or "")) for key in ("nick", "account")}
    return not match.by or fold(match.by) in names


def _begins(text: str, prefix: str) -> bool:
    """``!deploy`` begins ``!deploy now`` and not ``!deployment``; ``!`` begins them all."""
    if not text.startswith(prefix):
        return False
    return not prefix[-1].isalnum() or not text[len(prefix) :][:1].isalnum()


def mentions(text: str, nick: str, fold: Folder) -> bool:
    """Whether a text names somebody, as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(fold(nick))}(?![\w-])", fold(text)) is not None
