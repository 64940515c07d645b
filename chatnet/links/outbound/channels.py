"""Channels and their members, told to neighbours.

Neighbours that stamp what they change are told each change with its stamp.  What one of them told is on its
way to the others already (``inbound/channels/stamped``), and marked in the registers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from chatnet.links.codecs.solanum import stamped
from chatnet.links.exchange import burst
from chatnet.links.neighbour.link import Link, State
from chatnet.links.stamps.registers import APART, register_of
from chatnet.links.tree.neighbours import MARKED, TOLD, Neighbours
from chatnet.links.tree.orphans import as_known, who_know
from chatnet.model import facts
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, Topic, User, parameters
from chatnet.model.facts import Fact, Hearer
from chatnet.model.ids import Folded
from chatnet.model.modes import RANKS, rank_letters
from chatnet.rules.stamps import Stamp
from chatnet.rules.timestamps import resolve_older

CROSSING: Final = 30.0
"""Seconds that a line to a server of another make, and its answer, may be on their way."""

Make = Callable[[Link], Iterable[bytes]]


class ChannelsOut:
    """Tells of channels, and counts their members by the links behind which they are."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.Joined: self._joined,
            facts.ChannelReset: self._channel_reset,
            facts.ChannelMerged: self._channel_merged,
            facts.Parted: self._parted,
            facts.Kicked: self._kicked,
            facts.UserQuit: self._user_quit,
            facts.UserIntroduced: self._user_introduced,
            facts.ClaimKnown: self._claim_known,
            facts.UserMoved: self._user_moved,
            facts.UserOrphaned: self._user_orphaned,
            facts.PersonChanged: self._person_changed,
            facts.SeatTaken: self._seat_taken,
            facts.SeatLeft: self._seat_left,
            facts.NetSplit: self._net_split,
            facts.ModesChanged: self._modes_changed,
            facts.EntriesAdded: self._entries_added,
            facts.ModesLocked: self._modes_locked,
            facts.TopicChanged: self._topic_changed,
            facts.Invited: self._invited,
            facts.Knocked: self._knocked,
            facts.ChannelRenamed: self._channel_renamed,
        }

    def _stamp(self, origin: object) -> Stamp | None:
        """The stamp of what happens now; None if nobody stamps, or a neighbour has done so.

        What a record told of a registered channel happened as of the stamp that is its origin.
        """
        links = self._links
        if isinstance(origin, Stamp):
            return origin if links.registers is not None else None
        if links.registers is None or origin in (MARKED, TOLD):
            return None
        if isinstance(origin, Link) and origin.stamped:
            return None
        return links.registers.clock.next(links.node.clock.time())

    def _tell(self, origin: object, make: Make, stamp: Stamp | None, core: Make | None = None) -> None:
        """Tell all but `origin` what `make` gives; those who stamp `core`, with this stamp, or nothing.

        Lines are made once for all who stamp, know the same pseudo-users, and the same modes.
        """
        lines: list[bytes] = []
        kind: object = None
        for link in self._links.others(origin):
            if not link.stamped:
                _send(link, make(link))
            elif stamp is not None:
                codec = link.codec
                if kind != (kind := (codec.virtual, codec.unknown)):
                    lines = [stamped(line, stamp) for line in (core or make)(link)]
                _send(link, lines)

    # members

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        channel = fact.channel
        for server, number in Counter([user.server for user, _ in fact.members if not user.orphan]).items():
            self._links.routes.entered(channel, server, number)
        for user, _ in fact.members:
            if user.person is not None:
                self._links.routes.sat(channel, user.person.seats)
        stamp = self._stamp(origin)
        if stamp is not None:
            self._mark_joined(fact, stamp)
        if not self._links.routes.direct:
            return
        if fact.before:
            for link in self._links.others(origin):
                _send(link, burst.channel(self._links, link, channel, fact.at, fact.msgid))
            return
        plain = not any(ranks for _, ranks in fact.members)
        me = self._links.node.network.me
        flags = frozenset(channel.flags) if fact.created else frozenset()
        values = parameters(channel) if fact.created else {}
        told = SJoin(channel.name, channel.ts, flags, values, fact.members, silent=not fact.created)

        hidden = len(fact.members) == 1 and fact.members[0][0].orphan

        def make(link: Link) -> Iterable[bytes]:
            if hidden and not link.codec.seats:
                return ()  # there they are gone with their server; who takes them over tells where they are
            if fact.created and stamp is None and self._links.registers is not None:
                return burst.channel(self._links, link, channel)  # it may have had lists and a topic before
            if fact.merged and not link.stamped:
                return ()
            if plain and not (fact.created and (link.stamped or flags)):
                return [link.codec.joined(channel, user, fact.at, fact.msgid) for user, _ in fact.members]
            return link.codec.sjoin(me, told, fact.at, fact.msgid)

        self._tell(origin, make, stamp)
        if fact.created and stamp is not None:
            self._unset(channel, origin)

    def _unset(self, channel: Channel, origin: object) -> None:
        """A server of another make has `channel` anew, with the TS of one that ended: all of that is gone."""
        network, registers = self._links.node.network, self._links.registers
        assert registers is not None
        old = network.memory.ended_of(channel.folded).get(channel.ts)
        if old is None:
            return
        network.apply(facts.ChannelForgotten(old))
        for register, mark in registers.of(old).items():
            if register not in registers.of(channel):
                registers.mark(channel, register, mark.stamp, adding=mark.adding)
        registers.reset(old)
        me, at = network.me, self._links.node.clock.time()
        flags, values = frozenset(channel.flags), parameters(channel)
        removed = resolve_older(old, SJoin(channel.name, channel.ts, flags, values, ())).removed
        if removed:
            self._modes_changed(facts.ModesChanged(channel, removed, me, at), origin)
        if old.topic is not None:
            self._topic_changed(facts.TopicChanged(channel, "", me, at), origin)
        if old.locked:
            self._modes_locked(facts.ModesLocked(channel, "", me, at), origin)

    def _mark_joined(self, fact: facts.Joined, stamp: Stamp) -> None:
        registers, channel = self._links.registers, fact.channel
        assert registers is not None
        for user, ranks in fact.members:
            registers.came(channel, user.subject, stamp)
            for letter in rank_letters(ranks):
                registers.mark(channel, f"{letter}:{user.subject}", stamp, adding=True)
        if fact.created and not fact.before:
            for register in (*channel.flags, *parameters(channel)):
                registers.mark(channel, register, stamp, adding=True)

    def _channel_reset(self, fact: facts.ChannelReset, origin: object) -> None:
        # Whoever told us may have lost the channel meanwhile, and know it from us again, with our old TS.
        me, channel, registers = self._links.node.network.me, fact.channel, self._links.registers
        if registers is not None:
            stamp = self._stamp(origin)
            if stamp is not None:
                registers.reset(channel)
                # Who was and stays an operator is so since now, though no change says it: servers that know
                # when they came believe nothing of before.
                for register in _ranks_in(channel):
                    self._mark(channel, register, stamp, adding=True)
            registers.beat(channel.folded, fact.ts, fact.old_ts)
            for link in self._links.stamped(None):
                link.send(link.codec.older(me, channel.name, fact.ts, fact.old_ts))
            if stamp is not None and fact.keeping:
                self._state_anew(channel, stamp)
        if isinstance(origin, Link) and not origin.stamped:
            told = SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)
            _send(origin, origin.codec.sjoin(me, told))

    def _state_anew(self, channel: Channel, stamp: Stamp) -> None:
        """A server of another make told of a TS of 0, which takes nothing away: so it is for all who stamp.

        To them an older channel takes all away; what is here is set again in it.
        """
        assert self._links.registers is not None
        registers = {*channel.flags, *parameters(channel), *_ranks_in(channel)}
        registers.update(f"{letter}:{folded}" for letter, each in channel.lists.items() for folded in each)
        if channel.topic is not None:
            registers.add("topic")
        if channel.locked:
            registers.add("lock")
        for register in registers:
            self._mark(channel, register, stamp, adding=True)
        for link in self._links.stamped(None):
            _send(link, burst.channel(self._links, link, channel))

    def _channel_merged(self, fact: facts.ChannelMerged, origin: object) -> None:
        self._tell(origin, lambda link: link.codec.sjoin(fact.by, fact.told), None)

    def _parted(self, fact: facts.Parted, origin: object) -> None:
        self._left(fact.channel, fact.user, origin, lambda link: [link.codec.parted(fact)])

    def _kicked(self, fact: facts.Kicked, origin: object) -> None:
        me = self._links.node.network.me
        self._left(
            fact.channel, fact.user, origin, lambda link: [link.codec.kicked(as_known(fact, link, me))]
        )

    def _left(self, channel: Channel, user: User, origin: object, make: Make) -> None:
        if not user.orphan:
            self._links.routes.left(channel, user.server)
        self._links.routes.rose(channel, user.seats)
        stamp = self._stamp(origin)
        if stamp is not None and self._links.registers is not None:
            self._links.registers.left(channel, user.subject, stamp)
        if user.orphan:  # as where they come in
            self._tell(origin, lambda link: make(link) if link.codec.seats else (), stamp)
        else:
            self._tell(origin, make, stamp)

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        for channel in fact.user.channels:
            if not fact.user.orphan:
                self._links.routes.left(channel, fact.user.server)
            self._links.routes.rose(channel, fact.user.seats)
        self._forget((fact.user,))

    def _user_introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        self._is_person(fact.user, fact.user.uid)

    def _claim_known(self, fact: facts.ClaimKnown, origin: object) -> None:
        self._is_person(fact.user, fact.uid)

    def _is_person(self, user: User, uid: str) -> None:
        if self._links.registers is not None and user.person is not None:
            self._settle(user, self._links.registers.is_person(uid, user.person.key))

    def _settle(self, user: User, names: Iterable[Folded]) -> None:
        """Have somebody be in channels of these names as is noted of them.

        It was noted of them by another UID, and may be later than what they are there by.
        """
        registers, node = self._links.registers, self._links.node
        assert registers is not None
        me, now, subject = node.network.me, node.clock.time(), user.subject
        for folded in sorted(names):
            channel = node.network.channels.get(folded)
            if channel is None or user not in channel.members:
                continue
            there = registers.members(folded).get(subject)
            if there is not None and not there.adding:
                node.commit(facts.Kicked(channel, user, me, APART, now), there.stamp)
                continue
            for letter, rank in RANKS.items():
                mark = registers.known(channel, f"{letter}:{subject}")
                if mark is None or mark.adding is bool(channel.members[user] & rank):
                    continue
                if registers.gives(channel, letter, subject, mark.stamp):
                    change = facts.ModeChange(mark.adding, letter, None, user)
                    node.commit(facts.ModesChanged(channel, (change,), me, now), mark.stamp)

    def _user_moved(self, fact: facts.UserMoved, origin: object) -> None:
        self._is_person(fact.user, fact.uid)
        user, routes = fact.user, self._links.routes
        for channel in user.channels:
            if not fact.old_person.orphan:
                routes.left(channel, fact.old_server)
            routes.rose(channel, fact.old_person.seats)
            routes.entered(channel, fact.server)
            routes.sat(channel, fact.person.seats)
        for link in self._links.neighbours():
            if not link.codec.seats:  # the user is a new one there
                for channel, ranks in user.channels.items():
                    _send(link, burst.member(self._links, link, channel, user, ranks))

    def _person_changed(self, fact: facts.PersonChanged, origin: object) -> None:
        user, old, routes = fact.user, fact.old, self._links.routes
        for channel in user.channels:
            routes.rose(channel, () if old is None else old.seats)
            routes.sat(channel, user.seats)
        before = user.uid if old is None else old.key
        if self._links.registers is not None and before != user.subject:
            self._settle(user, self._links.registers.became(before, user.subject))

    def _user_orphaned(self, fact: facts.UserOrphaned, origin: object) -> None:
        for channel in fact.user.channels:
            self._links.routes.left(channel, fact.user.server)

    def _seat_taken(self, fact: facts.SeatTaken, origin: object) -> None:
        for channel in fact.user.channels:
            self._links.routes.sat(channel, (fact.server,))

    def _seat_left(self, fact: facts.SeatLeft, origin: object) -> None:
        for channel in fact.user.channels:
            self._links.routes.rose(channel, (fact.server,))

    def _net_split(self, fact: facts.NetSplit, origin: object) -> None:
        for user in fact.users:
            if user.person is not None:
                for channel in user.channels:
                    self._links.routes.rose(channel, user.person.seats)
        self._forget(fact.users)

    def _forget(self, users: Collection[User]) -> None:
        registers = self._links.registers
        if registers is None:
            return
        gone: dict[Channel, set[str]] = {}
        for user in users:
            for channel in user.channels:
                gone.setdefault(channel, set()).add(user.subject)
        for channel, subjects in gone.items():
            registers.forget_members(channel, subjects)
            registers.lost(channel)
        network, claims = self._links.node.network, self._links.claims
        for user in users:
            key = user.subject
            if user.person is not None and key not in network.persons and not claims.of(key):
                registers.forget_person(key, user.channels)

    # modes, lists, topics

    def _modes_changed(self, fact: facts.ModesChanged, origin: object) -> None:
        stamp = self._stamp(origin)
        if stamp is not None:
            if isinstance(origin, Link):
                self._tell_again(fact, origin)
            for change in fact.changes:
                self._mark(
                    fact.channel,
                    register_of(self._links.node.network.fold, change),
                    stamp,
                    adding=change.adding,
                )

        me = self._links.node.network.me

        def make(link: Link) -> Iterable[bytes]:
            return () if fact.merged and not link.stamped else link.codec.modes(as_known(fact, link, me))

        self._tell(origin, make, stamp)

    def _tell_again(self, fact: facts.ModesChanged, origin: Link) -> None:
        """Tell a server of another make what holds of that which it changed, where it may not know it."""
        links, channel = self._links, fact.channel
        crossed = [c for c in fact.changes if self._crosses(channel, register_of(links.node.network.fold, c))]
        if crossed:
            me, at = links.node.network.me, links.node.clock.time()
            _send(origin, origin.codec.modes(facts.ModesChanged(channel, tuple(crossed), me, at)))

    def _crosses(self, channel: Channel, register: str) -> bool:
        """Whether another server may hear of the change before this one after it, and undo this."""
        registers = self._links.registers
        if registers is None:
            return False
        mark = registers.known(channel, register)
        present = max(registers.clock.ms, int(self._links.node.clock.time() * 1000))
        return mark is not None and mark.stamp.ms > present - CROSSING * 1000

    def _mark(self, channel: Channel, register: str, stamp: Stamp, *, adding: bool) -> None:
        assert self._links.registers is not None
        self._links.registers.mark(channel, register, stamp, adding=adding)

    def _entries_added(self, fact: facts.EntriesAdded, origin: object) -> None:
        stamp = self._stamp(origin)
        if stamp is not None:
            for entry in fact.entries:
                folded = self._links.node.network.fold(entry.mask)
                self._mark(fact.channel, f"{fact.letter}:{folded}", stamp, adding=True)
        # A server alone may say so; each entry tells who set it.
        by = self._links.node.network.me if isinstance(fact.by, User) else fact.by

        def make(link: Link) -> Iterable[bytes]:
            return link.codec.entries(by, fact.channel, fact.letter, fact.entries, fact.at, fact.msgid)

        self._tell(origin, make, stamp)

    def _modes_locked(self, fact: facts.ModesLocked, origin: object) -> None:
        stamp = self._stamp(origin)
        if stamp is not None:
            self._mark(fact.channel, "lock", stamp, adding=bool(fact.letters))

        def make(link: Link) -> Iterable[bytes]:
            knows = link.stamped or "MLOCK" in link.caps
            return [link.codec.locked(fact.channel, fact.by, fact.letters)] if knows else ()

        self._tell(origin, make, stamp)

    def _topic_changed(self, fact: facts.TopicChanged, origin: object) -> None:
        stamp, channel, me = self._stamp(origin), fact.channel, self._links.node.network.me
        if stamp is not None:
            if isinstance(origin, Link) and self._crosses(channel, "topic"):
                again = facts.TopicChanged(channel, fact.text, me, fact.at)
                _send(origin, [origin.codec.topic(again)])
            self._mark(channel, "topic", stamp, adding=bool(fact.text))
        topic = channel.topic or Topic("", fact.by.mask, int(fact.at))
        self._tell(
            origin,
            lambda link: [link.codec.topic(as_known(fact, link, me))],
            stamp,
            lambda link: [link.codec.topic_of(fact.by, channel, topic, fact.at, fact.msgid)],
        )

    # asking in, and to be let in

    def _invited(self, fact: facts.Invited, origin: object) -> None:
        me, way = self._links.node.network.me, self._links.way_to(fact.user)
        if way is not None:
            # From the invited one's side it comes as INVITED, which goes on by itself.
            for link in who_know(fact.by, () if way is origin else (way,)):
                link.send(link.codec.invited(fact))
            return
        for link in self._links.others(None):
            link.send(link.codec.invited_by(me, fact))

    def _knocked(self, fact: facts.Knocked, origin: object) -> None:
        for link in who_know(fact.user, self._links.ways_to(fact.channel, origin)):
            if "KNOCK" in link.caps:
                link.send(link.codec.knocked(fact))

    # names

    def _channel_renamed(self, fact: facts.ChannelRenamed, origin: object) -> None:
        me, routes, registers = self._links.node.network.me, self._links.routes, self._links.registers
        stamp = self._stamp(origin)
        if registers is not None:
            old = self._links.node.network.fold(fact.old)
            registers.renamed(fact.channel, old)
            for link in self._links.stamped(None):
                if link.state is State.INTRODUCED:
                    link.companions.renamed[old, fact.channel.ts] = fact.channel
            if stamp is not None:
                registers.mark(fact.channel, "name", stamp, adding=True)
        self._tell(
            origin,
            lambda link: link.codec.renamed(me, fact, routes.members_beyond(link, fact.channel)),
            stamp,
        )


def _ranks_in(channel: Channel) -> set[str]:
    """The registers of all ranks that members have."""
    return {
        f"{letter}:{user.subject}"
        for user, ranks in channel.members.items()
        for letter in rank_letters(ranks)
    }


def _send(link: Link, lines: Iterable[bytes]) -> None:
    for text in lines:
        link.send(text)
