"""Copies of private messages, for the sessions that somebody has at other servers than their own."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import encode
from chatnet.links.codecs.solanum.history import PERSON
from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES, Messages
from chatnet.model.entities import Channel, User
from chatnet.model.facts import MessageCopied, MessageRedacted, MessageSent, Source
from chatnet.model.server import Server
from chatnet.wire.message import format_tags
from chatnet.wire.multiline import CONCAT
from chatnet.wire.text import byte_length

COPY: Final = "chatnet/copy"
"""The type of the batch of one of several lines."""
MASK: Final = "chatnet/mask"
"""The tag with ``nick!user@host`` of the other one of the two, who may be gone when it arrives."""
NOWHERE: Final = "*"
"""In the place of a SID: the person did not say it."""


class Copies(Messages):
    """CNCOPY."""

    __slots__ = ()

    def copy(
        self, fact: MessageCopied, to: Server, account: str | None, reference: bytes = b""
    ) -> list[bytes]:
        """``:<sid> CNCOPY <to sid> <uid> <sid|*> <author> <command> <target> [<redacted>] [:<text>]``

        `account` is that of the other one.  The second SID is where the person said it; the command PRIVMSG,
        NOTICE, TAGMSG, or REDACT, which alone has the id of what is deleted.  Several lines are a batch under
        `reference` with the same parameters, in which they stand as PRIVMSG or NOTICE of the server.
        """
        message, teller = fact.message, encode(fact.teller.sid)
        target = message.target
        assert not isinstance(target, Channel)
        said_at = NOWHERE if fact.said_at is None else fact.said_at.sid
        params = b"%b %b %b %b %b %b" % (
            encode(to.sid), encode(fact.user.uid), encode(said_at), self.id_of(message.by),
            message.command.encode(), encode(target.uid),
        )  # fmt: skip
        other = message.by if target is fact.user else target
        tags = _tags(other, account)
        if isinstance(message, MessageRedacted):
            body = b":%b CNCOPY %b %b :%b" % (
                teller, params, encode(message.redacted), encode(message.reason),
            )  # fmt: skip
            return [self._tagged(body, message.at, message.msgid, tags)]
        tags = b";".join(filter(None, (tags, message.tags)))
        if message.command == "TAGMSG":
            return [self._tagged(b":%b CNCOPY %b" % (teller, params), message.at, message.msgid, tags)]
        if not message.parts:
            body = b":%b CNCOPY %b :%b" % (teller, params, encode(message.text))
            return [self._tagged(body, message.at, message.msgid, tags)]
        return self._several(message, teller, params, tags, reference)

    def _several(
        self, message: MessageSent, teller: bytes, params: bytes, tags: bytes, reference: bytes
    ) -> list[bytes]:
        """As many lines as another server reads."""
        opening = b":%b BATCH +%b %b %b" % (teller, reference, COPY.encode(), params)
        lines = [self._tagged(opening, message.at, message.msgid, tags)]
        size = 0
        for text, joined in message.parts[:MOST_LINES]:
            size += byte_length(text)
            if size > MOST_BYTES:
                break
            head = b"@batch=%b%b" % (reference, b";" + CONCAT.encode() if joined else b"")
            lines.append(b"%b :%b %b * :%b" % (head, teller, message.command.encode(), encode(text)))
        return [*lines, b":%b BATCH -%b" % (teller, reference)]


def _tags(other: Source, account: str | None) -> bytes:
    """Who the other one of the two is, if that is a user."""
    if not isinstance(other, User):
        return b""
    told = {MASK: other.mask}
    if account is not None:
        told[PERSON] = account
    return format_tags(told).encode("utf-8", "surrogateescape")
