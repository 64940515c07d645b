"""What people and channels say of themselves; between chatnet servers only."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model.entities import User
from chatnet.model.metadata import Target, Word
from chatnet.model.server import Server
from chatnet.rules.stamps import stamp_of

METADATA: Final = "CNMETA"
"""The token of a server that knows the verb of that name."""
EVERYTHING: Final = "*"
"""In the place of key and stamp: what was known counts no more."""


class Metadata(Base):
    """CNMETA."""

    __slots__ = ()

    def word(self, me: Server, target: Target, key: str, word: Word) -> bytes:
        """``:<sid> CNMETA <uid or channel> <TS> <key> <stamp> [:<value>]``; without a value it is not set."""
        line = b"%b %b %b" % (self._about(me, target), key.encode(), stamp_of(word.stamp).text.encode())
        return line if word.value is None else b"%b :%b" % (line, encode(word.value))

    def anew(self, me: Server, target: Target) -> bytes:
        """``:<sid> CNMETA <uid or channel> <TS> * *``: what follows is all that there is."""
        return self._about(me, target) + b" * *"

    @staticmethod
    def _about(me: Server, target: Target) -> bytes:
        name, ts = (target.uid, target.nick_ts) if isinstance(target, User) else (target.name, target.ts)
        return b":%b CNMETA %b %d" % (encode(me.sid), encode(name), ts)
