"""Who is not seen by all in a channel (modes x and D): what people are told when that changes.

In a channel that hides somebody those without a rank read nothing of them, until they speak in it (D), or
have a rank.  Whoever sees more or less than before is told in words that every client knows: JOIN and PART of
others, NAMES, or, where many vanish, a PART and a JOIN of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from chatnet.delivery.audience import Groups, add, select
from chatnet.delivery.index import Index
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Source
from chatnet.model.modes import RANKS
from chatnet.node import Node
from chatnet.session import names, render
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap

MANY: Final = 20
"""So many who are seen at once are listed (NAMES); of fewer a JOIN each is told."""
REASON: Final = "Not seen here any more"
"""Of the PART of who has no rank in an auditorium any more, and of one's own where others are not seen."""

Receive = Callable[[Session, Channel], None]
"""Tells a session what it reads after its JOIN."""


class Veils:
    """A part of delivery."""

    def __init__(self, node: Node, index: Index) -> None:
        self._node = node
        self._index = index

    # what somebody does by whom they are seen

    def speaks(self, channel: Channel, fact: facts.MessageSent | facts.MessageRedacted) -> Groups | None:
        """Somebody says something in a channel: who hears it.  By that they are seen, but not by a tag."""
        by = fact.by
        if isinstance(by, User) and channel.hides(by):
            if fact.command == "TAGMSG":
                return self._index.seeing(channel, by)
            self.acts(channel, by, fact.at)
        return self._index.channels.get(channel)

    def acts(self, channel: Channel, by: Source, at: float) -> None:
        """Somebody does what all read: who has come in silently is seen from now on."""
        if isinstance(by, User) and channel.hides(by):
            self._node.network.apply(facts.MemberSpoke(channel, by))
            if not channel.hides(by):
                self.show(channel, by, at, self._index.without_rank(channel, by))

    def show(self, channel: Channel, user: User, at: float, groups: Groups) -> None:
        """Their JOIN, to those who had not seen them."""

        def joined(fact: object, key: int) -> bytes:
            return render.joined(user, channel, at, key)

        def away(fact: object, key: int) -> bytes:
            return render.away_changed(user, at, key)

        mask = cap.SERVER_TIME | user.tagged
        self._index.fan(groups, mask | cap.EXTENDED_JOIN, joined, None)
        if user.away is not None:
            self._index.fan(select(groups, having=cap.AWAY_NOTIFY), mask, away, None)

    # modes

    def lift(self, fact: facts.ModesChanged) -> None:
        """Before a change of modes is told: those whom it brings to light, and speaks of, are there."""
        channel, veil = fact.channel, fact.channel.veil
        if veil is None or not veil.shown or channel not in self._index.channels:
            return
        before = self._ranks_before(fact)
        readers = [user for user, ranks in self._index.inside(channel) if not before.get(user, ranks)]
        for user in veil.shown:
            if len(veil.shown) <= MANY or user in before:
                self.show(channel, user, fact.at, self._groups(readers, user))

    def drop(self, fact: facts.ModesChanged, receive: Receive) -> None:
        """After it is told: those whom it hides are gone, and who has or lost a rank sees more, or less."""
        channel, veil = fact.channel, fact.channel.veil
        if veil is None or channel not in self._index.channels:
            return
        before, many = self._ranks_before(fact), len(veil.shown) > MANY
        hall = len(veil.veiled) > 1 and any(each.adding and each.letter == "x" for each in fact.changes)
        for user, ranks in self._index.inside(channel):
            had = before.get(user, ranks)
            if ranks:
                if not had and (veil.hidden or many):
                    self._list(user, channel)
            elif hall or (had and veil.hidden):
                self._begin_anew(user, channel, fact.at, receive)
            else:
                for gone in veil.veiled:
                    self._conceal(channel, user, gone, fact.at)
                if many:
                    self._list(user, channel)
        veil.shown, veil.veiled = [], []

    @staticmethod
    def _ranks_before(fact: facts.ModesChanged) -> dict[User, int]:
        """Members whose ranks have changed, and the ranks that they had."""
        before: dict[User, int] = {}
        for change in reversed(fact.changes):
            user = change.user
            if user is not None and change.letter in RANKS:
                ranks = before.get(user, fact.channel.members.get(user, 0))
                rank = RANKS[change.letter]
                before[user] = ranks & ~rank if change.adding else ranks | rank
        return before

    def _groups(self, users: Iterable[User], but: User) -> Groups:
        groups: Groups = {}
        for user in users:
            if user is not but:
                for session in self._index.users[user]:
                    add(groups, session)
        return groups

    def _conceal(self, channel: Channel, reader: User, gone: User, at: float) -> None:
        if gone is not reader:
            fact = facts.Parted(channel, gone, REASON, at)
            self._index.tell(self._index.users[reader], render.parted, fact)

    # splits

    def rejoining(self, channel: Channel, user: User, ranks: int, shadow: User, at: float) -> None:
        """Somebody is back in a channel: seen as they were when they were lost, but for their ranks."""
        if not channel.hides(shadow):
            self._node.network.apply(facts.MemberSpoke(channel, user))
        elif ranks:
            self.show(channel, user, at, self._index.without_rank(channel, user))

    def rejoined(self, channel: Channel, user: User, shadow: User, at: float) -> None:
        """What was told of their ranks may have been the last that many read of them."""
        if channel.hides(user) and not channel.hides(shadow):
            for reader, ranks in self._index.inside(channel):
                if not ranks:
                    self._conceal(channel, reader, user, at)

    def show_anew(self, channel: Channel, at: float, receive: Receive) -> None:
        """All members see who is there from now on."""
        veil = channel.veil
        if veil is not None and (veil.hidden or veil.shown or veil.veiled):
            veil.shown, veil.veiled = [], []
            for user, _ in self._index.inside(channel):
                self._begin_anew(user, channel, at, receive)

    def _begin_anew(self, user: User, channel: Channel, at: float, receive: Receive) -> None:
        """As if they left, and came in again: many whom they saw are not seen any more."""
        parted: Any = facts.Parted(channel, user, REASON, at)
        for session in self._index.users[user]:
            session.outlet.send(self._index.fit(render.parted(parted, session.caps)))
            session.outlet.send(self._index.fit(render.joined(user, channel, at, session.caps)))
            receive(session, channel)
            session.hand_over()

    def _list(self, user: User, channel: Channel) -> None:
        for session in self._index.users[user]:
            names.show_names(session, channel)
            session.hand_over()
