"""What happens in a channel, told to its local members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chatnet.delivery.audience import Groups, add, key_of, select
from chatnet.delivery.damping import Damping
from chatnet.delivery.index import Index, Render
from chatnet.delivery.marks import MarksHere
from chatnet.delivery.netsplits import NetSplits
from chatnet.delivery.veils import Veils
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer
from chatnet.model.modes import OP, rank_letters
from chatnet.node import Node
from chatnet.session import names, render
from chatnet.session.replaying import leaves
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


class ChannelsHere:
    """Tells who comes and goes, and what a channel is like; enters members into the index."""

    def __init__(
        self,
        node: Node,
        index: Index,
        shadows: Shadows,
        netsplits: NetSplits,
        damping: Damping,
        marks: MarksHere,
        veils: Veils,
    ) -> None:
        self._node = node
        self._index = index
        self._shadows = shadows
        self._netsplits = netsplits
        self._damping = damping
        self._marks = marks
        self._veils = veils
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.Joined: self._joined,
            facts.ChannelRenamed: self._channel_renamed,
            facts.Parted: self._parted,
            facts.Kicked: self._kicked,
            facts.TopicChanged: self._topic_changed,
            facts.ModesChanged: self._modes_changed,
            facts.EntriesAdded: self._entries_added,
            facts.ChannelReset: self._channel_reset,
            facts.Invited: self._invited,
            facts.Knocked: self._knocked,
        }

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        if self._shadows.back:
            news = self._rejoined(fact)
            if news is None:
                return
            fact = news
        channel = fact.channel
        if not fact.members:
            return  # a channel that stays while it is empty
        if self._netsplits.joins:
            # Who has sessions here comes into it for them, wherever the server is that they are on.
            here, others = tuple[tuple[User, int], ...](), tuple[tuple[User, int], ...]()
            for member in fact.members:
                if member[0] in self._index.users or channel.hides(member[0]):
                    here = (*here, member)
                else:
                    others = (*others, member)
            if others and self._netsplits.tells(replace(fact, members=others) if here else fact):
                if not here:
                    return
                fact = replace(fact, members=here)
        own: list[Session] = []
        for user, _ in fact.members:
            own += self._index.users.get(user, ())
        groups = self._index.channels.get(channel)
        if groups is None:
            if not own:
                return
            groups = self._index.channels[channel] = {}
        for session in own:
            add(groups, session)
        for user, ranks in fact.members:

            def make(fact: facts.Joined, key: int, user: User = user) -> bytes:
                return render.joined(user, channel, fact.at, key, fact.msgid)

            told = groups if channel.veil is None else self._index.seeing(channel, user)
            mask = cap.SERVER_TIME | cap.EXTENDED_JOIN | user.tagged
            mask |= self._index.of_id(told, fact, origin)
            self._index.fan(told, mask, make, fact)
            if ranks and not fact.created:
                self._tell_ranks(told, fact, user, ranks)
            if user.away is not None:
                self._tell_away(told, fact.at, user)
        for session in own:
            if fact.created and not fact.before:
                flags = "".join(sorted(channel.flags)).encode()
                session.send(b":%b MODE %b +%b" % (self._node.network.me.source, channel.source, flags))
            self._receive_channel(session, channel)

    def _tell_ranks(self, groups: Groups, fact: facts.Joined, user: User, ranks: int) -> None:
        letters = rank_letters(ranks)
        me = self._node.network.me

        def make(fact: facts.Joined, key: int) -> bytes:
            return render.rank_lines(me, user, fact.channel, letters, fact.at, key)

        self._index.fan(groups, cap.SERVER_TIME, make, fact)

    def _rejoined(self, fact: facts.Joined) -> facts.Joined | None:
        """What is left to be told of a JOIN where some were lost in a split, and are back in time."""
        channel = fact.channel
        if channel.veil is None:
            return self._damping.rejoined(fact)
        back = [
            (user, ranks, shadow.user)
            for user, ranks in fact.members
            if (shadow := self._shadows.back.get(user)) is not None and channel in shadow.user.channels
        ]
        for user, ranks, before in back:
            self._veils.rejoining(channel, user, ranks, before, fact.at)
        news = self._damping.rejoined(fact)
        for user, _, before in back:
            self._veils.rejoined(channel, user, before, fact.at)
        return news

    def _tell_away(self, groups: Groups, at: float, user: User) -> None:
        def make(fact: object, key: int) -> bytes:
            return render.away_changed(user, at, key)

        own = [session.outlet for session in self._index.users.get(user, ())]
        told = select(groups, having=cap.AWAY_NOTIFY, but=own)
        self._index.fan(told, cap.SERVER_TIME | user.tagged, make, None)

    def _receive_channel(
        self, session: Session, channel: Channel, members: names.Members | None = None
    ) -> None:
        """The topic, how far they have read and who is there, after their JOIN.

        `members` is given if that is told to many at once.
        """
        if channel.topic is not None:
            names.show_topic(session, channel)
        if session.caps & cap.READ_MARKER:
            self._marks.show(session, channel)
        if session.caps & cap.NO_IMPLICIT_NAMES:  # https://ircv3.net/specs/extensions/no-implicit-names
            return
        if members is None:
            names.show_names(session, channel)
        else:
            members.show(session)

    def show(self, session: Session) -> None:
        """To one more session of somebody: the channels they are in, as if it had joined them now."""
        user, at = session.user, self._node.clock.time()
        for channel in user.channels:
            session.outlet.send(self._index.fit(render.joined(user, channel, at, session.caps)))
            self._receive_channel(session, channel)
            session.hand_over()

    def _channel_renamed(self, fact: facts.ChannelRenamed, origin: object) -> None:
        channel = fact.channel
        groups = self._index.channels.get(channel, {})
        mask = cap.SERVER_TIME | fact.by.tagged | self._index.of_id(groups, fact, origin)
        self._index.fan(groups, mask, render.channel_renamed, fact, need=cap.CHANNEL_RENAME)
        # "This fallback SHOULD NOT be used if the rename only changes the case of the channel name".
        if self._node.network.fold(fact.old) == fact.folded:
            return
        members = names.Members(channel, self._shadows)
        for user, _ in self._index.inside(channel):
            for session in self._index.users[user]:
                if not session.caps & cap.CHANNEL_RENAME:
                    session.outlet.send(self._index.fit(render.moved(fact, user, session.caps)))
                    self._receive_channel(session, channel, members)
                    session.hand_over()

    def _parted(self, fact: facts.Parted, origin: object) -> None:
        self._gone(fact, render.parted, fact.user, origin)

    def _kicked(self, fact: facts.Kicked, origin: object) -> None:
        self._veils.acts(fact.channel, fact.by, fact.at)
        self._gone(fact, render.kicked, fact.by, origin)

    def _gone(
        self, fact: facts.Parted | facts.Kicked, make: Render, by: facts.Source, origin: object
    ) -> None:
        """Somebody is in a channel no more: those read it who saw them there."""
        groups = self._index.seeing(fact.channel, fact.user)
        mask = cap.SERVER_TIME | by.tagged | self._index.of_id(groups, fact, origin)
        self._index.fan(groups, mask, make, fact)
        self._forget_member(fact.channel, fact.user)

    def _forget_member(self, channel: Channel, user: User) -> None:
        for session in self._index.users.get(user, ()):
            leaves(session, channel)
            self._index.remove(channel, session, key_of(session))

    def _topic_changed(self, fact: facts.TopicChanged, origin: object) -> None:
        if not fact.same:
            self._veils.acts(fact.channel, fact.by, fact.at)
            self._index.tell_event(fact.channel, render.topic_changed, fact, fact.by, origin)

    def _modes_changed(self, fact: facts.ModesChanged, origin: object) -> None:
        most = self._node.settings.limits.modes

        def make(fact: facts.ModesChanged, key: int) -> bytes:
            return render.modes_changed(fact, key, most)

        if fact.channel.veil is None:
            self._index.tell_event(fact.channel, make, fact, fact.by, origin)
            return
        self._veils.acts(fact.channel, fact.by, fact.at)
        self._veils.lift(fact)
        self._index.tell_event(fact.channel, make, fact, fact.by, origin)
        self._veils.drop(fact, self._receive_channel)

    def _entries_added(self, fact: facts.EntriesAdded, origin: object) -> None:
        most = self._node.settings.limits.modes

        def make(fact: facts.EntriesAdded, key: int) -> bytes:
            return render.entries_added(fact, key, most)

        self._index.tell_event(fact.channel, make, fact, fact.by, origin)

    def _channel_reset(self, fact: facts.ChannelReset, origin: object) -> None:
        me, most = self._node.network.me, self._node.settings.limits.modes

        def make(fact: facts.ChannelReset, key: int) -> bytes:
            return render.channel_reset(fact, key, me, most)

        self._index.tell_channel(fact.channel, make, fact, fact.by)
        if fact.channel.veil is not None:
            self._veils.show_anew(fact.channel, fact.at, self._receive_channel)

    def _invited(self, fact: facts.Invited, origin: object) -> None:
        self._index.tell(self._index.users.get(fact.user, ()), render.invited, fact)
        # https://ircv3.net/specs/extensions/invite-notify
        for user, ranks in self._index.inside(fact.channel):
            # Who invites has 341, and clients show that and this alike.
            if (ranks >= OP or "g" in fact.channel.flags) and user not in (fact.user, fact.by):
                told = [s for s in self._index.users[user] if s.caps & cap.INVITE_NOTIFY]
                self._index.tell(told, render.invited, fact)

    def _knocked(self, fact: facts.Knocked, origin: object) -> None:
        for user, ranks in self._index.inside(fact.channel):
            if ranks >= OP or "g" in fact.channel.flags:
                for session in self._index.users[user]:
                    session.numeric_by(fact.user, numerics.RPL_KNOCK, fact.channel.name, fact.user.mask)
