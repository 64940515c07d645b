"""Records of what another program kept: always the same ones for the same file, on whichever server.

Ids are made of what the other program calls an account, and of when it was registered there; stamps are that
time, and name a server that there is not.  So whatever is said here is later, and importing twice is nothing.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from chatnet.importing.neutral import ForeignAccount, ForeignChannel, Found, Suspension, Target
from chatnet.records import accounts as values
from chatnet.records import channels
from chatnet.records.accounts import (
    ACTIVE,
    Certificate,
    Created,
    Email,
    Mark,
    Named,
    State,
    Status,
    Verifier,
    Vhost,
)
from chatnet.records.channels import KICK, REGISTER, Access, Akick
from chatnet.records.channels import Entry as ListValue
from chatnet.records.channels import Topic as TopicValue
from chatnet.records.grammar import ACCOUNT, CHANNEL, STATUS, field, fixed, is_record
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import complete_mask
from chatnet.wire.names import is_hostname, is_mail_address
from chatnet.wire.server_time import DAY
from chatnet.wire.text import cut, one_line

SID: Final = "000"
"""The server of the stamps."""
VERIFY: Final = 7 * DAY
"""Seconds that somebody has to show that an address is theirs who had not done so there."""
_TEXT: Final = 400
"""Bytes of a reason or a note."""
_TOPIC: Final = 390
_NOBODY: Final = "*"

Hash = Callable[[str, bytes], str]
"""Makes a verifier of a password, with a salt."""


class Rules(NamedTuple):
    """What records have to keep to on a server: how it folds names, its hour, and how it hashes."""

    fold: Folder
    now: int
    hash: Hash
    most_nick: int
    most_user: int


class Made(NamedTuple):
    """The records of one account or channel, and what could not become one."""

    entity: str
    records: list[Record]
    lost: list[str]


def entity_of(kind: str, source: str, key: str, registered: int) -> str:
    """The id: 100 bits of what tells it from all others."""
    digest = blake2b(f"{source}\0{kind}\0{key}\0{registered}".encode(), digest_size=13).digest()
    return kind + b32encode(digest).decode().lower()[:20]


def stamp_at(at: int, now: int) -> str:
    """The stamp of something at the Unix time `at`; nothing is later than now."""
    return fixed(Stamp(min(at, now) * 1000, 0, SID).text)


class Writer:
    """Makes records of all that is in a file."""

    def __init__(self, found: Found, rules: Rules) -> None:
        self._found = found
        self._rules = rules
        self.ids = {
            key: entity_of(ACCOUNT, found.source, account.key, account.registered)
            for key, account in found.accounts.items()
        }
        """The ids of accounts, by their keys."""

    def account(self, account: ForeignAccount) -> Made:
        """The records of an account."""
        rules, stamp = self._rules, stamp_at(account.registered, self._rules.now)
        made = _Maker(self.ids[account.key], stamp)
        made.add(values.NAME, Named(stamp, account.name).text)
        made.add(values.CREATED, Created(min(account.registered, rules.now), SID).text)
        made.add(STATUS, (Status(State.PENDING, rules.now + VERIFY) if account.pending else ACTIVE).text)
        self._suspend(account.suspended, made)
        if account.password is not None:
            form = account.password.verifier
            if account.password.plain:
                # The same salt whenever it is imported, or it would be a change of the password.
                salt = blake2b(made.entity.encode(), digest_size=16, person=b"chatnet import").digest()
                form = rules.hash(account.password.plain, salt)
            made.add(values.VERIFIER, Verifier((), form).text)
        if is_mail_address(account.email):
            made.add(values.EMAIL, Email(not account.pending, account.email).text)
        elif account.email:
            made.lost.append(f"{account.email} is no address for mail")
        for nick, since in account.nicks.items():
            begin = stamp_at(since or account.registered, rules.now)
            made.add(field(values.NICK, rules.fold(nick)), Named(begin, nick).text)
        for text in account.certificates:
            fingerprint = text.replace(":", "").lower()
            if values.is_fingerprint(fingerprint):
                made.add(field(values.CERTIFICATE, fingerprint), Certificate(stamp, "").text)
            else:
                made.lost.append("a certificate is told by another hash than SHA-256")
        if is_hostname(account.vhost):
            made.add(values.VHOST, Vhost(True, account.vhost).text)
        elif account.vhost:
            made.lost.append(f"{account.vhost} is no host that one can have here")
        # (Where it is not known it is not older than this, or the account would end as nobody's.)
        made.add(values.SEEN, str(min(account.seen or rules.now, rules.now) // DAY))
        for key, text in account.settings.items():
            made.add(field(values.SETTING, key), text)
        if account.mark is not None:
            by, note = account.mark
            made.add(values.MARK, Mark(_word(by), cut(note, _TEXT)).text)
        return made.done()

    def _suspend(self, suspended: Suspension | None, made: _Maker) -> None:
        if suspended is not None and not 0 < suspended.until <= self._rules.now:
            by, reason = _word(suspended.by), cut(suspended.reason, _TEXT)
            made.add(values.SUSPENSION, values.Suspension(suspended.until, by, reason).text)

    def channel(self, channel: ForeignChannel) -> Made:
        """The records of a channel."""
        rules, stamp = self._rules, stamp_at(channel.registered, self._rules.now)
        entity = entity_of(CHANNEL, self._found.source, channel.key, channel.registered)
        made = _Maker(entity, stamp)
        made.add(values.NAME, Named(stamp, channel.name).text)
        made.add(values.CREATED, Created(min(channel.registered, rules.now), SID).text)
        made.add(STATUS, ACTIVE.text)
        self._suspend(channel.suspended, made)
        # (Where it is not known it is not older than this, or it would end as nobody's.)
        made.add(channels.USED, str(min(channel.used or rules.now, rules.now) // DAY))
        made.add(channels.TS, str(min(channel.ts or channel.registered, rules.now)))
        for name, key in ((channels.FOUNDER, channel.founder), (channels.SUCCESSOR, channel.successor)):
            if key in self.ids:
                made.add(name, self.ids[key])
            elif key:
                made.lost.append(f"its {name} is an account that is left out")
        letters: dict[str, Access] = {}
        for entry in channel.access:
            target = self._target(entry.target, made)
            if not target:
                continue
            known = letters.get(target, Access("", min(entry.at, rules.now), _word(entry.by)))
            letters[target] = known._replace(letters="".join(sorted({*known.letters, *entry.letters})))
        for target, access in letters.items():
            made.add(field(channels.FLAGS, target), access.text)
        for kept in channel.akicks:
            if target := self._target(kept.target, made):
                akick = Akick(kept.until, KICK, _word(kept.by), cut(kept.reason, _TEXT))
                made.add(field(channels.AKICK, target), akick.text)
        for name, text in channel.templates.items():
            made.add(field(channels.TEMPLATE, name), text)
        for key, text in channel.settings.items():
            made.add(field(values.SETTING, key), cut(text, _TEXT))
        self._registers(channel, made)
        return made.done()

    def _registers(self, channel: ForeignChannel, made: _Maker) -> None:
        """The modes, lists and topic that it had, each since when it had them."""
        now = self._rules.now
        for letter, parameter in channel.modes.items():
            made.add(field(REGISTER, letter), parameter)
        for entry in channel.lists:
            mask = entry.mask if entry.mask.startswith("$") else self._mask(entry.mask)
            name = field(REGISTER, f"{entry.letter}:{self._rules.fold(mask)}")
            stamp = stamp_at(entry.at or channel.registered, now)
            made.add(name, ListValue(_word(entry.by), mask).text, stamp)
        if channel.topic is not None:
            text = TopicValue(_word(channel.topic.by), cut(channel.topic.text, _TOPIC)).text
            made.add(field(REGISTER, "topic"), text, stamp_at(channel.topic.at, now))

    def _mask(self, text: str) -> str:
        return complete_mask(text, self._rules.most_nick, self._rules.most_user)

    def _target(self, target: Target, made: _Maker) -> str:
        """The key of an entry; empty if it is of an account that is left out."""
        if not target.key:
            return self._rules.fold(self._mask(target.mask))
        if target.key not in self.ids:
            made.lost.append("an account that is left out has access, or is kept out")
        return self.ids.get(target.key, "")


class _Maker:
    def __init__(self, entity: str, stamp: str) -> None:
        self.entity = entity
        self.lost: list[str] = []
        self._stamp = stamp
        self._records: dict[str, Record] = {}

    def add(self, name: str, value: str, stamp: str = "") -> None:
        record = Record(self.entity, name, stamp or self._stamp, value)
        if is_record(record):
            self._records[name] = record
        else:
            self.lost.append(f"its field {name.partition(':')[0]} is longer than can be kept")

    def done(self) -> Made:
        return Made(self.entity, list(self._records.values()), self.lost)


def _word(text: str) -> str:
    """Who did something, as one word."""
    return cut(one_line(text).replace(" ", "_"), 100) or _NOBODY
