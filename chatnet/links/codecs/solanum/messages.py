"""What users say to each other, and what servers tell them."""

from __future__ import annotations

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model import facts


class Messages(Base):
    """What users say to each other, and what servers tell them."""

    __slots__ = ()

    def numeric(self, fact: facts.NumericSent) -> bytes:
        """``:<sid> <3 digits> <uid> <parameters> :<text>``"""
        return self.fit(
            b":%b %b %b %b"
            % (encode(fact.by.sid), fact.code.encode(), encode(fact.user.uid), encode(fact.text))
        )
