"""One IRC message: from a line of text and back, tags included.

The grammar is https://modern.ircdocs.horse/#message-format and https://ircv3.net/specs/extensions/message-tags.
Only the space (0x20) separates; a tab or a no-break space is a character like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Message:
    """A message taken apart.  `command` is in capitals; a trailing parameter is one of the `params`."""

    tags: dict[str, str]
    source: str
    command: str
    params: list[str]


def parse(line: str) -> Message | None:
    """Take a line without its line end apart, see :func:`split`; None when there is no command in it."""
    parts = split(line)
    if parts is None:
        return None
    tags, source, command, params = parts
    return Message(dict(tags), source, command, params)


_NO_TAGS: Final[Mapping[str, str]] = {}


def split(line: str) -> tuple[Mapping[str, str], str, str, list[str]] | None:
    """Tags, source, command (in capitals) and parameters of a line; None when there is no command in it.

    Leading and repeated spaces are forgiven.  A tag without a value has the value ""; of several tags with
    one key the last one counts.
    """
    tags = _NO_TAGS
    source = ""
    if line < "A":  # or else there is no space, ``@`` or colon at its beginning
        line = line.lstrip(" ")
        if line[:1] == "@":
            text, _, line = line[1:].partition(" ")
            tags = parse_tags(text)
            line = line.lstrip(" ")
        if line[:1] == ":":
            source, _, line = line[1:].partition(" ")
            line = line.lstrip(" ")
            if line[:1] == ":":
                return None
    head, colon, trailing = line.partition(" :")
    params = head.split(" ")
    if "" in params:
        params = [word for word in params if word]
        if not params:
            return None
    command = params.pop(0).upper()
    if colon:
        params.append(trailing)
    return tags, source, command, params


def parse_tags(text: str) -> dict[str, str]:
    """`a=1;+b;vendor.example/c=x\\sy` (no leading `@`) as a dict of unescaped values."""
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key:
            tags[key] = unescape_tag_value(value) if "\\" in value else value
    return tags


_ESCAPE: Final = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"})
_UNESCAPE: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


def escape_tag_value(value: str) -> str:
    """https://ircv3.net/specs/extensions/message-tags#escaping-values"""
    return value.translate(_ESCAPE)


def unescape_tag_value(value: str) -> str:
    """Undo `escape_tag_value`; an unknown escape loses its backslash, and so does a lone one at the end."""
    first, *parts = value.split("\\")
    out = [first]
    literal = False
    for part in parts:
        if literal:
            # The part after an escaped backslash begins with an ordinary character.
            out.append(part)
            literal = False
        elif part:
            out.append(_UNESCAPE.get(part[0], part[0]) + part[1:])
        else:
            out.append("\\")
            literal = True
    if literal:
        out.pop()
    return "".join(out)


def format_tags(tags: Mapping[str, str]) -> str:
    """`{"a": "1", "+b": ""}` as `a=1;+b`, without the leading `@`.  ValueError for an impossible tag."""
    parts = []
    for key, value in tags.items():
        if not key or not _FORBIDDEN_IN_KEY.isdisjoint(key):
            raise ValueError(f"not a tag key: {key!r}")
        if "\0" in value:
            raise ValueError(f"a NUL in the value of the tag {key}")
        parts.append(f"{key}={escape_tag_value(value)}" if value else key)
    return ";".join(parts)


def format_message(
    command: str, params: Sequence[str], source: str = "", tags: Mapping[str, str] | None = None
) -> str:
    """The line (without its line end) that `parse` takes apart into these.

    Raises ValueError for what no line can carry: NUL, CR, LF, or a parameter before the last that is empty,
    holds a space or starts with a colon.
    """
    if not (command.isascii() and command.isalnum()):
        raise ValueError(f"not a command: {command!r}")
    words = []
    if tags:
        words.append("@" + format_tags(tags))
    if source:
        if not _FORBIDDEN_IN_WORD.isdisjoint(source):
            raise ValueError(f"not a source: {source!r}")
        words.append(":" + source)
    words.append(command)
    if params:
        *middles, last = params
        for middle in middles:
            if not middle or middle[0] == ":" or not _FORBIDDEN_IN_WORD.isdisjoint(middle):
                raise ValueError(f"only the last parameter can be {middle!r}")
        words.extend(middles)
        if not _FORBIDDEN.isdisjoint(last):
            raise ValueError(f"not a parameter: {last!r}")
        words.append(":" + last if not last or last[0] == ":" or " " in last else last)
    return " ".join(words)


_FORBIDDEN: Final = frozenset("\0\r\n")
_FORBIDDEN_IN_WORD: Final = _FORBIDDEN | {" "}
_FORBIDDEN_IN_KEY: Final = _FORBIDDEN_IN_WORD | {";", "="}
