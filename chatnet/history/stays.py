"""Puts into the store who is in which channel, and what becomes of channels: behind the recorder.

From when to when an account was in a channel decides what it may read of that later.  All goes into the list
of the recorder, in order with what is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.history.events import Events
from chatnet.history.recorder import Heard, Recorder
from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    AccountChanged,
    ChannelRenamed,
    ChannelReset,
    ChannelSpelled,
    Fact,
    Hearer,
    Joined,
    Kicked,
    ModesChanged,
    NetJoinEnded,
    NetSplit,
    NickChanged,
    Parted,
    RecordsTaken,
    SeatLeft,
    SeatTaken,
    SettingsChanged,
    TopicChanged,
    UserMoved,
    UserQuit,
)
from chatnet.model.ids import SID
from chatnet.model.places import Places
from chatnet.node import Node
from chatnet.storage.messages.rows import (
    APART,
    CLOSED,
    Began,
    Came,
    Ended,
    Gap,
    Kept,
    Moved,
    Row,
    Silent,
    Went,
)


class Stays:
    """An observer: knows which channels are heard here, for the `recorder`, and who is in them."""

    def __init__(self, node: Node, places: Places, recorder: Recorder) -> None:
        self._node = node
        self._places = places
        self._recorder = recorder
        self._put = recorder.put
        self._channels = recorder.channels
        self._keys: dict[User, str] = {}
        """Of members of these channels who are logged in, the keys of their accounts."""
        self.hears: Mapping[type[Fact], Hearer] = {
            Joined: self._joined,
            Parted: self._parted,
            Kicked: self._parted,
            UserQuit: self._user_quit,
            SeatTaken: self._seat_changed,
            SeatLeft: self._seat_changed,
            UserMoved: self._user_moved,
            NetSplit: self._net_split,
            NetJoinEnded: self._net_join_ended,
            AccountChanged: self._account_changed,
            NickChanged: self._nick_changed,
            TopicChanged: self._topic_changed,
            ModesChanged: self._modes_changed,
            ChannelReset: self._channel_reset,
            ChannelRenamed: self._channel_renamed,
            ChannelSpelled: self._channel_spelled,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }
        self._use()

    def _use(self) -> None:
        events = frozenset(self._node.settings.history.events)
        self._events = Events(self._places, self._node.event_ids, events)
        for heard in self._channels.values():
            self._look_how_long(heard)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._use()

    # who is there

    def joined(self, channel: Channel, user: User) -> int | None:
        """Since when a member of this server is in a channel, in milliseconds; None of who is not."""
        heard = self._channels.get(channel)
        return None if heard is None else heard.here.get(user)

    def _joined(self, fact: Joined, origin: object) -> None:
        channel, at, me = fact.channel, int(fact.at * 1000), self._node.network.me
        heard = self._channels.get(channel)
        if heard is None:
            if not any(user.is_at(me) for user, _ in fact.members):
                return
            heard = self._hear(channel, at, anew=not fact.created)
            before = channel.members.keys() - {user for user, _ in fact.members}
            for user in before:
                self._came(heard, user, at, fact.asked)
        stores = fact.asked and heard.stored and self._events.stores_joins
        for user, _ in fact.members:
            self._came(heard, user, at, fact.asked)
            if stores and not channel.hides(user):
                self._happened(self._events.joined(fact, origin, user, heard.place, heard.flags))

    def _hear(self, channel: Channel, at: int, *, anew: bool) -> Heard:
        """What is said in a channel is heard here from now on."""
        heard = self._channels[channel] = Heard(self._places.channel(channel), channel)
        self._look_how_long(heard)
        self._look_whose(heard, channel)
        self._put([Began(heard.place, channel.name, at)])
        self._keep(heard, channel, anew=anew)
        return heard

    def _came(self, heard: Heard, user: User, at: int, asked: bool) -> None:
        if user.is_at(self._node.network.me):
            heard.here[user] = at
        key = self._places.person(user)
        if key is not None:
            self._keys[user] = key
            self._stays(heard, key, user, at, asked)

    def _seat_changed(self, fact: SeatTaken | SeatLeft, origin: object) -> None:
        if fact.server is self._node.network.me:
            self._look_where(fact.user, int(fact.at * 1000))

    def _user_moved(self, fact: UserMoved, origin: object) -> None:
        self._look_where(fact.user, int(fact.at * 1000))

    def _look_where(self, user: User, at: int) -> None:
        """Somebody is here, or is no more, who goes on to be in their channels."""
        is_here = user.is_at(self._node.network.me)
        for channel in user.channels:
            heard = self._channels.get(channel)
            if is_here and heard is None:
                heard = self._hear(channel, at, anew=True)
                for member in channel.members:
                    self._came(heard, member, at, asked=False)
            elif is_here and heard is not None:
                heard.here.setdefault(user, at)
            elif heard is not None and heard.here.pop(user, None) is not None and not heard.here:
                self._not_heard(channel, heard, at)

    def _stays(self, heard: Heard, key: str, user: User, at: int, asked: bool) -> None:
        """An account is in a channel by one user more."""
        away = heard.away.pop(key, None)
        if away is not None and (asked or user.server.sid != away[1]):
            # They come back from elsewhere, or anew: what was said meanwhile they did not hear.
            self._put([Went(heard.place, key, away[0])])
            away = None
        if key not in heard.people and away is None:
            self._put([Came(heard.place, key, at)])
        heard.people[key] = heard.people.get(key, 0) + 1

    def _leaves(self, heard: Heard, key: str, at: int, sid: SID | None = None) -> None:
        """An account is in a channel by one user less; with the `sid` of who is lost with their server."""
        left = heard.people.get(key, 0) - 1
        if left > 0:
            heard.people[key] = left
            return
        heard.people.pop(key, None)
        if sid is None:
            self._put([Went(heard.place, key, at)])
        else:
            heard.away[key] = at, sid

    def _parted(self, fact: Parted | Kicked, origin: object) -> None:
        user = fact.user
        heard = None if fact.channel.hides(user) else self._recorder.heard_of(fact.channel)
        if heard is not None:
            self._happened(self._events.parted(fact, origin, heard.place, heard.flags))
        self._left(fact.channel, user, int(fact.at * 1000))
        if user in self._keys and self._channels.keys().isdisjoint(user.channels):
            del self._keys[user]

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        if self._events.stores_quits:
            for channel in fact.user.channels:
                heard = None if channel.hides(fact.user) else self._recorder.heard_of(channel)
                if heard is not None:
                    self._happened(self._events.quitted(fact, origin, heard.place, heard.flags))
        self._lost(fact.user, int(fact.at * 1000))

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        at = int(fact.at * 1000)
        for user in fact.users:
            self._lost(user, at, user.server.sid)

    def _lost(self, user: User, at: int, sid: SID | None = None) -> None:
        for channel in user.channels:
            self._left(channel, user, at, sid)
        self._keys.pop(user, None)

    def _left(self, channel: Channel, user: User, at: int, sid: SID | None = None) -> None:
        heard = self._channels.get(channel)
        if heard is None:
            return
        heard.here.pop(user, None)
        if self._keys and (key := self._keys.get(user)) is not None:
            self._leaves(heard, key, at, sid)
        if not heard.here:
            self._not_heard(channel, heard, at)

    def _not_heard(self, channel: Channel, heard: Heard, at: int) -> None:
        """The last one of this server is gone: nobody hears who comes and goes, and what is said."""
        del self._channels[channel]
        self._put([Went(heard.place, key, at) for key in heard.people])
        self._put([Went(heard.place, key, gone) for key, (gone, _) in heard.away.items()])
        self._put([Silent(heard.place, at)])
        network = self._node.network
        if network.channels.get(channel.folded) is not channel and not self._is_registered(channel):
            self._put([Ended(heard.place, at)])

    def _look_whose(self, heard: Heard, channel: Channel) -> None:
        """See whether it is the registered channel of its name; it stays so when an older one wins."""
        registration = self._node.network.registry.channels.at(channel.folded)
        is_it = registration is not None and registration.ts == channel.ts
        heard.registered = is_it or (heard.registered and registration is not None)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            registration = self._node.network.registry.channels.by_id.get(entity)
            channel = None if registration is None else self._node.network.channel(registration.name)
            if channel is not None and (heard := self._channels.get(channel)) is not None:
                self._look_whose(heard, channel)

    def _is_registered(self, channel: Channel) -> bool:
        return self._node.network.registry.channels.at(channel.folded) is not None

    def _net_join_ended(self, fact: NetJoinEnded, origin: object) -> None:
        """Who was lost with a server that is back, and is not in the channel any more, has left it."""
        servers = self._node.network.servers
        for heard in self._channels.values():
            for key, (at, sid) in list(heard.away.items()):
                server = servers.get(sid)
                if server is not None and server.is_behind(fact.far):
                    del heard.away[key]
                    self._put([Went(heard.place, key, at)])

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user, at = fact.user, int(fact.at * 1000)
        before, now = self._keys.pop(user, None), self._places.person(user)
        if before == now:
            if now is not None:
                self._keys[user] = now
            return
        for channel in user.channels:
            heard = self._channels.get(channel)
            if heard is None:
                continue
            if before is not None:
                self._leaves(heard, before, at)
            if now is not None:
                self._keys[user] = now
                self._stays(heard, now, user, at, asked=True)
            if user in heard.here:
                heard.here[user] = at  # what they heard as somebody else is not theirs

    # what becomes of channels

    def _nick_changed(self, fact: NickChanged, origin: object) -> None:
        for channel in fact.user.channels:
            heard = None if channel.hides(fact.user) else self._recorder.heard_of(channel)
            if heard is not None:
                self._happened(self._events.nick_changed(fact, origin, heard.place, heard.flags))

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        heard = self._channels.get(fact.channel)
        if heard is None:
            return
        flags, stored = heard.flags, heard.stored
        heard.look_at(fact.channel)
        self._keep(heard, fact.channel)
        if stored or heard.stored:
            # Told behind closed doors are the key that closes them, and the last word before they open.
            self._happened(self._events.modes_changed(fact, origin, heard.place, flags | heard.flags))

    def _topic_changed(self, fact: TopicChanged, origin: object) -> None:
        heard = self._recorder.heard_of(fact.channel)
        if heard is not None and not fact.same:
            self._happened(self._events.topic_changed(fact, origin, heard.place, heard.flags))

    def _happened(self, row: Row | None) -> None:
        if row is not None:
            self._put([row])

    def _channel_reset(self, fact: ChannelReset, origin: object) -> None:
        """An older channel of the name wins.

        What was said in this one is its past from now on, unless it was said behind closed doors: who is in
        the older one never was to hear it.  Nor has anybody who was in this one heard what was said in that:
        they are there from now on.  The registered channel of the name takes all of its past along, and who
        was there when; but what was said in it behind closed doors is told to no other server, on which those
        may be who were in the older one then, and what was said so in that one is not taken in from others.
        One that somebody made who did not know of that is as any other.
        """
        heard, channel = self._channels.get(fact.channel), fact.channel
        if heard is None:
            return
        before, heard.place = heard.place, self._places.channel(channel)
        at = int(fact.at * 1000)
        if heard.registered or fact.keeping:
            self._put([Moved(before, heard.place, channel.name, ours=True)])
            self._put([Gap(heard.place, before.ts * 1000, at, APART)])
        else:
            if heard.flags & CLOSED:
                self._put([Went(before, key, at) for key in heard.people])
                self._put([Silent(before, at), Ended(before, at), Began(heard.place, channel.name, at)])
            else:
                self._put([Moved(before, heard.place, channel.name, stays=False)])
            self._put([Came(heard.place, key, at) for key in heard.people])
            heard.here = dict.fromkeys(heard.here, at)
            heard.away.clear()
        heard.look_at(channel)
        self._look_whose(heard, channel)
        self._keep(heard, channel, anew=True)

    def _keep(self, heard: Heard, channel: Channel, *, anew: bool = False) -> None:
        """See how long messages of a channel are kept, and tell the store what is new, or may be."""
        if channel.keep == heard.kept and not anew:
            return
        heard.kept = keep = channel.keep
        self._look_how_long(heard)
        span, since = (None, None) if keep is None else (keep.span, keep.since)
        self._put([Kept(heard.place, span, since)])

    def _look_how_long(self, heard: Heard) -> None:
        """Nothing is stored of a channel that does not want it (``H 0``), or where none is."""
        heard.stored = self._node.settings.history.channels and (heard.kept is None or heard.kept.span > 0)

    def _channel_renamed(self, fact: ChannelRenamed, origin: object) -> None:
        """Also where nobody here is in it: some were, or have read it elsewhere, and may come back."""
        now = self._places.channel(fact.channel)
        heard = self._channels.get(fact.channel)
        if heard is not None:
            heard.place = now
        self._put([Moved(now._replace(name=self._node.network.fold(fact.old)), now, fact.channel.name)])
        if heard is not None and heard.stored:
            self._happened(self._events.renamed(fact, origin, heard.place, heard.flags))

    def _channel_spelled(self, fact: ChannelSpelled, origin: object) -> None:
        heard = self._channels.get(fact.channel)
        if heard is not None:
            self._put([Moved(heard.place, heard.place, fact.channel.name)])
