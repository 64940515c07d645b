"""Texts people write: their length in bytes, their formatting, their CTCP, and how to echo them safely.

Text is decoded from UTF-8 with surrogateescape, so a byte that is not UTF-8 is a lone surrogate here and one
byte on the wire.
"""

from __future__ import annotations

import re
from typing import Final


def byte_length(text: str) -> int:
    """How many bytes the text takes on the wire."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    code = ord(character)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4


def cut(text: str, limit: int) -> str:
    """As much of the beginning of the text as `limit` bytes hold, whole characters only."""
    if text.isascii():
        return text if len(text) <= limit else text[: max(limit, 0)]
    used = 0
    for index, character in enumerate(text):
        used += _width(character)
        if used > limit:
            return text[:index]
    return text


def cut_bytes(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes of the beginning of the data, not ending within a character where it is UTF-8."""
    if len(data) <= limit:
        return data
    end = max(limit, 0)
    start = end
    while start > 0 and end - start < 3 and data[start] & 0xC0 == 0x80:
        start -= 1
    if start < end and data[start] >= 0xC0:
        width = 2 if data[start] < 0xE0 else 3 if data[start] < 0xF0 else 4
        if start + width > end and _is_utf8(data[start : start + width]):
            end = start
    return data[:end]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_ENDS: Final = re.compile("[\r\n\0]+")


def sanitise(text: str) -> str:
    """The text with U+FFFD in place of each byte that was not UTF-8, for JSON and files."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text as it can be kept and told in one line: U+FFFD for what is not UTF-8, a space for an end."""
    return _ENDS.sub(" ", sanitise(text))


def printable(text: str) -> str:
    """The text with escapes for what moves a cursor, breaks a line or cannot be encoded: for logs."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# Bold, colour, hex colour, reset, monospace, reverse, italics, strikethrough, underline.
_FORMATTING: Final = re.compile(
    r"[\x02\x0f\x11\x16\x1d\x1e\x1f]"
    r"|\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"
    r"|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"
)


def strip_formatting(text: str) -> str:
    """The text without bold, colours and the like.  https://modern.ircdocs.horse/formatting.html"""
    return _FORMATTING.sub("", text)


# What is shown as nothing (Unicode calls it default ignorable), and controls.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# What is shown as a space, and is another sign.
_GAPS: Final = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")


def as_seen(text: str) -> str:
    """The text without what nobody sees, and with a plain space for all that looks like one.

    Formatting is to be stripped before.
    """
    if text.isascii() and text.isprintable():
        return text
    return _GAPS.sub(" ", _UNSEEN.sub("", text))


def ctcp_command(text: str) -> str | None:
    """`ACTION` for `\\x01ACTION waves\\x01`, None for what is not CTCP.  https://modern.ircdocs.horse/ctcp.html

    The closing \\x01 may be missing.
    """
    if not text.startswith("\x01"):
        return None
    return text[1:].partition("\x01")[0].partition(" ")[0].upper() or None


def ctcp_request(text: str) -> bool:
    """True if the text is CTCP that asks something of a client: any but ACTION.

    Formatting before it does not hide it, since mode c would take that away.
    """
    if "\x01" not in text:
        return False
    return any(t[:1] == "\x01" and ctcp_command(t) != "ACTION" for t in (text, strip_formatting(text)))


_IPV6: Final = re.compile(r":[0-9A-Fa-f:.]*(?:/[0-9]+)?")


def middle(text: str) -> str:
    """A text that came from a user, made fit to be echoed before the last parameter of a line.

    It ends at the first space; nothing becomes `*`; an IPv6 address is kept from starting with a colon by a
    zero (`::1` is `0::1`), and anything else by leaving the colons out.
    """
    text = text.partition(" ")[0]
    if text.startswith(":"):
        text = "0" + text if text.startswith("::") and _IPV6.fullmatch(text) else text.lstrip(":")
    return text or "*"
