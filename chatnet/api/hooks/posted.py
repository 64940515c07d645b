"""What a program posted to a hook, as it is said; and the words by which it is refused, which are Slack's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from chatnet.wire.text import byte_length, cut, sanitise

INVALID_PAYLOAD: Final = "invalid_payload"
NO_TEXT: Final = "no_text"

_LINES: Final = re.compile("\r\n|\r|\n|\x0b|\x0c|\x85|\u2028|\u2029")
_CONTROLS: Final = re.compile("[\x00\x01\x04-\x08\x0e\x10\x12-\x15\x17-\x1c\x7f\x80-\x9f]")
"""But for bold, colours and the like; a CTCP request begins with one of these."""
ROOM: Final = 350
"""Bytes of a text for which there is room in a line of IRC, whoever says it where."""
MORE: Final = 32
"""Bytes of the words that there are more lines."""


class Unread(Exception):
    """It says nothing that could be said; `word` is the answer (400)."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Posted(NamedTuple):
    """The text, which may have several lines, and the name of who says it by the hook, or nothing."""

    text: str
    name: str = ""


def plain(text: str) -> str:
    """A text without what moves a cursor, or would be a CTCP request; lines end in ``\\n``."""
    text = "\n".join(_LINES.split(sanitise(text))).replace("\t", "    ")
    return _CONTROLS.sub("", text)


def shortened(text: str, lines: int, size: int) -> str:
    """At most so many lines, and bytes in all; if there are more the last one says how many.

    One that needs several lines of IRC counts as so many.
    """
    found = [line.rstrip() for line in text.strip("\n").split("\n")]
    kept = _fitting(found, lines, size)
    if len(kept) == len(found):
        return "\n".join(kept)
    kept = _fitting(found, lines - 1, size - MORE)
    left = len(found) - len(kept)
    return "\n".join([*kept, f"… ({left} more line{'s' if left > 1 else ''})"])


def _fitting(found: Iterable[str], lines: int, size: int) -> list[str]:
    kept: list[str] = []
    for line in found:
        length = byte_length(line)
        needed = max(1, -(-length // ROOM))
        if needed > lines or length > size:
            if not kept:  # one line that is too long
                kept.append(f"{cut(line, min(size, lines * ROOM) - byte_length('…'))}…")
            break
        kept.append(line)
        lines -= needed
        size -= length + 1
    return kept
