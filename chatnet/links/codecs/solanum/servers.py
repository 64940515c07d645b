"""Servers that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatnet.links.codecs.solanum.base import BODY, Base, encode, in_lines
from chatnet.model.entities import User
from chatnet.model.facts import Source
from chatnet.model.server import Server
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut, cut_bytes

WORD: Final = 100
"""Bytes of a word that goes on, of a question or a PING: enough for a name, and the line has room."""


class Servers(Base):
    """SID, GCAP, SQUIT."""

    __slots__ = ()

    def server(self, server: Server) -> bytes:
        """``:<uplink> SID <name> <hops> <sid> :<description>``"""
        assert server.uplink is not None
        head = b":%b SID %b %d %b :" % (
            encode(server.uplink.sid), encode(server.name), server.hops + 1, encode(server.sid),
        )  # fmt: skip
        return cut_bytes(head + encode(server.description or " "), BODY)

    def capabilities(self, server: Server) -> bytes:
        """``:<sid> ENCAP * GCAP :<tokens>``, as many as a line holds."""
        head = b":%b ENCAP * GCAP :" % encode(server.sid)
        return (in_lines(head, [encode(token) for token in sorted(server.caps)]) or [head])[0]

    def split(self, by: Server, server: Server, reason: str) -> bytes:
        """``:<sid> SQUIT <sid> :<reason>``"""
        return cut_bytes(b":%b SQUIT %b :%b" % (encode(by.sid), encode(server.sid), encode(reason)), BODY)

    def encap(self, source: Source, params: list[str]) -> bytes:
        """``:<source> ENCAP <mask> <command> <parameters> :<last>``"""
        *words, last = params
        return cut_bytes(
            b":%b ENCAP %b :%b" % (self.id_of(source), encode(" ".join(words)), encode(last)), BODY
        )

    def query(self, user: User, verb: str, params: Sequence[str], place: int, whom: Server | User) -> bytes:
        """``:<uid> VERB <parameters>``: a question; `place` is that of its server, or of somebody there."""
        words = [encode(cut(word, WORD)) for word in params]
        words[place] = self.id_of(whom)
        words[-1] = b":" + words[-1]
        return b":%b %b %b" % (encode(user.uid), verb.encode(), b" ".join(words))

    def pong(self, me: Server, asking: Source, now: float) -> bytes:
        """``@time=<now> :<sid> PONG <name> :<sid>``; others than chatnet servers are not told our time."""
        text = b":%b PONG %b :%b" % (encode(me.sid), encode(me.name), self.id_of(asking))
        return b"@%b %b" % (time_tag(now), text) if self.core else text

    def sign_of_life(self, verb: str, source: Source, name: str, wanted: Source) -> bytes:
        """``:<source> PING <name> :<sid>``, or PONG, also ``:<uid>``: one on its way to somebody."""
        name = cut(name, WORD)
        return b":%b %b %b :%b" % (self.id_of(source), verb.encode(), encode(name), self.id_of(wanted))
