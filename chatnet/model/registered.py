"""Registered channels: whose they are, and who may do what in them.

``Network.apply`` is the only writer, by way of ``Registry``.  A channel is registered whether anybody is in
it or not; what it is like while people are in it is a ``Channel``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from sys import intern
from typing import Final, NamedTuple, TypeVar

from chatnet.model.metadata import NO_WORDS, Word, with_word
from chatnet.records import accounts, channels
from chatnet.records.accounts import ACTIVE, Created, Named, State, Status, Suspension
from chatnet.records.channels import Access, Akick, Transfer
from chatnet.records.grammar import ACCOUNT, STATUS, is_entity, split
from chatnet.records.metadata import META, is_key, is_value
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder

V = TypeVar("V")

SUCCEEDING: Final = frozenset("FSRf")
"""Letters of access with which an account may be founder where no other one is."""

_NO_ACCESS: Final[Mapping[str, Access]] = {}
_NO_AKICKS: Final[Mapping[str, Akick]] = {}
_NO_TEXTS: Final[Mapping[str, str]] = {}


class Kept(NamedTuple):
    """What a register of a channel is kept as: its value, or none, since a stamp of fixed width."""

    stamp: str
    value: str | None


_NOTHING_KEPT: Final[Mapping[str, Kept]] = {}


class RegisteredChannel:
    """A channel that belongs to somebody: `name`, asked for `since` a stamp; `former` is the one before.

    `access` and `akicks` are by the id of an account, or by a folded mask; `founder` and `successor` are ids
    of accounts, or empty; `transfer` is who becomes founder by saying so.  `created` and `ts`, the TS of the
    channel, are Unix times in seconds; `used` is the Unix day on which somebody with access was in it last.
    `status` is what it is; `said` is what its status says, whether there is a `suspension` or not.  `kept` is
    what the channel is like, by registers (``rules/stamps.py``): modes, entries of lists and the topic, also
    those that were removed.  `metadata` is what is said of it in the same way, by key.
    """

    __slots__ = (
        "access", "akicks", "created", "former", "founder", "id", "kept", "metadata", "name", "said",
        "settings", "since", "status", "successor", "suspension", "templates", "transfer", "ts", "used",
    )  # fmt: skip

    def __init__(self, entity: str) -> None:
        self.id = entity
        self.name = ""
        self.former = ""
        self.since = ""
        self.status = self.said = ACTIVE
        self.suspension: Suspension | None = None
        self.created = 0
        self.ts = 0
        self.used = 0
        self.founder = ""
        self.successor = ""
        self.transfer: Transfer | None = None
        # Most have few, and share these where they have none.
        self.access = _NO_ACCESS
        self.akicks = _NO_AKICKS
        self.templates = _NO_TEXTS
        self.settings = _NO_TEXTS
        self.metadata = NO_WORDS
        self.kept = _NOTHING_KEPT

    @property
    def heirs(self) -> list[str]:
        """The accounts of which one may be founder: who is named for that, and who may follow."""
        targets = dict.fromkeys((self.founder, self.successor, *self.access))
        return [target for target in targets if self.may_be_founder(target)]

    def may_be_founder(self, entity: str) -> bool:
        """Whether an account is one of these."""
        if entity[:1] != ACCOUNT or not is_entity(entity):
            return False  # a mask inherits nothing
        access = self.access.get(entity)
        return entity in (self.founder, self.successor) or (
            access is not None and not SUCCEEDING.isdisjoint(access.letters)
        )

    @property
    def holds(self) -> bool:
        """Whether it is anybody's: not one that was dropped."""
        return self.status.state in (State.ACTIVE, State.SUSPENDED)

    def suspended(self, now: float) -> bool:
        """Whether it is suspended at the Unix time `now`."""
        return self.status.at(now) is State.SUSPENDED

    def __repr__(self) -> str:
        return f"<RegisteredChannel {self.id} {self.name}>"


Claimants = RegisteredChannel | tuple[RegisteredChannel, ...]
"""Who asks for one name; nearly always it is one."""


def _with(mapping: Mapping[str, V], key: str, value: V | None, none: Mapping[str, V]) -> Mapping[str, V]:
    """A mapping in which `key` is `value`, or is not; `none` if it is empty.

    Lists are long, so they are changed in their place, unless it is the one that all share.
    """
    if value is None:
        if key in mapping:
            return {name: each for name, each in mapping.items() if name != key} or none
        return mapping
    if mapping is none:
        return {key: value}
    assert isinstance(mapping, dict)
    mapping[key] = value
    return mapping


class RegisteredChannels:
    """Registered channels by id, and who asks for which name; names are looked up folded only."""

    def __init__(self, fold: Folder) -> None:
        self.by_id: dict[str, RegisteredChannel] = {}
        self.founded: Counter[str] = Counter()
        """How many channels name an account as their founder, by its id."""
        self._inherited: dict[str, RegisteredChannel | dict[RegisteredChannel, None]] = {}
        self._fold = fold
        self._names: dict[str, Claimants] = {}

    def at(self, folded: str) -> RegisteredChannel | None:
        """The registration of a name: that of who asked first, if it is anybody's; the others wait."""
        found = self._names.get(folded)
        if found is None:
            return None
        if isinstance(found, tuple):
            found = min(found, key=_asked)
        return found if found.holds else None

    def inherited(self, entity: str) -> tuple[RegisteredChannel, ...]:
        """The channels of which an account is, or may become, founder."""
        found = self._inherited.get(entity, ())
        return (found,) if isinstance(found, RegisteredChannel) else tuple(found)

    def waits(self, registration: RegisteredChannel) -> bool:
        """Whether somebody else has its name for longer, so that nothing of it is applied."""
        return registration.holds and registration in self.asking(self._fold(registration.name))[1:]

    def asking(self, folded: str) -> list[RegisteredChannel]:
        """All registrations of a name, the one that counts first."""
        found = self._names.get(folded, ())
        return sorted(found if isinstance(found, tuple) else (found,), key=_asked)

    def touched(self, record: Record) -> set[str]:
        """The other registrations that are not what they were when `record` is taken: those of its name."""
        channel, name = self.by_id.get(record.entity), split(record.field)[0]
        names = set[str]()
        if name in (accounts.NAME, STATUS) and channel is not None:
            names.add(self._fold(channel.name))
        if name == accounts.NAME and record.value is not None:
            with suppress(ValueError):
                names.add(self._fold(Named.read(record.value).name))
        return {each.id for folded in names for each in self.asking(folded)}

    def take(self, record: Record) -> None:
        """Take one record that is news."""
        channel = self.by_id.get(record.entity)
        if channel is None:
            channel = self.by_id[record.entity] = RegisteredChannel(record.entity)
        name, key = split(record.field)
        if name == channels.REGISTER:
            if key:  # of these there are many
                kept = Kept(record.stamp, record.value)
                channel.kept = _with(channel.kept, key, kept, _NOTHING_KEPT)
            return
        # What makes no sense is of a version to come, say: it is kept in the store, and means nothing here.
        with suppress(ValueError):
            self._note(channel, name, key, record.value, record.stamp)

    def _note(self, channel: RegisteredChannel, name: str, key: str, value: str | None, stamp: str) -> None:
        if name == accounts.NAME and value is not None:
            named = Named.read(value)
            self._leave(self._fold(channel.name), channel)
            channel.former, channel.name, channel.since = channel.name, named.name, named.since
            self._enter(self._fold(channel.name), channel)
        elif name == STATUS and value is not None:
            channel.said = Status.read(value)
            channel.status = _standing(channel)
            if channel.status.state is State.ERASED:
                self._erase(channel)
        elif name == accounts.SUSPENSION:
            channel.suspension = None if value is None else Suspension.read(value)
            channel.status = _standing(channel)
        elif name == accounts.CREATED and value is not None:
            channel.created = Created.read(value).at
        elif name == channels.TS and value is not None:
            channel.ts = channels.seconds(value)
        elif name == channels.FOUNDER:
            before = channel.founder
            self._found(channel, "" if value is None else channels.entity(value))
            self._inherit(channel, before, channel.founder)
        elif name == channels.SUCCESSOR:
            before = channel.successor
            channel.successor = "" if value is None else channels.entity(value)
            self._inherit(channel, before, channel.successor)
        elif name == channels.TRANSFER:
            channel.transfer = None if value is None else Transfer.read(value)
        elif name == channels.FLAGS and key:
            channel.access = _with(channel.access, key, _access(value), _NO_ACCESS)
            self._inherit(channel, key)
        elif name == channels.AKICK and key:
            akick = None if value is None else Akick.read(value)
            channel.akicks = _with(channel.akicks, key, akick, _NO_AKICKS)
        elif name == channels.TEMPLATE and key:
            channel.templates = _with(channel.templates, key, value, _NO_TEXTS)
        elif name == accounts.SETTING and key:
            channel.settings = _with(channel.settings, key, value, _NO_TEXTS)
        elif name == META and is_key(key) and (value is None or is_value(value)):
            channel.metadata = with_word(channel.metadata, key, Word(stamp, value))
        elif name == channels.USED and value is not None:
            channel.used = channels.seconds(value)

    def _found(self, channel: RegisteredChannel, founder: str) -> None:
        if channel.founder:
            self.founded[channel.founder] -= 1
            if not self.founded[channel.founder]:
                del self.founded[channel.founder]
        channel.founder = founder
        if founder:
            self.founded[founder] += 1

    def _inherit(self, channel: RegisteredChannel, *entities: str) -> None:
        """Look whether these may be founder of a channel that changed."""
        for entity in entities:
            found = self._inherited.get(entity)
            if channel.may_be_founder(entity):
                if found is None:
                    self._inherited[entity] = channel
                elif isinstance(found, dict):
                    found[channel] = None
                elif found is not channel:
                    self._inherited[entity] = {found: None, channel: None}
            elif found is channel:
                del self._inherited[entity]
            elif isinstance(found, dict):
                found.pop(channel, None)
                if not found:
                    del self._inherited[entity]

    def _erase(self, channel: RegisteredChannel) -> None:
        del self.by_id[channel.id]
        heirs, channel.successor, channel.access = channel.heirs, "", _NO_ACCESS
        self._found(channel, "")
        self._inherit(channel, *heirs)
        self._leave(self._fold(channel.name), channel)

    def _enter(self, folded: str, channel: RegisteredChannel) -> None:
        found = self._names.get(folded)
        if found is None:
            self._names[folded] = channel
        else:
            self._names[folded] = (*(found if isinstance(found, tuple) else (found,)), channel)

    def _leave(self, folded: str, channel: RegisteredChannel) -> None:
        found = self._names.get(folded)
        if found is channel:
            del self._names[folded]
        elif isinstance(found, tuple):
            others = tuple(each for each in found if each is not channel)
            self._names[folded] = others if len(others) > 1 else others[0]


def _standing(channel: RegisteredChannel) -> Status:
    """What a channel is, by its status and by its suspension."""
    return channel.said if channel.suspension is None else channel.suspension.on(channel.said)


def _access(value: str | None) -> Access | None:
    """An entry; the few words that many have in common are kept once."""
    if value is None:
        return None
    access = Access.read(value)
    return Access(intern(access.letters), access.at, intern(access.by))


def _asked(channel: RegisteredChannel) -> tuple[str, str]:
    """Since when it asks for its name, by which claimants are sorted."""
    return channel.since, channel.id
