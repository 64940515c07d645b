"""Bans from the network, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer


class BansOut:
    """Tells BAN; not of records, to who is fed these."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {facts.NetworkBanned: self._banned}

    def _banned(self, fact: facts.NetworkBanned, origin: object) -> None:
        for link in self._links.others(origin):
            if not (fact.ban.record and self._links.is_fed_bans(link)):
                for text in link.codec.ban(fact.by, fact.ban, fact.at):
                    link.send(text)
