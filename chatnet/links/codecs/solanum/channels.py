"""Channels: members, modes, lists, topics."""

from __future__ import annotations

from collections.abc import Iterator

from chatnet.links.codecs.solanum.base import Base
from chatnet.model.channel import Channel


class Channels(Base):
    """Channels: members, modes, lists, topics."""

    __slots__ = ()

    def channel(self, channel: Channel) -> Iterator[bytes]:
        """All that a neighbour is told of a channel when it meets it: SJOIN, lists, topic."""
        raise NotImplementedError
