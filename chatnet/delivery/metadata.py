"""Tells sessions what people and channels say of themselves, of the keys that they subscribe to.

https://ircv3.net/specs/extensions/metadata#notifications  A change is noted, and told once when the turn is
over, with the value that holds then.  While nobody subscribes no fact is heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from chatnet.delivery.index import Index
from chatnet.delivery.monitors import Monitors
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer
from chatnet.model.metadata import Target
from chatnet.node import Node
from chatnet.records.accounts import NAME
from chatnet.records.grammar import CHANNEL, STATUS, split
from chatnet.records.metadata import META
from chatnet.rules.metadata import shown
from chatnet.rules.visibility import may_meet, may_see_member
from chatnet.services.metadata import Describing
from chatnet.services.refused import Refused
from chatnet.session.metadata import ALL, EITHER, Batch, aware, older, postpone, tell_change
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows

LOOKS: Final = 5000
"""How often it is looked in one turn whether a change concerns a session; what is left waits for the next."""

_NONE: Final[Mapping[str, None]] = {}
_NOTHING: Final[Mapping[str, str]] = {}


class Subscriptions:
    """Which session is told of which keys, and what is to be told."""

    def __init__(
        self, node: Node, index: Index, monitors: Monitors, shadows: Shadows, describing: Describing
    ) -> None:
        self._node = node
        self._network = node.network
        self._index = index
        self._monitors = monitors
        self._shadows = shadows
        self._describing = describing
        self._keys: dict[Session, dict[str, None]] = {}
        self._by_key: dict[str, dict[Session, None]] = {}
        self._aware = 0
        self._early: dict[Session, dict[str, str | None]] = {}
        self._news: dict[Target, dict[str, object]] = {}
        self._came: deque[tuple[Channel, User]] = deque()
        self._armed = False
        self._hears: Mapping[type[Fact], Hearer] = {
            facts.Joined: self._joined,
            facts.UserIntroduced: self._user_introduced,
            facts.NickChanged: self._nick_changed,
            facts.AccountChanged: self._account_changed,
            facts.MetadataChanged: self._metadata_changed,
            facts.RecordsTaken: self._records_taken,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What may concern those who know of metadata; nothing while there is nobody."""
        return self._hears if self._aware else {}

    # who subscribes

    def recapped(self, session: Session, before: int) -> None:
        """The capabilities of `session` are not those that they were."""
        was, knows = bool(before & EITHER), bool(session.caps & EITHER)
        if was != knows:
            self._count(1 if knows else -1)
        if not aware(session):  # "servers MUST clear that client's subscription list"
            self._forget_keys(session)

    def _count(self, change: int) -> None:
        self._aware += change
        if self._aware == max(0, change):
            self._node.hearing_changed()

    def of(self, session: Session) -> Mapping[str, None]:
        """The keys that `session` subscribes to."""
        return self._keys.get(session, _NONE)

    def subscribe(self, session: Session, key: str) -> None:
        """Tell `session` of a key from now on."""
        self._keys.setdefault(session, {})[key] = None
        self._by_key.setdefault(key, {})[session] = None

    def unsubscribe(self, session: Session, key: str) -> None:
        """Tell `session` of a key no more, if it was told of it."""
        keys = self._keys.get(session)
        if keys is None or key not in keys:
            return
        del keys[key]
        if not keys:
            del self._keys[session]
        self._drop(session, key)

    def forget(self, session: Session) -> None:
        """`session` is over."""
        if session in self._keys:
            self._forget_keys(session)
        self._early.pop(session, None)
        if session.caps & EITHER:
            self._count(-1)

    def _forget_keys(self, session: Session) -> None:
        for key in self._keys.pop(session, ()):
            self._drop(session, key)

    def _drop(self, session: Session, key: str) -> None:
        subscribed = self._by_key[key]
        del subscribed[session]
        if not subscribed:
            del self._by_key[key]

    # who is no user yet

    def early(self, session: Session) -> dict[str, str | None]:
        """What `session` has set, and removed, before it is registered; it may be changed."""
        return self._early.setdefault(session, {})

    def registered(self, session: Session) -> Mapping[str, str]:
        """`session` is registered: what its user shows now, with what it has set before.

        Nothing to who has set nothing and is not told.
        """
        early = self._early.pop(session, None)
        if early is None and not aware(session):  # nearly everybody: nobody reads it
            return _NOTHING
        now = dict(shown(self._network, session.user))
        if early is None:
            return now
        most = self._node.settings.metadata.keys
        for key, value in list(early.items()):
            if value is None:
                now.pop(key, None)
            elif key in now or len(now) < most:
                now[key] = value
            else:
                del early[key]
        self._node.run(self._begin(session, early))
        return now

    async def _begin(self, session: Session, early: Mapping[str, str | None]) -> None:
        try:
            await self._describing.change(session.user, early, session)
        except Refused as why:
            session.fail("METADATA", why.code, why.text)

    # all that there is

    def sees(self, session: Session) -> int:
        """How many members, and people it monitors, `session` may be told of."""
        return sum(len(channel.members) for channel in session.user.channels) + len(
            self._monitors.watched(session)
        )

    def visible(self, session: Session) -> Iterator[Target]:
        """Whom `session` is told of: itself, channels it is in, who is there, whom it monitors; each once."""
        user = session.user
        found: dict[Target, None] = {user: None}
        for channel in user.channels:
            found[channel] = None
            found.update(
                dict.fromkeys(each for each in channel.members if may_see_member(user, channel, each))
            )
        for folded in self._monitors.watched(session):
            if (other := self._network.nicks.get(folded)) is not None and not other.server.virtual:
                found[other] = None
        return iter(found)

    def tell(self, session: Session, batch: Batch, target: Target, keys: Iterable[str] | None = None) -> int:
        """Tell what a target shows of the keys that `session` subscribes to; so many lines."""
        values = shown(self._network, target)
        if not values:
            return 0
        name, told = _name(target), 0
        for key in self.of(session) if keys is None else keys:
            if (value := values.get(key)) is not None:
                batch.tell(name, key, value)
                told += 1
        return told

    def tell_user(self, session: Session, user: User) -> None:
        """After 730: what somebody shows, as SYNC tells it.

        "the server MUST additionally send either a `metadata` batch containing the monitored user's metadata
        to the client or a `774 ERR_METADATASYNCLATER` message"
        """
        if aware(session):
            with Batch(session, "metadata", user.nick) as batch:
                self.tell(session, batch, user)

    def tell_users(self, session: Session, users: list[User]) -> None:
        """The same of several; of many it is to ask for itself."""
        if not aware(session):
            return
        most = self._node.settings.metadata.sync_members
        if len(users) <= most:
            for user in users:
                self.tell_user(session, user)
        elif older(session):
            for user in users:
                postpone(session, user.nick)
        else:
            postpone(session, ALL)

    # what happens

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        channel = fact.channel
        if self._by_key and (came := [user for user, _ in fact.members if shown(self._network, user)]):
            self._came += [(channel, user) for user in came]
            self._arm()
        for user, _ in fact.members:
            for session in self._index.sessions_of(user):
                if aware(session):
                    self._sync(session, channel)

    def _sync(self, session: Session, channel: Channel) -> None:
        """Somebody is in a channel now.

        "the server MUST send either a `metadata` batch containing the channel's metadata as well as the
        metadata for all users on the channel or a `774 ERR_METADATASYNCLATER` message"
        """
        if len(channel.members) > self._node.settings.metadata.sync_members:
            postpone(session, channel.name)
            return
        with Batch(session, "metadata", channel.name) as batch:
            if self.of(session):
                self.tell(session, batch, channel)
                for member in channel.members:
                    if may_see_member(session.user, channel, member):
                        self.tell(session, batch, member)

    def _user_introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        if fact.user not in self._shadows.back:
            self._online(fact.user)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        if self._network.fold(fact.old_nick) != fact.folded:
            self._online(fact.user)

    def _online(self, user: User) -> None:
        for session in self._monitors.watching(user.folded):
            self.tell_user(session, user)

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        """Something else is shown of who logs in or out; what an account showed that is gone is not known."""
        if fact.account_id == fact.old_id:
            return
        user, old = fact.user, self._network.registry.account(fact.old_id)
        keys = {*shown(self._network, user), *self._network.metadata.words(user)}
        if old is not None:
            keys.update(old.metadata)
        elif fact.old_id is not None:
            keys.update(self._by_key)
        self._note(user, keys)

    def _metadata_changed(self, fact: facts.MetadataChanged, origin: object) -> None:
        self._note(fact.target, (*fact.words, *fact.gone), origin)

    def _records_taken(self, fact: facts.RecordsTaken, origin: object) -> None:
        for record in fact.records:
            name, key = split(record.field)
            if name == META:
                by = self._describing.writer(record.entity, key)
                for target in self._targets(record.entity):
                    self._note(target, (key,), by)
            elif record.entity[0] == CHANNEL and name in (NAME, STATUS):
                self._note_channels(fact.touched)

    def _note_channels(self, entities: Iterable[str]) -> None:
        """Channels may be registered now, or no more, and so show something else."""
        registered = self._network.registry.channels
        for entity in entities:
            registration = registered.by_id.get(entity)
            if registration is None:
                continue
            for name in (registration.name, registration.former):
                channel = self._network.channel(name) if name else None
                if channel is not None:
                    self._note(channel, {*registration.metadata, *self._network.metadata.words(channel)})

    def _targets(self, entity: str) -> Iterator[Target]:
        """Those who show what the records of an entity say."""
        network = self._network
        yield from network.logged_in.get(entity, ())
        registration = network.registry.channels.by_id.get(entity)
        if registration is not None:
            folded = network.fold(registration.name)
            channel = network.channels.get(folded)
            if channel is not None and network.registry.channels.at(folded) is registration:
                yield channel

    # telling

    def _note(self, target: Target, keys: Iterable[str], by: object = None) -> None:
        wanted = [key for key in keys if key in self._by_key]
        if not wanted:
            return
        noted = self._news.setdefault(target, {})
        for key in wanted:
            noted[key] = by if noted.get(key, by) is by else None
        self._arm()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            self._node.clock.later(0.0, self._tell_news)

    def _tell_news(self) -> None:
        self._armed = False
        left = LOOKS
        while self._came and left > 0:
            left -= self._tell_comer(*self._came.popleft())
        while self._news and left > 0:
            target = next(iter(self._news))
            left -= self._tell_noted(target, self._news.pop(target))
        if self._news or self._came:
            self._arm()

    def _tell_noted(self, target: Target, noted: Mapping[str, object]) -> int:
        """Tell whom it concerns what keys of a target are now; so many were looked at."""
        if not self._is_here(target):
            return 1
        values, name, looks = shown(self._network, target), _name(target), 1
        for key, by in noted.items():
            subscribed = self._by_key.get(key, ())
            looks += len(subscribed)
            for session in subscribed:
                if session is not by and session.registered and self._is_told(session, target):
                    tell_change(session, name, key, values.get(key))
        return looks

    def _is_here(self, target: Target) -> bool:
        if isinstance(target, User):
            return self._network.users.get(target.uid) is target
        return self._network.channels.get(target.folded) is target

    def _is_told(self, session: Session, target: Target) -> bool:
        """Whether `session` is told of a target: of itself, and of what it is in, meets, or monitors."""
        user = session.user
        if isinstance(target, Channel):
            return user in target.members
        return user is target or may_meet(user, target) or target.folded in self._monitors.watched(session)

    def _tell_comer(self, channel: Channel, user: User) -> int:
        """Those in a channel see somebody for the first time, and what they show."""
        if user not in channel.members:
            return 1
        looks = 1
        for key, value in shown(self._network, user).items():
            subscribed = self._by_key.get(key, ())
            looks += len(subscribed)
            for session in subscribed:
                if session.registered and self._is_new(session, channel, user):
                    tell_change(session, user.nick, key, value)
        return looks

    def _is_new(self, session: Session, channel: Channel, user: User) -> bool:
        """Whether a session sees `user` here and nowhere else, and was here before."""
        own = session.user
        if own is user or channel not in own.channels or user.folded in self._monitors.watched(session):
            return False
        if not may_see_member(own, channel, user):
            return False
        common = own.channels.keys() & user.channels.keys()
        return sum(may_see_member(own, each, user) for each in common) == 1


def _name(target: Target) -> str:
    return target.name if isinstance(target, Channel) else target.nick
