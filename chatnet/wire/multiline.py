"""A text of several lines, as the lines of IRC that it travels in.  https://ircv3.net/specs/extensions/multiline"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chatnet.wire.text import ctcp_request, cut, strip_formatting

TYPE: Final = "draft/multiline"
"""The type of the batch."""

CONCAT: Final = "draft/multiline-concat"
"""The tag of a line that goes on where the line before it ended."""


class Part(NamedTuple):
    """One line of IRC: its text, and whether it goes on with the line of text before it (``CONCAT``)."""

    text: str
    joined: bool = False


def combine(parts: Iterable[Part]) -> str:
    """The text itself.

    “Line messages are joined by a single line feed (`\\n`) byte unless the `draft/multiline-concat` message
    tag is sent, in which case that line's message is directly joined with the previous line's message”
    """
    texts: list[str] = []
    for part in parts:
        if texts and not part.joined:
            texts.append("\n")
        texts.append(part.text)
    return "".join(texts)


def is_blank(parts: Iterable[Part]) -> bool:
    """True if there is nothing but blank lines."""
    return not any(part.text for part in parts)


def unformatted(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same without bold, colours and the like; what is left blank is no continuation any more."""
    plain = [Part(strip_formatting(part.text), part.joined) for part in parts]
    return tuple(part for part in plain if part.text or not part.joined)


def judged(text: str, parts: Iterable[Part]) -> str:
    """What rules have to look at: the whole `text`, unless one of its lines alone is a CTCP request.

    For whoever reads lines, each of them is a message of its own.
    """
    return next((part.text for part in parts if ctcp_request(part.text)), text)


def fitted(parts: Sequence[Part], room: int) -> list[Part]:
    """The same text in parts of at most `room` bytes each: those that are longer are cut in several."""
    found = []
    for part in parts:
        text, joined = part
        while len(head := cut(text, room)) < len(text):
            found.append(Part(head, joined))
            text, joined = text[len(head) :], True
        found.append(Part(text, joined))
    return found
