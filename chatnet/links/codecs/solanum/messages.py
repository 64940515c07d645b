"""What users say to each other."""

from __future__ import annotations

from chatnet.links.codecs.solanum.base import Base


class Messages(Base):
    """What users say to each other."""

    __slots__ = ()
