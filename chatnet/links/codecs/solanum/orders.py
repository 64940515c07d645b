"""What operators have another server do; between chatnet servers only that know of such (CNORD)."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model.entities import User
from chatnet.model.server import Server


class Orders(Base):
    """CNORD and CNDID.  Words are a list in JSON, of ASCII, so that any text is a word."""

    __slots__ = ()

    def order(self, me: Server, number: int, server: Server, user: User, words: Sequence[str]) -> bytes:
        """``:<sid> CNORD <number> <sid> <uid> :["<verb>", …]``: what that user has the other server do."""
        head = (encode(me.sid), number, encode(server.sid), encode(user.uid), dumps(words).encode())
        return b":%b CNORD %d %b %b :%b" % head

    def obeyed(self, me: Server, number: int, server: Server, words: Sequence[str | float]) -> bytes:
        """``:<sid> CNDID <number> <sid> :["<word>", …]``: a part of the answer."""
        return b":%b CNDID %d %b :%b" % (encode(me.sid), number, encode(server.sid), dumps(words).encode())

    def obeyed_all(self, me: Server, number: int, server: Server, why: str | None) -> bytes:
        """``:<sid> CNDID <number> <sid> (END | NO :<why not>)``: it is done, or it is not."""
        head = b":%b CNDID %d %b " % (encode(me.sid), number, encode(server.sid))
        return head + b"END" if why is None else b"%bNO :%b" % (head, encode(why))
