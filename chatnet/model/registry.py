"""The accounts that this network keeps, as far as they are looked at while it runs.

Passwords, addresses and the rest are read from the store when they are needed.  ``Network.apply`` is the only
writer; :meth:`Registry.load` fills it before there is a network to speak of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import inf
from typing import Any, Final, NamedTuple

from chatnet.model.hooks import Hooks
from chatnet.model.ids import SID, AccountName
from chatnet.model.invites import Invites
from chatnet.model.metadata import NO_WORDS, Word, with_word
from chatnet.model.recorded_bans import RecordedBans
from chatnet.model.recorded_filters import RecordedFilters
from chatnet.model.registered import RegisteredChannels
from chatnet.model.shields import OPEN, Shields
from chatnet.model.single import Single
from chatnet.records import accounts as values
from chatnet.records import shields as shields_values
from chatnet.records.accounts import ACTIVE, Certificate, Created, Named, State, Status, Suspension, Vhost
from chatnet.records.channels import GONE, HEARD, MACHINE
from chatnet.records.claims import MARK, shown_lost
from chatnet.records.filters import FIELD as FILTER
from chatnet.records.grammar import ACCOUNT, BAN, CHANNEL, HOOK, INVITE, SERVER, STATUS, split
from chatnet.records.metadata import META, is_key, is_value
from chatnet.records.shields import ENTITY as SHIELDS
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder

NO_NAME: Final = AccountName("")
"""What an account is called whose name is not known yet."""
KEPT_SETTINGS: Final = frozenset(
    {
        *("protect", "never-op", "hide-email", "dm-history", "autoreplay-lines", "autoreplay-missed"),
        *("always-on", "multiclient", "auto-away", "no-log"),
    }
)
"""The settings of an account that are in memory, since they are looked at often."""
NOT_KEPT: Final = frozenset({values.VERIFIER, values.EMAIL, values.SEEN, values.MARK})
"""Fields of accounts that are not: they are read from the store."""
_NOTHING: Final[Mapping[str, str]] = {}
_NICK: Final = f"{values.NICK}:"
_OF_NAMES: Final = frozenset({values.NAME, values.NICK, STATUS})
"""Fields by which others may be called otherwise."""
_OF_BOTS: Final = frozenset({STATUS, values.SUSPENSION})
"""Fields by which its bots may be used no more, or again."""


class Besides(NamedTuple):
    """What most accounts have nothing of, which share one of these; it is replaced, never changed.

    `said` is what the status of an account says, whether there is a `suspension` or not; `certificates` are
    since when it has each, by SHA-256 fingerprint; `metadata` is what its users say of themselves, by key,
    also that it is not set any more.  `owner` is the id of the account that a bot belongs to.
    """

    said: Status = ACTIVE
    suspension: Suspension | None = None
    vhost: Vhost | None = None
    certificates: Mapping[str, str] = _NOTHING
    settings: Mapping[str, str] = _NOTHING
    metadata: Mapping[str, Word] = NO_WORDS
    owner: str = ""


_NOTHING_BESIDES: Final = Besides()
_DROPPED: Final = Status(State.DROPPED)


class Account:
    """An account: the name that it asks for, and what it is called (`shown`): the same but after a split.

    `nicks` are grouped nicks: since when, by folded nick.  `created` is Unix time in seconds; `since` are
    stamps.  `status` is what it is, and what it has `besides` the rest of it: a bot is dropped or suspended
    as its owner is.
    """

    __slots__ = ("besides", "created", "id", "name", "nicks", "shown", "since", "status")

    def __init__(self, entity: str) -> None:
        self.id = entity
        self.name = NO_NAME
        self.shown = NO_NAME
        self.since = ""
        self.status = ACTIVE
        self.created = 0
        self.nicks = _NOTHING
        self.besides = _NOTHING_BESIDES

    @property
    def said(self) -> Status:
        """What its status says."""
        return self.besides.said

    @property
    def suspension(self) -> Suspension | None:
        """Why nobody may use it, and until when; also one that is over."""
        return self.besides.suspension

    @property
    def vhost(self) -> Vhost | None:
        """The host that its users have, or may have."""
        return self.besides.vhost

    @property
    def certificates(self) -> Mapping[str, str]:
        """Since when it has which."""
        return self.besides.certificates

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of them that are in memory (`KEPT_SETTINGS`)."""
        return self.besides.settings

    @property
    def metadata(self) -> Mapping[str, Word]:
        """What its users say of themselves."""
        return self.besides.metadata

    @property
    def owner(self) -> str:
        """The id of the account that it belongs to, if it is a bot; else empty."""
        return self.besides.owner

    @property
    def lost(self) -> bool:
        """Whether somebody else has the name it asks for."""
        return self.shown != self.name

    def usable(self, now: float) -> bool:
        """Whether one can log in to it at the Unix time `now`."""
        return self.state(now) is State.ACTIVE

    def suspended(self, now: float) -> bool:
        """Whether it is suspended at the Unix time `now`."""
        return self.state(now) is State.SUSPENDED

    def state(self, now: float) -> State:
        """What it is at the Unix time `now`."""
        return self.status.at(now)

    def __repr__(self) -> str:
        return f"<Account {self.id} {self.shown}>"


class FullServer:
    """A server that keeps all records: its name, and the Unix day on which it was heard of last.

    `gone`: operators say that it does not come back.  `machine` is its SID, or that of the first process of
    the server that it is a process of.
    """

    __slots__ = ("gone", "heard", "machine", "name", "sid")

    def __init__(self, sid: SID) -> None:
        self.sid = sid
        self.name = ""
        self.heard = 0
        self.gone = False
        self.machine = sid


Claimants = Account | tuple[Account, ...]
"""Who asks for one name; nearly always it is one."""


def _with(mapping: Mapping[str, str], key: str, value: str | None) -> Mapping[str, str]:
    """A mapping in which `key` is `value`, or is not."""
    changed = {name: each for name, each in mapping.items() if name != key}
    if value is not None:
        changed[key] = value
    if len(changed) == 1:
        return Single(*changed.popitem())
    return changed or _NOTHING


class Registry:
    """Accounts by id, and who asks for which name; names are looked up folded only.

    `most_name` is the length of the longest name that is shown, in characters.
    """

    def __init__(self, fold: Folder, most_name: int = 30) -> None:
        self.accounts: dict[str, Account] = {}
        self.erased: dict[str, str] = {}
        """Accounts that are erased, by id, and by which stamp."""
        self.bots: dict[str, dict[str, None]] = {}
        """The ids of those that belong to an account, by its id."""
        self.servers: dict[SID, FullServer] = {}
        self.processes_changed = False
        """Whether one was told what it is called, or which server's process it is, since somebody looked."""
        self.channels = RegisteredChannels(fold)
        self.hooks = Hooks()
        self.bans = RecordedBans(fold)
        self.filters = RecordedFilters(fold)
        self.invites = Invites()
        self.shields = OPEN
        self.most_name = most_name
        self._fold = fold
        self._names: dict[str, Claimants] = {}
        self._certificates: dict[str, Claimants] = {}
        self._hosts: dict[str, Claimants] = {}
        self._lost: dict[str, Account] = {}  # by what they are called instead, folded

    # who has what

    def account(self, entity: str | None) -> Account | None:
        """The account of this id."""
        return None if entity is None else self.accounts.get(entity)

    def owner(self, folded: str) -> Account | None:
        """Whose name or grouped nick it is: who asked first."""
        found = self._names.get(folded)
        return min(found, key=lambda each: self._asked(each, folded)) if isinstance(found, tuple) else found

    def asking(self, folded: str) -> list[Account]:
        """All who ask for a name, the owner first."""
        found = self._names.get(folded, ())
        claimants = found if isinstance(found, tuple) else (found,)
        return sorted(claimants, key=lambda each: self._asked(each, folded))

    def named(self, name: str) -> Account | None:
        """The account of a name or nick as people write it, or which is shown by it."""
        folded = self._fold(name)
        return self._lost.get(folded) if MARK in name else self.owner(folded)

    def certified(self, fingerprint: str) -> Account | None:
        """The account that a certificate logs in to: which had it first."""
        found = self._certificates.get(fingerprint)
        if isinstance(found, tuple):
            return min(found, key=lambda each: (each.certificates[fingerprint], each.id))
        return found

    def has_host(self, host: str, other_than: Account) -> bool:
        """Whether others have a vhost, on or off."""
        return self._hosts.get(host, other_than) is not other_than

    def since(self, account: Account, folded: str) -> str:
        """Since when, as a stamp, an account asks for a name that it asks for."""
        return self._asked(account, folded)[0]

    def _asked(self, account: Account, folded: str) -> tuple[str, str]:
        """Since when an account asks for a name, by which claimants are sorted."""
        sinces = [since for since in (account.nicks.get(folded),) if since is not None]
        if self._fold(account.name) == folded:
            sinces.append(account.since)
        return min(sinces), account.id

    def touched(self, records: Iterable[Record]) -> frozenset[str]:
        """The entities that are not what they were when `records` are taken."""
        found = set[str]()
        for record in records:
            found.add(record.entity)
            if record.entity[0] in (BAN, HOOK):
                continue
            if record.entity[0] == CHANNEL:
                found |= self.channels.touched(record)
                continue
            name, key = split(record.field)
            if name in _OF_BOTS:
                found.update(self.bots.get(record.entity, ()))
            if name not in _OF_NAMES:
                continue
            account = self.accounts.get(record.entity)
            names = set() if account is None else {self._fold(account.name)}
            if name == values.NICK:
                names.add(key)
            elif name == values.NAME and record.value is not None:
                with suppress(ValueError):
                    names.add(self._fold(Named.read(record.value).name))
            elif name == STATUS and account is not None:
                names.update(account.nicks)
            for each in names:
                claimants = self._names.get(each, ())
                found.update(one.id for one in (claimants if isinstance(claimants, tuple) else (claimants,)))
        return frozenset(found)

    # changes

    def load(self, records: Iterable[Record]) -> None:
        """Take all that is stored, at the start."""
        entity, new = "", None
        bans: list[Record] = []
        for record in records:
            if record[0][0] == BAN:
                if record[0] == SHIELDS:
                    self._raise_shields(record)
                elif record[1] == FILTER:
                    self._take_filter(record)
                bans.append(record)
                continue
            if record[0] != entity:
                entity = record[0]
                new = None if entity[0] != ACCOUNT or entity in self.accounts else self._make(entity)
            if new is None or not self._begin(new, record):
                self._take(record)
        self.bans.load(bans)
        for bots in self.bots.values():
            self._stand(bots)
        for folded in [folded for folded, found in self._names.items() if isinstance(found, tuple)]:
            self._show(folded)

    def _take_filter(self, record: Record) -> None:
        with suppress(ValueError):  # as of a ban
            self.filters.take(record)

    def _begin(self, account: Account, record: Record) -> bool:
        """Take what a new account has in nearly all cases, without regard to what it might have had before.

        False if it is something else.
        """
        _, field, _, value = record
        try:
            if value is None:
                return False
            if field == values.NAME and not account.name:
                since, name = Named.parts(value)
                if MARK in name:
                    return False
                account.since, account.name = since, AccountName(name)
                account.shown = account.name
                # Nearly always it is what it is folded to; the function remembers names, and these are new.
                plain = name.isalnum() and name.isascii() and name.islower()
                folded = name if plain else self._fold(name)
            elif field == values.CREATED:
                account.created = Created.moment(value)
                return True
            elif field.startswith(_NICK) and not account.nicks and "\\" not in field:
                folded = field[len(_NICK) :]
                account.nicks = Single(folded, Named.parts(value)[0])
            else:
                return False
        except ValueError:
            return False
        found = self._names.setdefault(folded, account)
        if found is not account:
            self._enter(self._names, folded, account)
        return True

    def take(self, records: Iterable[Record]) -> None:
        """Take what is news, in this order."""
        for record in records:
            for folded in self._take(record):
                self._show(folded)

    def resize(self, most_name: int) -> None:
        """Show names of another length from now on."""
        if most_name != self.most_name:
            self.most_name = most_name
            for account in list(self.accounts.values()):
                self._show(self._fold(account.name))

    def _take(self, record: Record) -> tuple[str, ...]:
        """Take one record; returns the folded names whose owner may be another one now."""
        entity, field, stamp, value = record
        if entity[0] != ACCOUNT:
            if entity[0] == CHANNEL:
                self.channels.take(record)
            elif entity[0] == SERVER:
                self._hear(record)
            elif entity[0] == HOOK:
                self.hooks.take(record)
            elif entity[0] == INVITE:
                self.invites.take(record)
            elif entity[0] == BAN:
                if entity == SHIELDS:
                    self._raise_shields(record)
                with suppress(ValueError):  # of a version to come, say
                    self.bans.take(record)
                self._take_filter(record)
            return ()
        account = self.accounts.get(entity) or self._make(entity)
        name, key = split(field)
        try:
            return self._note(account, name, key, value, stamp)
        except ValueError:
            return ()  # of a version to come, say: it is kept in the store, and means nothing here

    def _raise_shields(self, record: Record) -> None:
        if record.field == shields_values.FIELD and record.value is not None:
            with suppress(ValueError):  # of a version to come, say
                value = shields_values.ShieldsValue.read(record.value)
                self.shields = Shields(value.level, value.set, value.until or None, value.by, value.reason)

    def processes(self) -> dict[str, str]:
        """The names of servers that are processes of another one, and its name."""
        servers = self.servers
        return {
            each.name: servers[each.machine].name
            for each in servers.values()
            if each.machine != each.sid and each.machine in servers and servers[each.machine].name
        }

    def _make(self, entity: str) -> Account:
        account = self.accounts[entity] = Account(entity)
        return account

    def _hear(self, record: Record) -> None:
        """What is told of a full server."""
        sid = SID(record.entity[1:].upper())
        server = self.servers.setdefault(sid, FullServer(sid))
        self.processes_changed |= record.field in (values.NAME, MACHINE)
        if record.field == values.NAME and record.value is not None:
            server.name = record.value
        elif record.field == HEARD and record.value is not None and record.value.isdecimal():
            server.heard = int(record.value)
        elif record.field == GONE:
            server.gone = record.value is not None
        elif record.field == MACHINE:
            server.machine = sid if record.value is None else SID(record.value.upper())

    def _note(self, account: Account, name: str, key: str, value: str | None, stamp: str) -> tuple[str, ...]:
        if name == values.NAME and value is not None:
            return self._name(account, Named.read(value))
        if name == values.CREATED and value is not None:
            account.created = Created.read(value).at
        elif name == values.NICK:
            since = None if value is None else Named.read(value).since
            account.nicks = _with(account.nicks, key, since)
            if since is not None:
                self._enter(self._names, key, account)
            elif self._fold(account.name) != key:
                self._leave(self._names, key, account)
            return (key,)
        elif name == STATUS and value is not None:
            _set(account, said=Status.read(value))
            if account.said.state is State.ERASED:
                account.status = account.said
                self.erased[account.id] = stamp
                return self._erase(account)
            self._stand_anew(account)
        else:
            self._note_besides(account, name, key, value, stamp)
        return ()

    def _name(self, account: Account, named: Named) -> tuple[str, ...]:
        """What it asks for is another name, or the first one."""
        before, after = account.name, self._fold(named.name)
        self._call(account, named.name)
        account.name, account.since = account.shown, named.since
        self._enter(self._names, after, account)
        if not before:
            return (after,)
        left = self._fold(before)
        if left != after and left not in account.nicks:
            self._leave(self._names, left, account)
        return left, after

    def _note_besides(self, account: Account, name: str, key: str, value: str | None, stamp: str) -> None:
        known = account.besides
        if name == values.CERTIFICATE:
            since = None if value is None else Certificate.read(value).since
            _set(account, certificates=_with(known.certificates, key, since))
            (self._leave if since is None else self._enter)(self._certificates, key, account)
        elif name == values.SUSPENSION:
            suspension = None if value is None else Suspension.read(value)
            _set(account, suspension=suspension)
            self._stand_anew(account)
        elif name == values.VHOST:
            vhost = None if value is None else Vhost.read(value)
            self._leave_host(account)
            _set(account, vhost=vhost)
            if vhost is not None:
                self._enter(self._hosts, vhost.host, account)
        elif name == values.OWNER:
            owner = values.owner_of(key)
            self._belong(account, "" if value is None else owner)
            self._stand((account.id,))
        elif name == values.SETTING and key in KEPT_SETTINGS:
            _set(account, settings=_with(known.settings, key, value))
        elif name == META and is_key(key) and (value is None or is_value(value)):
            _set(account, metadata=with_word(known.metadata, key, Word(stamp, value)))

    def _erase(self, account: Account) -> tuple[str, ...]:
        del self.accounts[account.id]
        self._call(account, account.name)
        names = self._fold(account.name), *account.nicks
        for folded in names:
            self._leave(self._names, folded, account)
        for fingerprint in account.certificates:
            self._leave(self._certificates, fingerprint, account)
        self._leave_host(account)
        self._belong(account, "")
        self._stand(self.bots.get(account.id, ()))
        return names

    def _belong(self, account: Account, owner: str) -> None:
        """Have it be a bot of an account, or of nobody."""
        others = self.bots.get(account.owner)
        if others is not None and others.pop(account.id, account) is None and not others:
            del self.bots[account.owner]
        _set(account, owner=owner)
        if owner:
            self.bots.setdefault(owner, {})[account.id] = None

    def _stand_anew(self, account: Account) -> None:
        """Something else is said of what an account is: find out what it is, and its bots are."""
        if account.owner or account.id in self.bots:
            self._stand((account.id, *self.bots.get(account.id, ())))
        else:  # nearly all
            account.status = _standing(account)

    def _stand(self, entities: Iterable[str]) -> None:
        """Find out what accounts are, by what is said of each, and of its owner.

        An owner of whom nothing is known yet is no matter, nor is whose bot the owner may be.
        """
        for entity in entities:
            account = self.accounts.get(entity)
            if account is None:
                continue
            owner = self.accounts.get(account.owner)
            theirs = ACTIVE if owner is None else _standing(owner)
            if account.owner in self.erased:
                theirs = _DROPPED
            account.status = max(theirs, _standing(account), key=_gravity)

    def _leave_host(self, account: Account) -> None:
        if account.vhost is not None:
            self._leave(self._hosts, account.vhost.host, account)

    @staticmethod
    def _enter(index: dict[str, Claimants], key: str, account: Account) -> None:
        found = index.get(key)
        if found is None:
            index[key] = account
        elif isinstance(found, tuple):
            if account not in found:
                index[key] = (*found, account)
        elif found is not account:
            index[key] = (found, account)

    @staticmethod
    def _leave(index: dict[str, Claimants], key: str, account: Account) -> None:
        found = index.get(key)
        if found is account:
            del index[key]
        elif isinstance(found, tuple):
            others = tuple(each for each in found if each is not account)
            index[key] = others if len(others) > 1 else others[0]

    def _show(self, folded: str) -> None:
        """Find out what those are called who have a name for their own, or would have it."""
        if folded not in self._names:
            return
        owner, *others = self.asking(folded)
        if self._fold(owner.name) == folded:
            self._call(owner, owner.name)
        losers = [each for each in others if self._fold(each.name) == folded]
        ids = [each.id for each in losers]
        for each in losers:
            self._call(each, shown_lost(each.name, each.id, ids, self.most_name))

    def _call(self, account: Account, shown: str) -> None:
        if MARK in account.shown and self._lost.get(before := self._fold(account.shown)) is account:
            del self._lost[before]
        account.shown = AccountName(shown)
        if MARK in shown:
            self._lost[self._fold(shown)] = account


def _set(account: Account, **given: Any) -> None:
    """Have an account something besides; what has nothing shares that."""
    besides = account.besides._replace(**given)
    account.besides = _NOTHING_BESIDES if besides == _NOTHING_BESIDES else besides


def _gravity(status: Status) -> tuple[int, float]:
    """By which of two things that are said of an account the graver one holds; of equal ones the first."""
    grave = (State.SUSPENDED, State.PENDING, State.DROPPED, State.ERASED)
    return (grave.index(status.state) + 1 if status.state in grave else 0), status.until or inf


def _standing(account: Account) -> Status:
    """What an account is, by its status and by its suspension."""
    return account.said if account.suspension is None else account.suspension.on(account.said)
