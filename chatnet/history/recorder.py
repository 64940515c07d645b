"""Puts what is said into the store: an observer.

On the path of every message nothing is done but to append a tuple to a list; a moment later the store gets
the whole list, as one group.  All else that it has to know stands in the same list, so that the order is
kept: who came and went, what was deleted, where a channel began.  Names are looked up when something is
heard, never later, for users and channels change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

from chatnet.history.events import Events, flags_of
from chatnet.history.extra import Extra, written
from chatnet.history.health import Health
from chatnet.history.kinds import KINDS
from chatnet.history.ring import Ring, is_fleeting
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
    MessageRedacted,
    MessageSent,
    ModesChanged,
    NetJoinEnded,
    NetSplit,
    NickChanged,
    Parted,
    RecordsTaken,
    SettingsChanged,
    Source,
    TopicChanged,
    UserQuit,
)
from chatnet.model.ids import SID
from chatnet.model.keep import Keep
from chatnet.model.places import Places
from chatnet.node import Node, Timer
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules.past import DM_HISTORY, stores_talk
from chatnet.settings import HistorySettings
from chatnet.storage.messages import rows
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import (
    Began,
    Came,
    Ended,
    Entry,
    Kept,
    Moved,
    Place,
    Redacted,
    Row,
    Silent,
    Went,
)
from chatnet.storage.promise import Promise
from chatnet.wire.capabilities import MESSAGE_TAGS, OPER_TAG
from chatnet.wire.message import unescape_tag_value

CLOSING: Final = frozenset("iks")
"""Modes of a channel behind whose doors something is said."""
REACTIONS: Final = frozenset({"+draft/react", "+draft/unreact", "+react", "+unreact"})
"""Client-only tags of a TAGMSG that is a reaction."""
TALKS: Final = 10_000
"""Places of talks that are remembered, so that they need not be made for each message."""

WANTED: Final = field(SETTING, DM_HISTORY)
"""The field of an account that says whether its private messages are stored."""

_FLAGGED: Final = MESSAGE_TAGS | OPER_TAG


class Heard:
    """A channel that somebody of this server is in.

    Rows get its `place` and `flags`, if it is `stored`.  `here` are its members of this server, and since
    when they are in it, in milliseconds.  `people` are keys of accounts, and how many of the members are
    logged in to each.  `away` are those that a netsplit took: at what time, and with which server.
    """

    __slots__ = ("away", "flags", "here", "kept", "people", "place", "stored")

    def __init__(self, place: Place, channel: Channel) -> None:
        self.place = place
        self.stored = True
        self.kept: Keep | None = None
        self.flags = 0
        self.here: dict[User, int] = {}
        self.people: dict[str, int] = {}
        self.away: dict[str, tuple[int, SID]] = {}
        self.look_at(channel)

    def look_at(self, channel: Channel) -> None:
        """See whether its doors are closed."""
        closed = channel.key is not None or not CLOSING.isdisjoint(channel.flags)
        self.flags = rows.CLOSED if closed else 0


class Recorder:
    """An observer of messages, and of whatever decides who may read them later.

    What the store does not keep, the `ring` remembers: what guests say to each other, say.
    """

    def __init__(self, node: Node, store: MessageStore, places: Places, ring: Ring) -> None:
        self._node = node
        self._store = store
        self._places = places
        self._ring = ring
        self.health = Health(node, store)
        self._by_name = places.by_name
        self._heard: dict[Channel, Heard] = {}
        self._keys: dict[User, str] = {}
        """Of members of these channels who are logged in, the keys of their accounts."""
        self._talks: dict[tuple[str, str], Place] = {}
        self._called: dict[Place, str] = {}
        """By which nicks the two of a talk were told to the store last."""
        self._list: list[Entry] = []
        self._timer: Timer | None = None
        self._promise: Promise[None] | None = None
        """For who waits until what is in the list is stored."""
        self._last: tuple[Promise[None], Entry] | None = None
        """The same of the last group that the store got, and what that ended with."""
        self._services: frozenset[str] = frozenset()
        self.hears: Mapping[type[Fact], Hearer] = {
            MessageSent: self._message_sent,
            MessageRedacted: self._message_redacted,
            Joined: self._joined,
            Parted: self._parted,
            Kicked: self._parted,
            UserQuit: self._user_quit,
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
        self._use(node.settings.history)

    def _use(self, settings: HistorySettings) -> None:
        self._most = settings.group_most
        self._interval = settings.commit_interval
        self._soon = settings.durable_interval
        self._durable = settings.durable_echo
        self._direct = settings.direct
        self._channels = settings.channels
        self._events = Events(self._places, self._node.event_ids, frozenset(settings.events))
        services = [*self._node.settings.links.services]
        services += [block.name for block in self._node.settings.link if block.role == "services"]
        self._services = frozenset(name.lower() for name in services)
        for heard in self._heard.values():
            self._look_how_long(heard)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._use(fact.new.history)

    # the list

    def _arm(self) -> None:
        """Something was put into the list: it goes to the store in a moment, or at once."""
        if len(self._list) >= self._most:
            self.flush()
        elif self._timer is None:
            self._timer = self._node.clock.later(self._interval, self.flush)

    def flush(self) -> None:
        """Give the store all there is: whatever it is asked from now on, it answers with that."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._list:
            return
        entries, self._list = self._list, []
        self.health.wrote(len(entries))
        written = self._store.put(entries)
        if self._durable:
            self._last = self._promise or Promise(), entries[-1]
            self._promise = None
            self._last[0].keep_with(written)

    def promised(self, msgid: str) -> Promise[None] | None:
        """That the message which was said just now will be on the disk; None if it is not stored."""
        if self._list:
            if not _is_of(self._list[-1], msgid):
                return None
            if self._promise is None:
                self._promise = Promise()
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self._node.clock.later(self._soon, self.flush)
            return self._promise
        if self._last is None or not _is_of(self._last[1], msgid):
            return None
        return self._last[0]

    def put(self, entries: Iterable[Entry]) -> None:
        """Have something else be stored, in order."""
        self._list += entries
        if self._list:
            self._arm()

    # what is said

    def _message_sent(self, fact: MessageSent, origin: object) -> None:
        # On the path of every message: what comes most is put away here and now.
        by, target = fact.by, fact.target
        if type(by) is User and not (
            fact.tags or fact.ranks or fact.parts or by.tagged & _FLAGGED or self._by_name
        ):
            person = by.account_id
            if type(target) is Channel:
                heard = self._heard.get(target)
                if heard is not None and heard.stored:
                    self._list.append(
                        (
                            heard.place, fact.at, fact.msgid, KINDS[fact.command], heard.flags, person,
                            by.source, fact.text,
                        )
                    )  # fmt: skip
                    if self._timer is None or len(self._list) >= self._most:
                        self._arm()
                    return
            elif person is None and type(target) is User and target.account_id is None and not self._services:
                self._ring.heard(fact)  # two guests; services it leaves out itself
                return
            elif (
                type(target) is User
                and person is not None
                and target.account_id is not None
                and "S" not in target.modes
            ):
                place = self._talks.get((person, target.account_id))
                if place is not None and self._direct:
                    self._list.append(
                        (
                            place, fact.at, fact.msgid, KINDS[fact.command], 0, person, by.source, fact.text,
                        )
                    )  # fmt: skip
                    if self._timer is None or len(self._list) >= self._most:
                        self._arm()
                    return
        self._put_other(fact, origin)

    def _put_other(self, fact: MessageSent, origin: object) -> None:
        """What is not plain, or the first of its talk, or nothing for the store."""
        by, target = fact.by, fact.target
        if fact.command == "TAGMSG" and is_fleeting(fact.tags):
            return
        if isinstance(target, Channel):
            heard = self._heard.get(target)
            if heard is None or not heard.stored:
                self._ring.heard(fact)
                return
            place, flags = heard.place, heard.flags
        else:
            found = None if self._is_unwanted(by, target) else self._talk(by, target)
            if found is None:
                if not self._is_service(by) and not self._is_service(target):
                    self._ring.heard(fact)
                return
            place, flags = found, 0
            if place.kind == "g":
                self._ring.heard(fact)  # where the guest finds it
        self._list.append(self._row(fact, place, flags))
        self._arm()

    def _talk(self, by: Source, target: User) -> Place | None:
        """The place of what one says to the other, if it is stored."""
        if not isinstance(by, User) or not self._direct or self._is_service(by) or self._is_service(target):
            return None
        place = self._places.between(by, target)
        if place is not None and by.account_id is not None and target.account_id is not None:
            if len(self._talks) >= TALKS:
                self._talks.clear()
            if not self._is_unwanted(by, target):
                self._talks[by.account_id, target.account_id] = place
        if place is not None:
            self._call(place, by, target)
        return place

    def _is_unwanted(self, by: Source, target: User) -> bool:
        """Whether one of two accounts does not want what they say to each other to be stored."""
        account = self._node.network.registry.account
        return isinstance(by, User) and not stores_talk((account(by.account_id), account(target.account_id)))

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        if any(record.field == WANTED for record in fact.records):
            self._talks.clear()

    def _call(self, place: Place, user: User, other: User) -> None:
        """Note by which nicks two people talk: one of them may be looked for by that nick later."""
        shown = self._places.shown(place, user, other)
        if self._called.get(place) != shown:
            if len(self._called) >= TALKS:
                self._called.clear()
            self._called[place] = shown
            self._list.append(Began(place, shown, int(self._node.clock.time() * 1000)))

    def _nick_changed(self, fact: NickChanged, origin: object) -> None:
        for channel in fact.user.channels:
            if (heard := self.heard_of(channel)) is not None:
                self._happened(self._events.nick_changed(fact, origin, heard.place, heard.flags))
        if self._places.person(fact.user) is not None:
            self._talks.clear()  # each is called otherwise, perhaps

    def _is_service(self, user: Source) -> bool:
        """What services are told may be a password, and what they answer a token: it is kept nowhere."""
        if not isinstance(user, User):
            return False
        return "S" in user.modes or user.server.virtual or user.server.name.lower() in self._services

    def _row(self, fact: MessageSent, place: Place, flags: int) -> Row:
        by = fact.by
        person = self._places.person(by) if isinstance(by, User) else None
        flags |= flags_of(by) | fact.ranks << rows.RANKS
        extra = written(
            Extra(
                fact.tags,
                fact.parts,
                fact.status,
                hidden_uid(by.uid if isinstance(by, User) else "", fact.msgid),
            )
        )
        if extra is not None:
            flags |= rows.EXTRA
        source = by.source.decode("utf-8", "replace")
        refers = reacted_to(fact.tags) if fact.command == "TAGMSG" else None
        return Row(
            place, int(fact.at * 1000), fact.msgid, KINDS[fact.command], flags, person, source, fact.text,
            refers, extra,
        )  # fmt: skip

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        target = fact.target
        place: Place | None
        flags = fact.ranks << rows.RANKS
        if isinstance(target, Channel):
            heard = self._heard.get(target)
            place = None if heard is None else heard.place
            stored = heard is not None and heard.stored
            flags |= 0 if heard is None else heard.flags
        else:
            by, place = fact.by, None
            if isinstance(by, User) and not (self._is_service(by) or self._is_service(target)):
                place = self._places.between(by, target)
            stored = place is not None and place.kind != "g" and self._direct
        if not stored:
            self._ring.redacted(fact)
        if place is None:
            return
        at = int(fact.at * 1000)
        gone = Redacted(place, fact.redacted, at, fact.msgid, None, "", "", flags)
        if stored or (place.kind == "g" and self._direct):
            person = self._places.person(fact.by) if isinstance(fact.by, User) else None
            source = fact.by.source.decode("utf-8", "replace")
            gone = gone._replace(person=person, source=source, reason=fact.reason)
        # Where nothing is stored any more, what was is there still, and may be shown again.
        self.put([gone])

    # who is there

    def joined(self, channel: Channel, user: User) -> int | None:
        """Since when a member of this server is in a channel, in milliseconds; None of who is not."""
        heard = self._heard.get(channel)
        return None if heard is None else heard.here.get(user)

    def place(self, channel: Channel) -> Place | None:
        """The place of a channel that is heard here, and stored."""
        heard = self.heard_of(channel)
        return None if heard is None else heard.place

    def heard_of(self, channel: Channel) -> Heard | None:
        """What is known of a channel that is heard here, and stored."""
        heard = self._heard.get(channel)
        return heard if heard is not None and heard.stored else None

    def _joined(self, fact: Joined, origin: object) -> None:
        channel, at, me = fact.channel, int(fact.at * 1000), self._node.network.me
        heard = self._heard.get(channel)
        if heard is None:
            if not any(user.server is me for user, _ in fact.members):
                return
            heard = self._heard[channel] = Heard(self._places.channel(channel), channel)
            self._look_how_long(heard)
            self._list.append(Began(heard.place, channel.name, at))
            self._keep(heard, channel, anew=not fact.created)
            before = channel.members.keys() - {user for user, _ in fact.members}
            for user in before:
                self._came(heard, user, at, fact.asked)
        for user, _ in fact.members:
            self._came(heard, user, at, fact.asked)
            if fact.asked and heard.stored:
                self._happened(self._events.joined(fact, origin, user, heard.place, heard.flags))
        if self._list:
            self._arm()

    def _came(self, heard: Heard, user: User, at: int, asked: bool) -> None:
        if user.server is self._node.network.me:
            heard.here[user] = at
        key = self._places.person(user)
        if key is not None:
            self._keys[user] = key
            self._stays(heard, key, user, at, asked)

    def _stays(self, heard: Heard, key: str, user: User, at: int, asked: bool) -> None:
        """An account is in a channel by one user more."""
        away = heard.away.pop(key, None)
        if away is not None and (asked or user.server.sid != away[1]):
            # They come back from elsewhere, or anew: what was said meanwhile they did not hear.
            self._list.append(Went(heard.place, key, away[0]))
            away = None
        if key not in heard.people and away is None:
            self._list.append(Came(heard.place, key, at))
        heard.people[key] = heard.people.get(key, 0) + 1

    def _leaves(self, heard: Heard, key: str, at: int, sid: SID | None = None) -> None:
        """An account is in a channel by one user less; with the `sid` of who is lost with their server."""
        left = heard.people.get(key, 0) - 1
        if left > 0:
            heard.people[key] = left
            return
        heard.people.pop(key, None)
        if sid is None:
            self._list.append(Went(heard.place, key, at))
        else:
            heard.away[key] = at, sid

    def _parted(self, fact: Parted | Kicked, origin: object) -> None:
        user = fact.user
        if (heard := self.heard_of(fact.channel)) is not None:
            self._happened(self._events.parted(fact, origin, heard.place, heard.flags))
        self._left(fact.channel, user, int(fact.at * 1000))
        if user in self._keys and self._heard.keys().isdisjoint(user.channels):
            del self._keys[user]
        if self._list:
            self._arm()

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        for channel in fact.user.channels:
            if (heard := self.heard_of(channel)) is not None:
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
        if self._list:
            self._arm()

    def _left(self, channel: Channel, user: User, at: int, sid: SID | None = None) -> None:
        heard = self._heard.get(channel)
        if heard is None:
            return
        heard.here.pop(user, None)
        key = self._keys.get(user)
        if key is not None:
            self._leaves(heard, key, at, sid)
        if not heard.here:
            self._not_heard(channel, heard, at)

    def _not_heard(self, channel: Channel, heard: Heard, at: int) -> None:
        """The last one of this server is gone: nobody hears who comes and goes, and what is said."""
        del self._heard[channel]
        self._list += [Went(heard.place, key, at) for key in heard.people]
        self._list += [Went(heard.place, key, gone) for key, (gone, _) in heard.away.items()]
        self._list.append(Silent(heard.place, at))
        network = self._node.network
        if network.channels.get(channel.folded) is not channel and not self._is_registered(channel):
            self._list.append(Ended(heard.place, at))

    def _is_registered(self, channel: Channel) -> bool:
        return self._node.network.registry.channels.at(channel.folded) is not None

    def _net_join_ended(self, fact: NetJoinEnded, origin: object) -> None:
        """Who was lost with a server that is back, and is not in the channel any more, has left it."""
        servers = self._node.network.servers
        for heard in self._heard.values():
            for key, (at, sid) in list(heard.away.items()):
                server = servers.get(sid)
                if server is not None and server.is_behind(fact.far):
                    del heard.away[key]
                    self._list.append(Went(heard.place, key, at))
        if self._list:
            self._arm()

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user, at = fact.user, int(fact.at * 1000)
        before, now = self._keys.pop(user, None), self._places.person(user)
        if before == now:
            if now is not None:
                self._keys[user] = now
            return
        for channel in user.channels:
            heard = self._heard.get(channel)
            if heard is None:
                continue
            if before is not None:
                self._leaves(heard, before, at)
            if now is not None:
                self._keys[user] = now
                self._stays(heard, now, user, at, asked=True)
            if user in heard.here:
                heard.here[user] = at  # what they heard as somebody else is not theirs
        if self._list:
            self._arm()

    # what becomes of channels

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        heard = self._heard.get(fact.channel)
        if heard is None:
            return
        flags, stored = heard.flags, heard.stored
        heard.look_at(fact.channel)
        self._keep(heard, fact.channel)
        if stored or heard.stored:
            # Told behind closed doors are the key that closes them, and the last word before they open.
            self._happened(self._events.modes_changed(fact, origin, heard.place, flags | heard.flags))

    def _topic_changed(self, fact: TopicChanged, origin: object) -> None:
        heard = self.heard_of(fact.channel)
        if heard is not None and not fact.same:
            self._happened(self._events.topic_changed(fact, origin, heard.place, heard.flags))

    def _happened(self, row: Row | None) -> None:
        if row is not None:
            self._list.append(row)
            self._arm()

    def _channel_reset(self, fact: ChannelReset, origin: object) -> None:
        """An older channel of the name wins.

        What was said in this one is its past from now on, unless it was said behind closed doors: who is in
        the older one never was to hear it.  Nor has anybody who was in this one heard what was said in that:
        they are there from now on.  Of a registered channel both are the same.
        """
        heard, channel = self._heard.get(fact.channel), fact.channel
        if heard is None:
            return
        before, heard.place = heard.place, self._places.channel(channel)
        at = int(fact.at * 1000)
        registered = self._is_registered(channel)
        if registered or fact.keeping:
            self._list.append(Moved(before, heard.place, channel.name))
        else:
            if any(change.letter in CLOSING for change in fact.removed):
                self._list += [Went(before, key, at) for key in heard.people]
                self._list += [Silent(before, at), Ended(before, at), Began(heard.place, channel.name, at)]
            else:
                self._list.append(Moved(before, heard.place, channel.name, stays=False))
            self._list += [Came(heard.place, key, at) for key in heard.people]
            heard.here = dict.fromkeys(heard.here, at)
            heard.away.clear()
        heard.look_at(channel)
        self._keep(heard, channel, anew=True)
        self._arm()

    def _keep(self, heard: Heard, channel: Channel, *, anew: bool = False) -> None:
        """See how long messages of a channel are kept, and tell the store what is new, or may be."""
        if channel.keep == heard.kept and not anew:
            return
        heard.kept = keep = channel.keep
        self._look_how_long(heard)
        span, since = (None, None) if keep is None else (keep.span, keep.since)
        self.put([Kept(heard.place, span, since)])

    def _look_how_long(self, heard: Heard) -> None:
        """Nothing is stored of a channel that does not want it (``H 0``), or where none is."""
        heard.stored = self._channels and (heard.kept is None or heard.kept.span > 0)

    def _channel_renamed(self, fact: ChannelRenamed, origin: object) -> None:
        """Also where nobody here is in it: some were, or have read it elsewhere, and may come back."""
        now = self._places.channel(fact.channel)
        heard = self._heard.get(fact.channel)
        if heard is not None:
            heard.place = now
        self.put([Moved(now._replace(name=self._node.network.fold(fact.old)), now, fact.channel.name)])
        if heard is not None and heard.stored:
            self._happened(self._events.renamed(fact, origin, heard.place, heard.flags))

    def _channel_spelled(self, fact: ChannelSpelled, origin: object) -> None:
        heard = self._heard.get(fact.channel)
        if heard is not None:
            self.put([Moved(heard.place, heard.place, fact.channel.name)])


def _is_of(entry: Entry, msgid: str) -> bool:
    """Whether an entry is the message of that id."""
    return type(entry) in (tuple, Row) and cast(Row, entry)[2] == msgid


def hidden_uid(uid: str, msgid: str) -> str:
    """The UID of the author, where the id of the message does not tell it; ``*`` if they have none."""
    return "" if uid_in(msgid) == uid else uid or "*"


def uid_in(msgid: str) -> str:
    """The UID that an id of Solanum's form has in it; empty if it is none.  See ``model/ids.py``."""
    return msgid[20:29] if len(msgid) >= 29 and msgid[:20].isdecimal() else ""


def reacted_to(tags: bytes) -> str | None:
    """The id of the message that a TAGMSG is a reaction to, if it is one.

    https://ircv3.net/specs/client-tags/react
    """
    found = dict(tag.partition("=")[::2] for tag in tags.decode("utf-8", "replace").split(";"))
    if not found.keys() & REACTIONS:
        return None
    return unescape_tag_value(found.get("+reply") or found.get("+draft/reply") or "") or None
