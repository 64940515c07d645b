"""Servers that come and go, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer


class ServersOut:
    """Tells SID and SQUIT."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.ServerIntroduced: self._introduced,
            facts.NetSplit: self._split,
        }

    def _introduced(self, fact: facts.ServerIntroduced, origin: object) -> None:
        for link in self._links.others(origin):
            if link.server is not fact.server:
                link.send(link.codec.server(fact.server))
                if fact.server.caps:
                    link.send(link.codec.capabilities(fact.server))

    def _split(self, fact: facts.NetSplit, origin: object) -> None:
        routes = self._links.routes
        link = routes.direct.pop(fact.far, None)
        if link is not None:
            routes.forget(link)
            self._links.node.hearing_changed()
        else:
            routes.lost(fact.far, fact.users)
        by = self._links.node.network.me if fact.near is self._links.node.network.me else fact.near
        for link in self._links.others(origin):
            link.send(link.codec.split(by, fact.far, fact.reason))
