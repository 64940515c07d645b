"""What a registered channel is like stays when nobody is in it: its modes, lists and topic are records.

Each change of a register is one as well, with the stamp that it bears on links; a record that is news, from
another server that keeps them, is a change of the channel as of its stamp.  So what was removed anywhere does
not come back with a server that was away, and what is set is so whoever comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, User, parameters, split_forward
from chatnet.model.facts import (
    ChannelReset,
    EntriesAdded,
    Fact,
    Hearer,
    Joined,
    ModeChange,
    ModesChanged,
    ModesLocked,
    RecordsTaken,
    TopicChanged,
)
from chatnet.model.modes import RANKS
from chatnet.model.registered import Kept, RegisteredChannel
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.records import channels
from chatnet.records.accounts import NAME, SETTING
from chatnet.records.grammar import CHANNEL, STATUS, field, is_record, split
from chatnet.rules import keeping, locks
from chatnet.rules.acting import acts, keeps_records
from chatnet.rules.keeping import TOPIC, is_kept, text_of
from chatnet.rules.stamps import Clock, Marks, Stamp, stamp_of
from chatnet.rules.timestamps import resolve_older
from chatnet.services.ledger import Change, Ledger
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record

SETTLED: Final = 1.0
"""Seconds until it is looked at what became of a channel that met another one: all of that is heard then."""
AGAIN: Final = 5.0
"""Seconds after which it is tried again to write what could not be written, or looked whether another server
has done what was to be done: it may have thought that we would."""
_AGES: Final = frozenset({NAME, STATUS, channels.TS})
"""Fields by which it may be another channel that is registered, or a registered one."""

Noted = Callable[[Channel], Marks | None]
"""Which marks of a channel links remember; None if nobody stamps."""


class _Pending:
    """What of a channel is to be written: registers with their stamps, as far as they have any."""

    __slots__ = ("channel", "stamps")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.stamps: dict[str, Stamp | None] = {}


class Keeping:
    """An observer that writes with `ledger`, and acts in the name of `chanserv`; `clock` makes stamps.

    `tell` is ``(by, user, text)``: a user of this server reads a NOTICE.
    """

    def __init__(
        self,
        node: Node,
        ledger: Ledger,
        chanserv: User,
        clock: Clock,
        noted: Noted,
        tell: Callable[[User, User, str], None],
    ) -> None:
        self._node = node
        self._network = node.network
        self._registered = node.network.registry.channels
        self._ledger = ledger
        self._chanserv = chanserv
        self._clock = clock
        self._noted = noted
        self._tell = tell
        self._pending: dict[str, _Pending] = {}
        self._writing: list[dict[str, dict[str, Kept]]] = []
        self._waits = False
        self._awaited: set[tuple[str, str]] = set()
        """What others are to do, by the name of the method, in channels, by their registrations."""
        self._locked: WeakValueDictionary[str, Channel] = WeakValueDictionary()
        """Channels in which modes are locked, by their registrations."""
        self.hears: Mapping[type[Fact], Hearer] = {
            Joined: self._joined,
            ModesChanged: self._modes_changed,
            EntriesAdded: self._entries_added,
            TopicChanged: self._topic_changed,
            ModesLocked: self._modes_locked,
            ChannelReset: self._channel_reset,
            RecordsTaken: self._records_taken,
        }

    def of(self, channel: Channel) -> RegisteredChannel | None:
        """The registration of a channel that is the registered one, and not another one of the name."""
        found = self._registered.at(channel.folded)
        return found if found is not None and found.ts == channel.ts else None

    def restored(self, registration: RegisteredChannel) -> Channel:
        """A registered channel that nobody is in, as it was when somebody was."""
        kept = dict(registration.kept)
        for due in self._writing:
            kept.update(due.get(registration.id, {}))
        pending = self._pending.get(registration.id)
        if pending is not None:
            kept.update(self._due_of(registration, pending))
        now = self._node.clock.time()
        channel = keeping.restored(self._network, registration, kept, now)
        self._note_over(channel, registration, kept, now)
        channel.locked = locks.letters_of(locks.lock_of(self._network, registration))
        return channel

    def _note_over(
        self, channel: Channel, registration: RegisteredChannel, kept: Mapping[str, Kept], now: float
    ) -> None:
        """What was over while nobody was there is removed as it would have been then."""
        for register, (stamp, value) in kept.items():
            if (
                value is not None
                and is_kept(register)
                and keeping.understood(self._network, register, value)
                and keeping.is_over(register, value, now)
            ):
                was = stamp_of(stamp)
                self._note(channel, registration, register, was.next(was.sid))

    def state(self, registration: RegisteredChannel) -> Channel:
        """The registered channel as it is now, or as it would be if somebody came in."""
        channel = self._network.channels.get(self._network.fold(registration.name))
        if channel is None or channel.ts != registration.ts:
            return self.restored(registration)
        return channel

    # what changes

    def marked(self, channel: Channel, register: str, stamp: Stamp) -> None:
        """Links have stamped a change of a register, whether it makes a difference here or not."""
        registration = self.of(channel) if is_kept(register) else None
        if registration is not None:
            self._note(channel, registration, register, stamp)

    def _changed(
        self, channel: Channel, registration: RegisteredChannel, registers: Iterable[str], origin: object
    ) -> None:
        """Registers have changed; if nobody else stamps that, it is done here."""
        stamp = None
        if isinstance(origin, Stamp):
            stamp = origin
        elif self._noted(channel) is None:
            stamp = self._clock.next(self._node.clock.time())
        for register in registers:
            self._note(channel, registration, register, stamp)

    def _note(
        self, channel: Channel, registration: RegisteredChannel, register: str, stamp: Stamp | None
    ) -> None:
        pending = self._pending.get(registration.id)
        if pending is None:
            pending = self._pending[registration.id] = _Pending(channel)
            self._wait(self._node.settings.channels.save_after)
        pending.channel = channel
        before = pending.stamps.get(register)
        if before is None or (stamp is not None and stamp > before):
            pending.stamps[register] = stamp

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        registration = self.of(fact.channel)
        if registration is None:
            return
        self._changed(fact.channel, registration, self._registers_of(fact.changes), origin)
        if locks.MLOCK in registration.settings:
            self._hold(fact.channel, registration)

    def _registers_of(self, changes: Iterable[ModeChange]) -> Iterable[str]:
        for change in changes:
            if change.letter in keeping.LISTS:
                mask = split_forward(change.parameter or "")[0]
                yield f"{change.letter}:{self._network.fold(mask)}"
            elif change.letter not in RANKS:
                yield change.letter

    def _entries_added(self, fact: EntriesAdded, origin: object) -> None:
        registration, fold = self.of(fact.channel), self._network.fold
        if registration is not None:
            registers = (f"{fact.letter}:{fold(each.mask)}" for each in fact.entries)
            self._changed(fact.channel, registration, registers, origin)

    def _topic_changed(self, fact: TopicChanged, origin: object) -> None:
        registration = self.of(fact.channel)
        if registration is not None:
            self._changed(fact.channel, registration, (TOPIC,), origin)
            if locks.TOPICLOCK in registration.settings:
                self._hold_topic(fact, registration)

    # what is written

    def _wait(self, seconds: float) -> None:
        if not self._waits:
            self._waits = True
            self._node.clock.later(seconds, self._write_later)

    def _write_later(self) -> None:
        self._waits = False
        self._node.run(self.write())

    async def write(self) -> None:
        """Write what waits; what cannot be written waits for another time."""
        pending, self._pending = self._pending, {}
        due: dict[str, dict[str, Kept]] = {}
        for entity, each in pending.items():
            registration = self._registered.by_id.get(entity)
            if registration is not None:
                due[entity] = self._due_of(registration, each)
        records = [
            Record(entity, field(channels.REGISTER, register), *kept)
            for entity, registers in due.items()
            for register, kept in registers.items()
        ]
        if not records:
            return
        self._writing.append(due)
        try:
            await self._ledger.keep(records)
        except StoreError:
            self._wait(AGAIN)
            for entity, registers in due.items():
                registration = self._registered.by_id.get(entity)
                if registration is not None:
                    for register, kept in registers.items():
                        self._note(pending[entity].channel, registration, register, stamp_of(kept.stamp))
        finally:
            self._writing.remove(due)

    def _due_of(self, registration: RegisteredChannel, pending: _Pending) -> dict[str, Kept]:
        """What of a channel is to be kept, and is not; no more than there is room for."""
        channel, found = pending.channel, dict[str, Kept]()
        room = self._node.settings.channels.registers - len(registration.kept)
        for register, stamp in pending.stamps.items():
            value = keeping.value_of(channel, register)
            if value is not None and not keeping.understood(self._network, register, value):
                continue
            if register == TOPIC and value is not None:
                # What is no UTF-8 cannot be stored: better with signs in its place than not at all.
                value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            stamp = stamp or self._stamp_of(registration, channel, register)
            kept = Kept(text_of(stamp), value)
            known = registration.kept.get(register)
            if known is None:
                room -= 1
            if (known is None and room < 0) or (known is not None and known.stamp >= kept.stamp):
                continue
            if is_record(Record(registration.id, field(channels.REGISTER, register), *kept)):
                found[register] = kept
        return found

    def _stamp_of(self, registration: RegisteredChannel, channel: Channel, register: str) -> Stamp:
        """The stamp of a register that was not told: what links remember, or what all make of it."""
        mark = (self._noted(channel) or {}).get(register)
        return keeping.unmarked(registration, channel, register) if mark is None else mark.stamp

    # what records say

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        news: dict[str, dict[str, Kept]] = {}
        fields: dict[str, set[str]] = {each: set() for each in fact.touched if each[0] == CHANNEL}
        for record in fact.records:
            if record.entity in fields:
                name, key = split(record.field)
                if name == channels.REGISTER:
                    news.setdefault(record.entity, {})[key] = Kept(record.stamp, record.value)
                else:
                    fields[record.entity].add(key if name == SETTING else name)
        for entity in sorted(fields):
            registration = self._registered.by_id.get(entity)
            if entity in self._locked and (registration is None or fields[entity] & _AGES):
                self._node.clock.later(SETTLED, partial(self._unlock, entity))
            if registration is None or not registration.name:
                continue
            folded = self._network.fold(registration.name)
            if self._registered.at(folded) is not registration:
                continue
            if fields[entity] & _AGES:  # what it is like may have come before its name
                self._take(registration, registration.kept)
            elif entity in news:
                self._take(registration, news[entity])
            if NAME in fields[entity] and registration.former:
                self._node.clock.later(SETTLED, partial(self._tell_where, registration))
            channel = self._network.channels.get(folded)
            if channel is None:
                continue
            if fields[entity] & _AGES or not (fields[entity] or entity in news):
                self._look_at(channel, registration)
            if locks.MLOCK in fields[entity] or fields[entity] & _AGES:
                self._lock(channel, registration)

    def _take(self, registration: RegisteredChannel, news: Mapping[str, Kept]) -> None:
        """Have the channel as the records say, in what is not known to be later here."""
        folded = self._network.fold(registration.name)
        channel, alive = self._network.channels.get(folded), True
        if channel is None or channel.ts != registration.ts:
            channel, alive = self._network.memory.ended_of(folded).get(registration.ts), False
        if channel is None:
            return
        by_stamp: dict[str, dict[str, Kept]] = {}
        now = self._node.clock.time()
        for register, kept in news.items():
            if self._is_news(channel, registration, register, kept):
                if kept.value is not None and keeping.is_over(register, kept.value, now):
                    kept = Kept(kept.stamp, None)
                by_stamp.setdefault(kept.stamp, {})[register] = kept
        for stamp, wanted in sorted(by_stamp.items()):
            self._happens(channel, wanted, stamp_of(stamp), alive=alive)

    def _is_news(self, channel: Channel, registration: RegisteredChannel, register: str, kept: Kept) -> bool:
        if not is_kept(register):
            return False
        if kept.value is not None and not keeping.understood(self._network, register, kept.value):
            return False
        pending = self._pending.get(registration.id)
        if pending is not None and register in pending.stamps:
            stamp = pending.stamps[register] or self._stamp_of(registration, channel, register)
            if text_of(stamp) >= kept.stamp:
                return False
        for due in self._writing:  # of what was written here the later word may be on its way
            mine = due.get(registration.id, {}).get(register)
            if mine is not None and mine.stamp >= kept.stamp:
                return False
        mark = (self._noted(channel) or {}).get(register)
        return mark is None or text_of(mark.stamp) < kept.stamp

    def _happens(
        self, channel: Channel, wanted: Mapping[str, Kept], origin: object, *, alive: bool = True
    ) -> None:
        """Registers become as `wanted`; nobody is told of a channel that has ended."""
        stamp, now = origin if isinstance(origin, Stamp) else None, self._node.clock.time()
        for fact in keeping.facts_of(channel, wanted, self._chanserv, now, stamp):
            if alive:
                self._node.commit(fact, origin)
            else:
                self._network.apply(fact)

    # which channel it is

    def _joined(self, fact: Joined, origin: object) -> None:
        if not fact.created:
            return
        registration = self._registered.at(fact.channel.folded)
        if registration is None:
            return
        if fact.channel.locked:
            self._locked[registration.id] = fact.channel
        if not (fact.before and registration.kept):
            self._look_soon(fact.channel, registration)

    def _look_soon(self, channel: Channel, registration: RegisteredChannel) -> None:
        """When links have marked what it came with, or has been told that it became."""
        self._node.clock.later(0.0, partial(self._look_again, channel, registration))

    def _look_again(self, channel: Channel, registration: RegisteredChannel) -> None:
        if self._is_of(channel, registration):
            self._look_at(channel, registration)

    def _is_of(self, channel: Channel, registration: RegisteredChannel) -> bool:
        """Whether a channel is there, and its name is that of a registration."""
        alive = self._network.channels.get(channel.folded) is channel
        return alive and self._registered.at(channel.folded) is registration

    def _channel_reset(self, fact: ChannelReset, origin: object) -> None:
        registration = self._registered.at(fact.channel.folded)
        if registration is not None:
            self._look_soon(fact.channel, registration)

    def _look_at(self, channel: Channel, registration: RegisteredChannel) -> None:
        """A channel has a registration, or another TS: it is as the records say, or they are as it is."""
        if channel.ts != registration.ts:
            # In a moment, when all that another server says of the channel has been heard.
            self._node.clock.later(SETTLED, partial(self._settle_later, registration))
            return
        self._take(registration, registration.kept)
        marks = self._noted(channel) or {}
        for register in [*keeping.set_in(channel), *filter(is_kept, marks)]:
            mark, kept = marks.get(register), registration.kept.get(register)
            if kept is None or (mark is not None and kept.stamp < text_of(mark.stamp)):
                self._note(channel, registration, register, None if mark is None else mark.stamp)
        self._lock(channel, registration)

    def _settle_later(self, registration: RegisteredChannel) -> None:
        channel = self._network.channels.get(self._network.fold(registration.name))
        if channel is not None and self._is_of(channel, registration):
            self._settle(channel, registration)

    def _settle(self, channel: Channel, registration: RegisteredChannel) -> None:
        """Another channel of the name is there than the one that is registered."""
        if channel.ts != registration.ts and self._acts(self._settle, channel, registration):
            if channel.ts > registration.ts:
                self._grow_older(channel, registration)
            else:
                self._node.run(self._grow_younger(channel, registration))

    def _grow_older(self, channel: Channel, registration: RegisteredChannel) -> None:
        """Somebody who did not know of the registered channel has made another one, which is younger."""
        now, me = self._node.clock.time(), self._network.me
        flags, values = frozenset(channel.flags), parameters(channel)
        older = SJoin(registration.name, registration.ts, flags, values, ())
        for fact in resolve_older(channel, older).facts(self._network, channel, me, now):
            self._node.commit(fact)
        self._take(registration, registration.kept)
        self._set_anew(channel, registration)

    async def _grow_younger(self, channel: Channel, registration: RegisteredChannel) -> None:
        """An older channel, of nobody, has won: it is the registered one from now on."""
        try:
            await self._ledger.write([Change(registration.id, channels.TS, str(channel.ts))])
        except StoreError:
            return
        if self._network.channels.get(channel.folded) is channel and self.of(channel) is registration:
            self._set_anew(channel, registration)

    def _tell_where(self, registration: RegisteredChannel) -> None:
        """Who is in the channel of the former name, which is another one now, reads where it is."""
        folded = self._network.fold(registration.former)
        channel = self._network.channels.get(folded)
        if channel is not None and channel.ts == registration.ts and self._registered.at(folded) is None:
            text = f"{channel.name} is registered no more: it was renamed, and is {registration.name} now."
            for user in [user for user in channel.members if self._network.me in user.places]:
                self._tell(self._chanserv, user, text)

    def _set_anew(self, channel: Channel, registration: RegisteredChannel) -> None:
        """Have a channel be what the registered one is kept as, from now on."""
        wanted = {
            register: kept
            for register, kept in registration.kept.items()
            if is_kept(register)
            and (kept.value is None or keeping.understood(self._network, register, kept.value))
        }
        if wanted:
            for register in keeping.set_in(channel):
                wanted.setdefault(register, Kept("", None))
        self._happens(channel, wanted, None)
        self._lock(channel, registration)

    # what is locked

    def _lock(self, channel: Channel, registration: RegisteredChannel) -> None:
        """Have servers that keep no records know which modes are locked."""
        letters = locks.letters_of(locks.lock_of(self._network, registration))
        if letters != channel.locked and self._acts(self._lock, channel, registration):
            now = self._node.clock.time()
            self._node.commit(ModesLocked(channel, letters, self._chanserv, now))

    def _acts(
        self,
        what: Callable[[Channel, RegisteredChannel], None],
        channel: Channel,
        registration: RegisteredChannel,
    ) -> bool:
        """Whether this server is to do `what`; if not, it looks later whether another one has done so.

        Who acts depends on who is in the channel, which two servers may see differently for a moment.
        """
        if acts(self._network, channel):
            return True
        awaited = what.__name__, registration.id
        if awaited not in self._awaited:
            self._awaited.add(awaited)
            self._node.clock.later(AGAIN, partial(self._await, awaited, what, channel, registration))
        return False

    def _await(
        self,
        awaited: tuple[str, str],
        what: Callable[[Channel, RegisteredChannel], None],
        channel: Channel,
        registration: RegisteredChannel,
    ) -> None:
        self._awaited.discard(awaited)
        if self._is_of(channel, registration):
            what(channel, registration)

    def _modes_locked(self, fact: ModesLocked, origin: object) -> None:
        registration = self.of(fact.channel)
        if registration is None:
            return
        self._locked[registration.id] = fact.channel
        server = fact.by.server if isinstance(fact.by, User) else fact.by
        if isinstance(server, Server) and not server.virtual and not keeps_records(self._network, server):
            # It may say what was locked long ago. What is locked now may still be on its way here.
            self._node.clock.later(SETTLED, partial(self._look_again, fact.channel, registration))

    def _unlock(self, entity: str) -> None:
        """A channel may be nobody's now, or have another name: then its modes are locked no more."""
        channel = self._locked.get(entity)
        registration = None if channel is None else self._registered.at(channel.folded)
        if channel is None or (registration is not None and registration.id == entity):
            return
        del self._locked[entity]
        alive = self._network.channels.get(channel.folded) is channel
        if alive and channel.locked and acts(self._network, channel):
            self._node.commit(ModesLocked(channel, "", self._chanserv, self._node.clock.time()))

    def _hold(self, channel: Channel, registration: RegisteredChannel) -> None:
        """Have modes be as they are locked: somebody far away did not know."""
        wanted = {
            letter: Kept("", value)
            for letter, value in locks.lock_of(self._network, registration).items()
            if keeping.differs(channel, letter, value)
        }
        if wanted and self.of(channel) is registration and self._acts(self._hold, channel, registration):
            self._happens(channel, wanted, None)

    def _hold_topic(self, fact: TopicChanged, registration: RegisteredChannel) -> None:
        """Have the topic be as it was, if somebody changed it who may not, on a server that did not know."""
        channel, by = fact.channel, fact.by
        if (
            isinstance(by, User)
            and not by.server.virtual
            and not keeps_records(self._network, by.server)
            and locks.lets_set_topic(self._network, channel, by) is not None
            and acts(self._network, channel)
        ):
            before = registration.kept.get(TOPIC, Kept("", None))
            self._happens(channel, {TOPIC: before}, None)
