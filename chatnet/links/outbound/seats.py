"""Which servers have sessions of people of other servers, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.facts import Fact, Hearer, PersonChanged, SeatLeft, SeatTaken


class SeatsOut:
    """``CNSEAT`` and ``CNPERSON``."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {
            SeatTaken: self._changed,
            SeatLeft: self._changed,
            PersonChanged: self._person_changed,
        }

    def _changed(self, fact: SeatTaken | SeatLeft, origin: object) -> None:
        taken = isinstance(fact, SeatTaken)
        for link in self._links.others(origin):
            if link.codec.seats:
                link.send(link.codec.seat(fact.user, fact.server, fact.stamp, taken=taken))

    def _person_changed(self, fact: PersonChanged, origin: object) -> None:
        for link in self._links.others(origin):
            if link.codec.seats:
                link.send(link.codec.became(fact.user))
