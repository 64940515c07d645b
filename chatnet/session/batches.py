"""Lines that belong together, between a BATCH line that opens them and one that ends them.

https://ircv3.net/specs/extensions/batch  Everything here makes bytes and sends nothing, so that a batch that
goes to many clients is rendered once for each format, under one reference for all of them.  Only sessions
with the capability ``batch`` may be sent any of it.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from chatnet.model import facts
from chatnet.model.entities import Channel
from chatnet.session.render import encode, line, message_tags
from chatnet.wire import capabilities as cap
from chatnet.wire import multiline as wire

MULTILINE: Final = cap.BATCH | cap.MULTILINE
"""What one needs for messages of several lines."""

TYPE: Final = wire.TYPE.encode()
CONCAT: Final = wire.CONCAT.encode()

_DIGITS: Final = b"0123456789abcdefghijklmnopqrstuvwxyz"


class References:
    """Hands out the reference tags of this server's batches: short, and never the same one twice."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers = count(1)

    def take(self) -> bytes:
        """A new one: digits and lower-case letters."""
        number = next(self._numbers)
        digits = bytearray()
        while number:
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return bytes(reversed(digits))


def opening(source: bytes, reference: bytes, kind: bytes, *params: bytes, at: float, key: int) -> bytes:
    """``:source BATCH +reference kind params…``, a whole line; no word of it has spaces."""
    return line(b" ".join((b":%b BATCH +%b" % (source, reference), kind, *params)), at, key)


def closing(source: bytes, reference: bytes, at: float, key: int) -> bytes:
    """``:source BATCH -reference``, a whole line."""
    return line(b":%b BATCH -%b" % (source, reference), at, key)


def multiline(fact: facts.MessageSent, key: int, reference: bytes) -> bytes:
    """A message of several lines: a batch, or for who does not know it all its lines that are not blank.

    https://ircv3.net/specs/extensions/multiline#batch-types and #fallback
    """
    source = fact.by.source
    name = fact.target.source if isinstance(fact.target, Channel) else encode(fact.target.nick)
    target = fact.status.encode() + name
    head = b":%b %b %b :" % (source, fact.command.encode(), target)
    own = message_tags(fact) if key & cap.MESSAGE_TAGS else b""
    if key & MULTILINE != MULTILINE:
        return _fallback(fact, key, head, own)
    lines = [line(b":%b BATCH +%b %b %b" % (source, reference, TYPE, target), fact.at, key, fact.by, own)]
    for text, joined in fact.parts:
        tags = reference + b";" + CONCAT if joined else reference
        lines.append(b"@batch=%b %b" % (tags, line(head + encode(text), fact.at, 0)))
    lines.append(closing(source, reference, fact.at, key))
    return b"".join(lines)


def _fallback(fact: facts.MessageSent, key: int, head: bytes, own: bytes) -> bytes:
    """“Servers MUST only include a message ID on the first message of a batch when sending a fallback”.

    All other tags speak of each line as well, so each has them.
    """
    rest = fact.tags if own else b""
    lines: list[bytes] = []
    for text, _ in fact.parts:
        if text:
            lines.append(line(head + encode(text), fact.at, key, fact.by, rest if lines else own))
    return b"".join(lines)


def inside(lines: bytes, reference: bytes) -> bytes:
    """Whole lines as lines of the batch.

    What is in a batch already stays in it alone: of an inner batch, only the first and the last line get this
    reference.  https://ircv3.net/specs/extensions/batch (“Start and end messages of one batch MAY refer to
    another batch. If they do, they both MUST have batch tag”)
    """
    tag = b"batch=" + reference
    if lines.count(b"\n") == 1:
        # (Nearly all can be seen at a glance to have no such tag.)
        return lines if b"batch=" in lines and is_inside(lines) else tagged(lines, tag)
    return b"".join([text if is_inside(text) else tagged(text, tag) for text in lines.splitlines(True)])


def tagged(text: bytes, tag: bytes) -> bytes:
    """One line with one more tag (``key=value``, escaped)."""
    return b"@%b;%b" % (tag, text[1:]) if text[:1] == b"@" else b"@%b %b" % (tag, text)


def is_inside(text: bytes) -> bool:
    """True if a line made here has a batch tag."""
    if text[:1] != b"@":
        return False
    tags = text[1:].partition(b" ")[0]
    return tags.startswith(b"batch=") or b";batch=" in tags


def is_whole(lines: list[bytes]) -> bool:
    """True if `lines` are one batch, from its opening to its end, and nothing else."""
    sign, reference = _batch(lines[0])
    return (
        sign == b"+"
        and _batch(lines[-1]) == (b"-", reference)
        and all(map(is_inside, lines[1:-1]))
        and not is_inside(lines[0])
    )


def _batch(text: bytes) -> tuple[bytes, bytes]:
    """The sign and the reference of a BATCH line; two empty texts for another line."""
    words = text.split(None, 4)
    if words[0][:1] == b"@":
        del words[0]
    if len(words) > 2 and words[1] == b"BATCH":
        return words[2][:1], words[2][1:]
    return b"", b""
