"""Delivery, whole: tells facts to the local clients whom they concern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.delivery.audience import key_of
from chatnet.delivery.channels import ChannelsHere
from chatnet.delivery.damping import Damping
from chatnet.delivery.index import Index
from chatnet.delivery.marks import MarksHere
from chatnet.delivery.messages import MessagesHere
from chatnet.delivery.netsplits import NetSplits
from chatnet.delivery.users import UsersHere
from chatnet.delivery.veils import Veils
from chatnet.history.marks import Marks
from chatnet.model import facts
from chatnet.model.facts import Fact, Hearer, Hearsay
from chatnet.node import Node
from chatnet.session import asked
from chatnet.session.batches import References
from chatnet.session.outlet import Turn
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap

_NOBODY: Final = Hearsay()
"""The origin of what nobody did."""


class Delivery(Index):
    """An observer of everything that people see: an index, and those who tell what by it."""

    def __init__(
        self, node: Node, turn: Turn, references: References, shadows: Shadows, marks: Marks | None
    ) -> None:
        super().__init__(node, turn)
        self._shadows = shadows
        self._netsplits = NetSplits(node, references, self)
        self._damping = Damping(node, shadows, self._tell_fact, self._netsplits.quit, self._netsplits.joins)
        marks_here = MarksHere(node, self, marks)
        veils = Veils(node, self)
        self._channels = ChannelsHere(node, self, shadows, self._netsplits, self._damping, marks_here, veils)
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.UserIntroduced: self._damping.introduced,
            facts.NetSplit: self._net_split,
            facts.NetJoinBegan: self._netsplits.begin,
            facts.NetJoinEnded: self._net_join_ended,
            **MessagesHere(node, self, references, veils).hears,
            **UsersHere(node, self, shadows, self._damping).hears,
            **self._channels.hears,
            **marks_here.hears,
        }

    # sessions

    def detach(self, session: Session) -> bool:
        """Deliver nothing more to `session`, of open batches either; True if it was the last of its user."""
        if self._netsplits.joins:
            self._netsplits.forget(session)
        return super().detach(session)

    def show_channels(self, session: Session) -> None:
        """Have `session`, which is one more of its user, see in which channels they are."""
        self._channels.show(session)

    def recap(self, session: Session, caps: int) -> None:
        """Give `session` other capabilities."""
        before = key_of(session)
        if session.caps & ~caps & cap.BATCH:
            self._netsplits.forget(session, ending=True)
        session.caps = caps
        if session.labelled is not None:
            session.labelled.caps = caps
        if session.registered:
            self.regroup(session, before)

    # servers

    def _net_split(self, fact: facts.NetSplit, origin: object) -> None:
        self._netsplits.split(fact, self._damping.split)
        for session in self.everybody():
            if session.asked is not None:
                asked.lost(session, fact.servers)

    def _net_join_ended(self, fact: facts.NetJoinEnded, origin: object) -> None:
        self._netsplits.end(fact, origin)
        if self._shadows.back:
            self._damping.joined(fact.far)

    def _tell_fact(self, fact: Fact) -> None:
        """What people are to read, though it is not quite what happened."""
        self.hears[type(fact)](fact, _NOBODY)
