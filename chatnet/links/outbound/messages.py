"""Messages, told to the neighbours behind which somebody hears them."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links import links as registry
from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer


class MessagesOut:
    """Tells what users and servers say: once to each link, in lines made once for each kind of neighbour."""

    def __init__(self, links: registry.Links) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.NumericSent: self._numeric_sent,
        }

    def _numeric_sent(self, fact: facts.NumericSent, origin: object) -> None:
        way = self._links.way_to(fact.user)
        if way is not None and way is not origin:
            way.send(way.codec.numeric(fact))
