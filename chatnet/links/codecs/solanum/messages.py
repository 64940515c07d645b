"""What users say to each other, and what servers tell them."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model import facts
from chatnet.model.entities import Channel
from chatnet.model.server import Server
from chatnet.wire.multiline import CONCAT, TYPE
from chatnet.wire.server_time import time_tag

MOST_LINES: Final = 100
"""Lines of a message of several lines, between chatnet servers; one of more comes line by line."""
MOST_BYTES: Final = 40960
"""Bytes of its text."""

TAGS_ABROAD: Final = 28
"""Client-only tags that go to other servers: they read 30, and two are ours."""

_ABROAD: Final = {"@": b"@", "%": b"@", "+": b"+"}
"""Prefixes of STATUSMSG as servers without other ranks know them; their half-operators are operators."""


class Messages(Base):
    """What users say to each other, and what servers tell them."""

    __slots__ = ()

    def message(self, fact: facts.MessageSent, reference: bytes = b"") -> list[bytes]:
        """``@time=…;msgid=…;+tags :<uid> PRIVMSG <target> :<text>``, NOTICE, TAGMSG; none if it is unknown.

        A text of several lines is a batch under `reference` for a chatnet server, and for others its lines
        that are not blank, the first with the id.
        """
        target = self._target(fact)
        if target is None:
            return []
        source = self.id_of(fact.by)
        if fact.command == "TAGMSG":
            if not self._hears_tags(fact.tags):
                return []
            return [self._tagged(b":%b TAGMSG %b" % (source, target), fact.at, fact.msgid, fact.tags)]
        head = b":%b %b %b :" % (source, fact.command.encode(), target)
        if not fact.parts:
            return [self._tagged(head + encode(fact.text), fact.at, fact.msgid, fact.tags)]
        if self.core and len(fact.parts) <= MOST_LINES and len(encode(fact.text)) <= MOST_BYTES:
            opening = b":%b BATCH +%b %b %b" % (source, reference, TYPE.encode(), target)
            return [
                self._tagged(opening, fact.at, fact.msgid, fact.tags),
                *(
                    b"@batch=%b%b %b%b"
                    % (reference, b";" + CONCAT.encode() if joined else b"", head, encode(text))
                    for text, joined in fact.parts
                ),
                b":%b BATCH -%b" % (source, reference),
            ]
        texts = [encode(text) for text, _ in fact.parts if text]
        return [
            self._tagged(head + text, fact.at, "" if index else fact.msgid, fact.tags)
            for index, text in enumerate(texts)
        ]

    def redaction(self, fact: facts.MessageRedacted) -> list[bytes]:
        """``:<uid> REDACT <target> <msgid> :<reason>``, in an ENCAP for who does not know it."""
        target = self._target(fact)
        if target is None:
            return []
        head = b":%b REDACT" if self.core else b":%b ENCAP * REDACT"
        body = b"%b %b %b :%b" % (
            head % self.id_of(fact.by), target, encode(fact.redacted), encode(fact.reason),
        )  # fmt: skip
        return [self._tagged(body, fact.at, fact.msgid, b"")]

    def broadcast(self, fact: facts.BroadcastSent) -> list[bytes]:
        """``:<uid> PRIVMSG $$<mask> :<text>``, NOTICE, or TAGMSG."""
        head = b":%b %b %b" % (self.id_of(fact.by), fact.command.encode(), encode(fact.mask))
        if fact.command == "TAGMSG":
            return [self._tagged(head, fact.at, fact.msgid, fact.tags)] if self._hears_tags(fact.tags) else []
        return [self._tagged(b"%b :%b" % (head, encode(fact.text)), fact.at, fact.msgid, fact.tags)]

    def wallops(self, fact: facts.WallopsSent) -> bytes:
        """``:<uid> WALLOPS :<text>``, or OPERWALL."""
        verb = b"OPERWALL" if fact.for_opers else b"WALLOPS"
        return self._tagged(b":%b %b :%b" % (self.id_of(fact.by), verb, encode(fact.text)), fact.at, "", b"")

    def server_notice(self, by: Server, fact: facts.ServerNotice) -> bytes:
        """``:<sid> ENCAP * SNOTE <letter> :<text>``"""
        return self.fit(
            b":%b ENCAP * SNOTE %b :%b"
            % (self.id_of(by), fact.letter.encode(), encode(fact.public or fact.text))
        )

    def numeric(self, fact: facts.NumericSent) -> bytes:
        """``:<sid> <3 digits> <uid> <parameters> :<text>``"""
        return self.fit(
            b":%b %b %b %b"
            % (encode(fact.by.sid), fact.code.encode(), encode(fact.user.uid), encode(fact.text))
        )

    def _hears_tags(self, tags: bytes) -> bool:
        """Whether a TAGMSG means anything there: without client-only tags it does here alone."""
        return self.core or (self.tags and bool(tags))

    def _target(self, fact: facts.MessageSent | facts.MessageRedacted) -> bytes | None:
        """The channel, perhaps with a prefix (``=`` for mode z), or the UID; None if it has no word."""
        target = fact.target
        if not isinstance(target, Channel):
            return encode(target.uid)
        if not fact.ranks:
            return target.source
        prefix: bytes | None = fact.status.encode() or b"="
        if not self.core:
            if "CHW" not in self.caps or (not fact.status and "EOPMOD" not in self.caps):
                return None
            prefix = _ABROAD.get(fact.status) if fact.status else b"="
        return prefix + target.source if prefix is not None else None

    def _tagged(self, body: bytes, at: float, msgid: str, tags: bytes) -> bytes:
        """A line as long as the neighbour reads it, and with tags if it knows any."""
        body = self.fit(body)
        if not self.tags:
            return body
        words = [time_tag(at)]
        if msgid:
            words.append(b"msgid=" + msgid.encode())
        if tags:
            words.append(tags if self.core else b";".join(tags.split(b";", TAGS_ABROAD)[:TAGS_ABROAD]))
        return b"@%b %b" % (b";".join(words), body)
