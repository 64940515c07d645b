"""What was said while servers were apart, and who asks for it; between chatnet servers only.

A message travels as the line that clients read, with its id, its time and the UID of its author as tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatnet.links.codecs.solanum.base import LONG, Base, encode
from chatnet.model.past import Record, Redaction
from chatnet.model.server import Server
from chatnet.wire.multiline import CONCAT, TYPE
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut_bytes

AUTHOR: Final = "chatnet/uid"
"""The tag with the UID of who said it; never sent to clients."""


class History(Base):
    """CNHIST and CNHR."""

    __slots__ = ()

    def question(
        self, me: Server, number: int, server: Server, name: str, since: float, most: int,
        until: float, tally: str,
    ) -> bytes:  # fmt: skip
        """``:<sid> CNHIST <number> <sid> latest <channel> timestamp=<since> <most> <until> <tally>``

        The newest messages, at most so many.  If the `tally` of those between the two times is the same
        there, only later ones are wanted.
        """
        return b":%b CNHIST %d %b latest %b timestamp=%b %d %b %b" % (
            encode(me.sid), number, encode(server.sid), encode(name), _stamp(since), most, _stamp(until),
            tally.encode(),
        )  # fmt: skip

    def answer(self, me: Server, number: int, asker: Server, count: int, text: bytes) -> bytes:
        """``:<sid> CNHR <number> <sid> <count> :<line>``: a line of the message `count` of the answer."""
        head = b":%b CNHR %d %b %d :" % (encode(me.sid), number, encode(asker.sid), count)
        return cut_bytes(head + text, LONG)

    def end_of_answer(self, me: Server, number: int, asker: Server, how: str) -> bytes:
        """``:<sid> CNHR <number> <sid> END``, or ``NO``: it will not be answered."""
        return b":%b CNHR %d %b %b" % (encode(me.sid), number, encode(asker.sid), how.encode())

    def forwarded(self, source: Server, verb: str, params: Sequence[str]) -> bytes:
        """A question or a part of an answer on its way."""
        *words, last = map(encode, params)
        return b":%b %b %b :%b" % (encode(source.sid), verb.encode(), b" ".join(words), last)


def lines_of(record: Record, name: str, reference: int) -> list[bytes]:
    """A message to the channel `name`, as lines: one, or a batch under `reference`."""
    target = (record.status.encode() or b"=") + encode(name) if record.ranks else encode(name)
    tags = [*_tags(record), *([record.tags] if record.tags else ())]
    head = b":%b %b %b" % (record.source, record.command.encode(), target)
    if not record.parts:
        body = head if record.command == "TAGMSG" else b"%b :%b" % (head, encode(record.text))
        return [b"@%b %b" % (b";".join(tags), body)]
    opening = b":%b BATCH +%d %b %b" % (record.source, reference, TYPE.encode(), target)
    return [
        b"@%b %b" % (b";".join(tags), opening),
        *(
            b"@batch=%d%b %b :%b" % (reference, b";" + CONCAT.encode() if joined else b"", head, encode(text))
            for text, joined in record.parts
        ),
        b":%b BATCH -%d" % (record.source, reference),
    ]


def line_of(redaction: Redaction, name: str) -> bytes:
    """``@time=…;msgid=…;chatnet/uid=… :<source> REDACT <channel> <msgid> :<reason>``"""
    return b"@%b :%b REDACT %b %b :%b" % (
        b";".join(_tags(redaction)), redaction.source, encode(name), encode(redaction.redacted),
        encode(redaction.reason),
    )  # fmt: skip


def _tags(said: Record | Redaction) -> list[bytes]:
    author = [b"%b=%b" % (AUTHOR.encode(), encode(said.uid))] if said.uid else []
    return [time_tag(said.at), b"msgid=" + encode(said.msgid), *author]


def _stamp(at: float) -> bytes:
    return time_tag(at).removeprefix(b"time=")
