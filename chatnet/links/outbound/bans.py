"""Bans from the network, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer


class BansOut:
    """Tells BAN."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {facts.NetworkBanned: self._banned}

    def _banned(self, fact: facts.NetworkBanned, origin: object) -> None:
        for link in self._links.others(origin):
            for text in link.codec.ban(fact.by, fact.ban):
                link.send(text)
