"""What is to be forgotten, and how far people have read, told to the servers that store messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatnet.links.codecs.solanum import PAST
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.facts import Fact, Hearer, MarkMoved, PastErased


class PastsOut:
    """``CNERASE`` and ``CNMARK``."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {PastErased: self._erased, MarkMoved: self._mark_moved}

    def _others(self, origin: object) -> Iterable[Link]:
        return (link for link in self._links.others(origin) if link.codec.core and PAST in link.caps)

    def _erased(self, fact: PastErased, origin: object) -> None:
        for link in self._others(origin):
            link.send(link.codec.erased(self._links.node.network.me, fact))

    def _mark_moved(self, fact: MarkMoved, origin: object) -> None:
        for link in self._others(origin):
            link.send(link.codec.mark(self._links.node.network.me, fact.person, fact.spot, fact.until))
