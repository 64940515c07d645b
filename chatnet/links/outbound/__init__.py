"""Facts as neighbours read them: each told once to every link that needs it, and never back to its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatnet.links.outbound.bans import BansOut
from chatnet.links.outbound.channels import ChannelsOut
from chatnet.links.outbound.messages import MessagesOut
from chatnet.links.outbound.metadata import MetadataOut
from chatnet.links.outbound.pasts import PastsOut
from chatnet.links.outbound.seats import SeatsOut
from chatnet.links.outbound.servers import ServersOut
from chatnet.links.outbound.users import UsersOut
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.events import EVENTS
from chatnet.model.facts import Fact, Hearer
from chatnet.node import Observer


class Outbound:
    """An observer of all that neighbours hear."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._hears = _together(
            (
                Named(links),
                ServersOut(links),
                UsersOut(links),
                ChannelsOut(links),
                MessagesOut(links),
                BansOut(links),
                MetadataOut(links),
                PastsOut(links),
                SeatsOut(links),
            )
        )

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What neighbours are told of, and what is kept for them; nothing while there is neither."""
        return self._hears if self._links.routes.direct or self._links.registers is not None else {}


class Named:
    """Has all events named that neighbours are told of next."""

    def __init__(self, links: Neighbours) -> None:
        self._ids = links.node.event_ids
        self.hears: Mapping[type[Fact], Hearer] = dict.fromkeys(EVENTS, self._name)

    def _name(self, fact: Fact, origin: object) -> None:
        self._ids.of(fact, origin)


def _together(tellers: Sequence[Observer]) -> Mapping[type[Fact], Hearer]:
    """Kind of fact → who tells it, or one after the other if several have to do with it."""
    found: dict[type[Fact], list[Hearer]] = {}
    for teller in tellers:
        for kind, hear in teller.hears.items():
            found.setdefault(kind, []).append(hear)
    return {kind: several[0] if len(several) == 1 else _all(several) for kind, several in found.items()}


def _all(several: Sequence[Hearer]) -> Hearer:
    def hear(fact: Fact, origin: object) -> None:
        for one in several:
            one(fact, origin)

    return hear
