"""What few messages have beside their text, as it stands in a row of the store: JSON."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from chatnet.wire.multiline import Part


class Extra(NamedTuple):
    """Client-only `tags` as they stand on the wire; the `parts` of a message of several lines; the `status`
    prefix of one that is for ranks; the `uid` of its author, where its id does not tell it; and `words`: what
    a line of an event has beside its text.

    ======  ==========================================================
    event   `text`, and `words`
    ======  ==========================================================
    JOIN    real name; account (``*``: none)
    PART    reason; no words if none was given, else one that is empty
    QUIT    reason
    NICK    the new nick
    KICK    reason; the nick of who was kicked
    MODE    letters and parameters, as a line has them
    TOPIC   topic
    RENAME  reason; old name, new name
    ======  ==========================================================
    """

    tags: bytes = b""
    parts: tuple[Part, ...] = ()
    status: str = ""
    uid: str = ""
    words: tuple[str, ...] = ()


NOTHING = Extra()


def written(extra: Extra) -> str | None:
    """As the store keeps it; None if there is nothing."""
    found: dict[str, Any] = {}
    if extra.tags:
        found["tags"] = extra.tags.decode("utf-8", "replace")
    if extra.parts:
        found["parts"] = [[part.text, part.joined] for part in extra.parts]
    if extra.status:
        found["status"] = extra.status
    if extra.uid:
        found["uid"] = extra.uid
    if extra.words:
        found["words"] = list(extra.words)
    return json.dumps(found, separators=(",", ":")) if found else None


def read(text: str | None) -> Extra:
    """What :func:`written` made."""
    if text is None:
        return NOTHING
    found = json.loads(text)
    return Extra(
        found.get("tags", "").encode(),
        tuple(Part(text, joined) for text, joined in found.get("parts", ())),
        found.get("status", ""),
        found.get("uid", ""),
        tuple(found.get("words", ())),
    )
