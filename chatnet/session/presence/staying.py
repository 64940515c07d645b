"""People who are always on stay over the end of the server: what is kept of them, and how they come back.

It is written a moment after it changed, and so is there after a crash as well.  Who comes back has no
session; they are in the channels that they were in, with their ranks, and nobody asks for bans, keys or
limits again.  A channel that nobody else is in is what it was, or a restart would open what was closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    AccountChanged,
    AwayChanged,
    ChannelRenamed,
    ChannelReset,
    EntriesAdded,
    Fact,
    Hearer,
    HostChanged,
    Joined,
    Kicked,
    ModesChanged,
    NickChanged,
    Parted,
    RealnameChanged,
    RecordsTaken,
    SettingsChanged,
    TopicChanged,
    UserIntroduced,
    UserModesChanged,
    UserMoved,
    UserQuit,
)
from chatnet.model.ids import AccountName, Folded
from chatnet.model.modes import RANKS, mode_set, rank_letters
from chatnet.model.places import BY_NAME
from chatnet.rules import keeping
from chatnet.rules.opers import OPERS_ONLY
from chatnet.rules.stamps import Marks, Stamp, read, too_far
from chatnet.session.presence.devices import Heard
from chatnet.session.presence.persons import GONE, Idle, Persons
from chatnet.session.shared import Shared
from chatnet.storage.persons.interfaces import Persons as Kept
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Device, Person, Seat, Standing

SOON: Final = 0.2
"""Seconds after a change until it is written: what changes together is written once."""
SLICE: Final = 100
"""How many people come back, or are written, in one turn; others are served between two."""
NEVER_KEPT: Final = frozenset("o" + OPERS_ONLY)
"""User modes that go with an operator's powers, which nobody has without having shown a password."""


class Staying:
    """An observer that writes to `store` who stays; `noted` gives the stamps that links know of a channel.

    `expect` is called before people come back whom other servers may know.  `alive` is until when, in Unix
    milliseconds, this server was there before it began, if that is known.
    """

    def __init__(
        self,
        shared: Shared,
        persons: Persons,
        store: Kept,
        noted: Callable[[Channel], Marks | None],
        expect: Callable[[], None],
        alive: int | None,
    ) -> None:
        self._shared = shared
        self._node = shared.node
        self._network = shared.network
        self._policy = shared.persistence.policy
        self._persons = persons
        self._store = store
        self._noted = noted
        self._expect = expect
        self._alive = alive
        self._people: dict[User, str] = {}
        """Who stays, and the keys by which they are kept."""
        self._channels: dict[Channel, int] = {}
        """In which channels they are, and how many of them."""
        self._changed: set[User | Channel] = set()
        self._waits = False
        self._ended = False
        store.lost = self.write_all
        persons.noted = self.changed
        self._policy.chosen.append(self._chosen)
        self._hears_always: Final[Mapping[type[Fact], Hearer]] = {
            UserIntroduced: self._introduced,
            UserMoved: self._moved,
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }
        self._hears: Final[Mapping[type[Fact], Hearer]] = {
            **self._hears_always,
            UserQuit: self._quit,
            NickChanged: self._user_changed,
            HostChanged: self._user_changed,
            RealnameChanged: self._user_changed,
            AwayChanged: self._user_changed,
            UserModesChanged: self._user_changed,
            Joined: self._joined,
            Parted: self._left,
            Kicked: self._left,
            ModesChanged: self._modes_changed,
            EntriesAdded: self._channel_changed,
            TopicChanged: self._channel_changed,
            ChannelReset: self._all_changed,
            ChannelRenamed: self._renamed,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Little, while nobody stays."""
        return self._hears if self._people else self._hears_always

    # who stays

    def _introduced(self, fact: UserIntroduced, origin: object) -> None:
        if fact.user.account is not None:
            self.look_at(fact.user)

    def _moved(self, fact: UserMoved, origin: object) -> None:
        """Somebody is a person of this server now, or of another one, which keeps them from now on."""
        if fact.server is self._network.me:
            self.look_at(fact.user)
        elif fact.user in self._people and not self._ended:
            self._forget(fact.user)
            if not self._people:
                self._node.hearing_changed()

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        self.look_at(fact.user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for user in self._network.logged_in_to(fact.touched):
            self.look_at(user)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        if fact.old.bouncer != fact.new.bouncer:
            for user in [user for users in self._network.logged_in.values() for user in users]:
                self.look_at(user)

    def look_at(self, user: User) -> None:
        """Keep somebody of this server, or no more, as they wish now."""
        if user.server is not self._network.me or self._network.users.get(user.uid) is not user:
            return
        key = self._policy.key(user) if self._policy.stays(user) else None
        if key == self._people.get(user):
            return
        self._forget(user)
        if key is not None:
            self._people[user] = key
            for channel in user.channels:
                self._enter(channel)
            self.changed(user)
        if len(self._people) < 2:
            self._node.hearing_changed()

    def _forget(self, user: User) -> None:
        key = self._people.pop(user, None)
        if key is None:
            return
        self._changed.discard(user)
        other = next((each for each in self._persons.users(key) if self._people.get(each) == key), None)
        if other is None:
            self._let_go(key)
        else:  # what is kept may be theirs who goes
            self.changed(other)
        for channel in user.channels:
            self._go(channel)

    def _let_go(self, key: str) -> None:
        """Keep of somebody nothing but what they chose, if no record tells that."""
        word = self._policy.stated.get(key)
        if word is None:
            self._store.forget(key)
        else:
            self._store.keep(Person(key, "", "", 0, "", "", "", "", "", word=word))

    def _chosen(self, key: str) -> None:
        users = [user for user in self._persons.users(key) if user.server is self._network.me]
        for user in users:
            self.look_at(user)
        staying = [user for user in users if user in self._people]
        for user in staying:
            self.changed(user)
        if not staying:
            self._let_go(key)

    def _enter(self, channel: Channel) -> None:
        self._channels[channel] = self._channels.get(channel, 0) + 1
        self.changed(channel)

    def _go(self, channel: Channel) -> None:
        left = self._channels.get(channel, 0) - 1
        if left > 0:
            self._channels[channel] = left
        elif self._channels.pop(channel, None) is not None:
            self._changed.discard(channel)
            self._store.forget_channel(channel.folded)

    # what changes

    def changed(self, what: User | Channel) -> None:
        """Write it soon, if it is kept."""
        if self._ended or (what not in self._people and what not in self._channels):
            return
        self._changed.add(what)
        if not self._waits:
            self._waits = True
            self._node.clock.later(SOON, self._write_soon)

    def _quit(self, fact: UserQuit, origin: object) -> None:
        if not self._ended and fact.user in self._people:
            self._forget(fact.user)
            if not self._people:
                self._node.hearing_changed()

    def _user_changed(
        self,
        fact: NickChanged | HostChanged | RealnameChanged | AwayChanged | UserModesChanged,
        origin: object,
    ) -> None:
        self.changed(fact.user)

    def _joined(self, fact: Joined, origin: object) -> None:
        for user, _ in fact.members:
            if user in self._people:
                self._enter(fact.channel)
                self.changed(user)

    def _left(self, fact: Parted | Kicked, origin: object) -> None:
        if fact.user in self._people and not self._ended:
            self._go(fact.channel)
            self.changed(fact.user)

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        if fact.channel in self._channels:
            self.changed(fact.channel)
            for change in fact.changes:
                if change.letter in RANKS and change.user is not None:
                    self.changed(change.user)

    def _channel_changed(self, fact: EntriesAdded | TopicChanged, origin: object) -> None:
        self.changed(fact.channel)

    def _all_changed(self, fact: ChannelReset | ChannelRenamed, origin: object) -> None:
        if fact.channel in self._channels:
            self.changed(fact.channel)
            for user in self._people.keys() & fact.channel.members.keys():
                self.changed(user)

    def _renamed(self, fact: ChannelRenamed, origin: object) -> None:
        if fact.channel in self._channels:
            self._store.forget_channel(self._network.fold(fact.old))
        self._all_changed(fact, origin)

    # what is written

    def _write_soon(self) -> None:
        self._write([self._changed.pop() for _ in range(min(len(self._changed), SLICE))])
        self._waits = bool(self._changed)
        if self._waits:
            self._node.clock.later(0.0, self._write_soon)

    def _write(self, changed: Iterable[User | Channel]) -> None:
        for each in changed:
            if isinstance(each, Channel):
                self._store.keep_channel(each.folded, self._standing(each))
            else:
                self._store.keep(self._person(each))

    def write_all(self) -> None:
        """Write all of it."""
        self._changed.clear()
        self._write(self._people)
        self._write(self._channels)

    def end(self) -> None:
        """The server ends: who is here now is who comes back, whatever becomes of them from now on."""
        for user in self._people:
            for session in self._shared.local.sessions_of(user):
                self._persons.note_device(session)
        self.write_all()
        self._ended = True

    def _person(self, user: User) -> Person:
        key, idle = self._people[user], self._persons.idle.get(user)
        ms, msgid = (0, "") if idle is None else idle.heard
        devices = (Device(name, *heard) for name, heard in self._persons.devices.of(key).items())
        return Person(
            key, user.account or "", user.nick, user.nick_ts, user.username, user.realname, user.host,
            user.real_host, user.address,
            modes="".join(sorted(user.modes - NEVER_KEPT)),
            away=user.away if idle is None else idle.away,
            seen=ms,
            msgid=msgid,
            word=self._policy.stated.get(key),
            seats=tuple(
                Seat(channel.name, channel.ts, rank_letters(ranks))
                for channel, ranks in user.channels.items()
            ),
            devices=tuple(devices),
            since=self._stamps_of(user),
        )  # fmt: skip

    def _stamps_of(self, user: User) -> dict[str, dict[str, str]]:
        """Since when somebody is in their channels, as far as anybody stamps."""
        found = {}
        for channel in user.channels:
            since = self._shared.links.member_since(channel, user)
            if since is not None:
                found[channel.name] = {letter: stamp.text for letter, stamp in since.items()}
        return found

    def _standing(self, channel: Channel) -> Standing:
        marks, me = self._noted(channel) or {}, self._network.me.sid
        registers: dict[str, tuple[str, str | None]] = {}
        for register in keeping.set_in(channel):
            mark = marks.get(register)
            stamp = Stamp(keeping.set_at(channel, register) * 1000, 0, me) if mark is None else mark.stamp
            registers[register] = keeping.text_of(stamp), keeping.value_of(channel, register)
        return Standing(channel.name, channel.ts, registers)

    # how they come back

    def revive(self, stayed: Stayed) -> None:
        """Have people be on the network who were when the server ended."""
        if stayed.people:
            self._expect()
        standing = {self._network.fold(each.name): each for each in stayed.channels}
        self._come_back(iter(stayed.people), standing)

    def _come_back(self, people: Iterator[Person], standing: Mapping[Folded, Standing]) -> None:
        if self._ended:
            return
        here, some = self._by_keys(), list(islice(people, SLICE))
        for person in some:
            if person.word is not None:
                self._policy.stated[person.key] = person.word
            if not person.nick:  # no more than their word is kept
                continue
            user = here.get(person.key)  # who was quicker
            if user is None and person.key not in self._network.persons:
                user = self._come(person)
            if user is None:
                self._let_go(person.key)
            else:
                since = self._since(person)
                for seat in person.seats:
                    self._sit(user, seat, standing, since, person.since.get(seat.channel))
                self.look_at(user)
                if person.word is not None:
                    self._policy.tell(person.key)
        if len(some) == SLICE:
            self._node.clock.later(0.0, lambda: self._come_back(people, standing))
            return
        for folded in standing.keys() - {channel.folded for channel in self._channels}:
            self._store.forget_channel(folded)

    def _by_keys(self) -> dict[str, User]:
        """Who of this server is logged in, by the keys of accounts: of several the first."""
        found: dict[str, User] = {}
        for user in self._network.users.values():
            here = user.server is self._network.me and user.account is not None
            if here and (key := self._policy.key(user)) is not None:
                found.setdefault(key, user)
        return found

    def _come(self, person: Person) -> User | None:
        """Introduce somebody; None if they do not stay any more."""
        node, network, now = self._node, self._network, self._node.clock.time()
        real_host = person.address if person.address == person.real_host else person.real_host
        user = User(network.me, person.address, real_host)  # mostly one text in memory
        if person.key.startswith(BY_NAME):
            user.account = AccountName(person.account)
        elif (account := network.registry.account(person.key)) is not None and account.usable(now):
            user.account, user.account_id = account.shown, account.id
        if user.account is None or not self._policy.stays(user):
            return None
        if len(self._persons.idle) >= node.settings.bouncer.persons:
            return None
        user.uid = node.uids.take()
        folded = network.fold(person.nick)
        user.nick, user.folded = (
            (person.nick, folded) if folded not in network.nicks else (user.uid, network.fold(user.uid))
        )
        user.nick_ts, user.signon = person.nick_ts, now
        user.username, user.realname, user.host = person.username, person.realname, person.host
        if user.host == real_host:
            user.host = real_host
        user.cloak = self._shared.cloaks.of(person.real_host, person.address)
        user.modes = mode_set(set(person.modes) - NEVER_KEPT)
        user.secure = "Z" in user.modes
        user.away = person.away
        if user.away is None and self._policy.goes_away(user):
            user.away = GONE
        user.silent_until = node.message_ids.before(now)
        user.renew_source()
        user.renew_tagged()
        for device in person.devices:
            most = node.settings.bouncer.devices
            self._persons.devices.note(person.key, device.name, Heard(device.ms, device.msgid), most)
        seen = person.seen or self._alive or int(now * 1000)
        self._persons.remember(user, Idle(Heard(seen, person.msgid), person.away))
        self._persons.claim(user)
        node.commit(UserIntroduced(user, now))
        return user

    def _since(self, person: Person) -> Stamp:
        """As of when what is kept of somebody is so, where nobody stamped.

        Where that is not known it is so since ever: whatever others have said holds.
        """
        ms = person.seen or self._alive or 1
        return Stamp(min(ms, int(self._node.clock.time() * 1000)), 0, self._network.me.sid)

    def _sit(
        self,
        user: User,
        seat: Seat,
        standing: Mapping[Folded, Standing],
        since: Stamp,
        stamps: Mapping[str, str] | None,
    ) -> None:
        """Have somebody be in a channel where they were, as of then; what others said later holds.

        `stamps` are those of when they came and were given their ranks, and None where nobody stamped.
        """
        network, now = self._network, self._node.clock.time()
        if stamps is not None:
            ever = Stamp(1, 0, network.me.sid)
            since = (self._read(stamps[""]) or since) if "" in stamps else ever
        folded = network.fold(seat.channel)
        channel = network.channels.get(folded)
        anew = channel is None
        if channel is None:
            channel = self._restored(folded, seat, standing.get(folded))
        elif user in channel.members:
            return
        ranks = _ranks(seat.ranks) if channel.ts >= seat.ts else 0
        self._node.commit(Joined(channel, ((user, ranks),), now, created=anew, before=anew), since)
        for letter in rank_letters(ranks):
            stamp = self._read((stamps or {}).get(letter, ""))
            if stamp is not None:
                self._shared.links.remember_rank(channel, user, letter, stamp)

    def _read(self, text: str) -> Stamp | None:
        """A stamp that was written down, by a clock that was right; the next one made here is later."""
        stamp, horizon = read(text), self._node.settings.links.stamp_horizon
        if stamp is None or too_far(stamp, self._node.clock.time(), horizon):
            return None
        self._shared.links.observe(stamp)
        return stamp

    def _restored(self, folded: Folded, seat: Seat, standing: Standing | None) -> Channel:
        """A channel that nobody is in, as it was; a registered one as its records say."""
        network = self._network
        registration = network.registry.channels.at(folded)
        if registration is not None and self._shared.chanserv is not None:
            return self._shared.chanserv.keeping.restored(registration)
        channel = Channel(seat.channel, folded, seat.ts)
        if standing is None:
            channel.flags |= {"n", "t"}
        else:
            keeping.furnish(network, channel, standing.registers, self._node.clock.time())
        return channel


def _ranks(letters: str) -> int:
    return sum(RANKS.get(letter, 0) for letter in set(letters))
