"""Channels and their members, told to neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from chatnet.links import link as one
from chatnet.links import links as registry
from chatnet.model import facts
from chatnet.model.channel import parameters
from chatnet.model.claims import SJoin
from chatnet.model.facts import Fact, Hearer


class ChannelsOut:
    """Tells of channels, and counts their members by the links behind which they are."""

    def __init__(self, links: registry.Links) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.Joined: self._joined,
            facts.ChannelReset: self._channel_reset,
            facts.ChannelMerged: self._channel_merged,
            facts.Parted: self._parted,
            facts.Kicked: self._kicked,
            facts.UserQuit: self._user_quit,
            facts.ModesChanged: self._modes_changed,
            facts.EntriesAdded: self._entries_added,
            facts.ModesLocked: self._modes_locked,
            facts.TopicChanged: self._topic_changed,
            facts.Invited: self._invited,
            facts.Knocked: self._knocked,
            facts.ChannelRenamed: self._channel_renamed,
        }

    # members

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        channel = fact.channel
        for server, number in Counter([user.server for user, _ in fact.members]).items():
            self._links.routes.entered(channel, server, number)
        others = [] if fact.merged else self._links.others(origin)
        if not others:
            return
        if not any(ranks for _, ranks in fact.members):
            for link in others:
                _send(link, [link.codec.joined(channel, user) for user, _ in fact.members])
            return
        flags = frozenset(channel.flags) if fact.created else frozenset()
        values = parameters(channel) if fact.created else {}
        told = SJoin(channel.name, channel.ts, flags, values, fact.members, silent=not fact.created)
        for link in others:
            _send(link, link.codec.sjoin(self._links.node.network.me, told))

    def _channel_reset(self, fact: facts.ChannelReset, origin: object) -> None:
        # Whoever told us may have lost the channel meanwhile, and know it from us again, with our old TS.
        if isinstance(origin, one.Link):
            me, channel = self._links.node.network.me, fact.channel
            told = SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)
            _send(origin, origin.codec.sjoin(me, told))

    def _channel_merged(self, fact: facts.ChannelMerged, origin: object) -> None:
        for link in self._links.others(origin):
            _send(link, link.codec.sjoin(fact.by, fact.told))

    def _parted(self, fact: facts.Parted, origin: object) -> None:
        self._links.routes.left(fact.channel, fact.user.server)
        for link in self._links.others(origin):
            link.send(link.codec.parted(fact))

    def _kicked(self, fact: facts.Kicked, origin: object) -> None:
        self._links.routes.left(fact.channel, fact.user.server)
        for link in self._links.others(origin):
            link.send(link.codec.kicked(fact))

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        for channel in fact.user.channels:
            self._links.routes.left(channel, fact.user.server)

    # modes, lists, topics

    def _modes_changed(self, fact: facts.ModesChanged, origin: object) -> None:
        if not fact.merged:
            for link in self._links.others(origin):
                _send(link, link.codec.modes(fact))

    def _entries_added(self, fact: facts.EntriesAdded, origin: object) -> None:
        for link in self._links.others(origin):
            _send(link, link.codec.entries(fact.by, fact.channel, fact.letter, fact.entries))

    def _modes_locked(self, fact: facts.ModesLocked, origin: object) -> None:
        for link in self._links.others(origin):
            if "MLOCK" in link.caps:
                link.send(link.codec.locked(fact.channel, fact.by, fact.letters))

    def _topic_changed(self, fact: facts.TopicChanged, origin: object) -> None:
        for link in self._links.others(origin):
            link.send(link.codec.topic(fact))

    # asking in, and to be let in

    def _invited(self, fact: facts.Invited, origin: object) -> None:
        me, way = self._links.node.network.me, self._links.way_to(fact.user)
        if way is not None:
            # From the invited one's side it comes as INVITED, which goes on by itself.
            if way is not origin:
                way.send(way.codec.invited(fact))
            return
        for link in self._links.others(None):
            link.send(link.codec.invited_by(me, fact))

    def _knocked(self, fact: facts.Knocked, origin: object) -> None:
        for link in self._links.ways_to(fact.channel, origin):
            if "KNOCK" in link.caps:
                link.send(link.codec.knocked(fact))

    # names

    def _channel_renamed(self, fact: facts.ChannelRenamed, origin: object) -> None:
        me = self._links.node.network.me
        for link in self._links.others(origin):
            _send(link, link.codec.renamed(me, fact, self._links.routes.members_beyond(link, fact.channel)))


def _send(link: one.Link, lines: Iterable[bytes]) -> None:
    for text in lines:
        link.send(text)
