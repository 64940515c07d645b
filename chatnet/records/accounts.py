"""What stands in the fields of an account's records: each kind of value is read from its text, and written.

Reading raises ValueError for what is no such value; the record is kept all the same, and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from chatnet.records.grammar import ACCOUNT, STAMP, is_entity
from chatnet.records.value_parts import flag, is_sha256, number, remark, sha256, stamp, word, words
from chatnet.storage.record import Record
from chatnet.wire.names import is_sid

NAME: Final = "name"
CREATED: Final = "created"
VERIFIER: Final = "verifier"
EMAIL: Final = "email"
CODE: Final = "code"
RESET: Final = "reset"
"""The purpose of a code by which somebody chooses another password."""
NICK: Final = "nick"
CERTIFICATE: Final = "cert"
TOKEN: Final = "token"
OWNER: Final = "owner"
SETTING: Final = "set"
VHOST: Final = "vhost"
SEEN: Final = "seen"
MARK: Final = "mark"
SUSPENSION: Final = "suspended"

MOST_PAST: Final = 4
"""Stamps that a verifier remembers of those before it."""


_NAMED: Final = re.compile(rf"({STAMP}) ([^ ]+)", re.ASCII)
_CREATED: Final = re.compile(r"([0-9]{1,15}) [0-9][0-9A-Z]{2}", re.ASCII)


def is_fingerprint(text: str) -> bool:
    """Whether it is a SHA-256 of 64 hex digits in lower case."""
    return is_sha256(text)


class Named(NamedTuple):
    """``<since> <name>``: a name that is asked for, since a stamp (fields `name`, `nick:<folded>`)."""

    since: str
    name: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.since} {self.name}"

    @classmethod
    def read(cls, text: str) -> Named:
        """What a record says."""
        return cls(*cls.parts(text))

    @staticmethod
    def parts(text: str) -> Sequence[str]:
        """The same, not put together: when a server starts there are hundreds of thousands of them."""
        found = _NAMED.fullmatch(text)
        if found is None:
            raise ValueError("it is no stamp and a name")
        return found.groups()


class Created(NamedTuple):
    """``<unix s> <sid>``"""

    at: int
    sid: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.at} {self.sid}"

    @classmethod
    def read(cls, text: str) -> Created:
        """What a record says."""
        at, sid = words(text, 2)
        if not is_sid(sid):
            raise ValueError(f"{sid!r} is no server")
        return cls(number(at), sid)

    @staticmethod
    def moment(text: str) -> int:
        """When it was alone: when a server starts there are hundreds of thousands of them."""
        found = _CREATED.fullmatch(text)
        if found is None:
            raise ValueError("it is no time and a server")
        return int(found[1])


class Verifier(NamedTuple):
    """``<past> <form>``: what a password is checked with, and the stamps of the last ones that it followed.

    `form` is ``SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`` (Base64; RFC 5803, section 3), or
    one of another kind.  It is a secret.
    """

    past: tuple[str, ...]
    form: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{','.join(self.past) or '-'} {self.form}"

    def __repr__(self) -> str:
        return "<Verifier>"

    @classmethod
    def read(cls, text: str) -> Verifier:
        """What a record says."""
        past, form = words(text, 2)
        return cls(() if past == "-" else tuple(map(stamp, past.split(","))), word(form))


class State(Enum):
    """What an account, or a registered channel, is."""

    ACTIVE = "active"
    PENDING = "pending"
    SUSPENDED = "suspended"
    DROPPED = "dropped"
    ERASED = "erased"


class Status(NamedTuple):
    """``active``, ``pending <unix s>``, ``suspended <unix s or 0> <by> :<reason>``, ``dropped``, ``erased``.

    `until` is when what is pending is over, or the suspension (0: never).
    """

    state: State
    until: int = 0
    by: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """As a record has it."""
        if self.state is State.PENDING:
            return f"pending {self.until}"
        if self.state is State.SUSPENDED:
            return f"suspended {self.until} {self.by} :{self.reason}"
        return str(self.state.value)

    def at(self, now: float) -> State:
        """The state at the Unix time `now`: a suspension that is over is none."""
        over = self.state is State.SUSPENDED and 0 < self.until <= now
        return State.ACTIVE if over else self.state

    @classmethod
    def read(cls, text: str) -> Status:
        """What a record says."""
        name, mark, rest = text.partition(" ")
        state = State(name)
        if state is State.PENDING:
            return cls(state, number(rest))
        if state is State.SUSPENDED:
            until, by, reason = words(rest, 3)
            return cls(state, number(until), by, remark(reason))
        if mark:
            raise ValueError(f"{name} stands alone")
        return ACTIVE if state is State.ACTIVE else cls(state)  # one for all who are


ACTIVE: Final = Status(State.ACTIVE)


class Suspension(NamedTuple):
    """``<unix s or 0> <by> :<reason>``: until when, and why, nobody may use an account or a channel.

    It is a field of its own (`suspended`): whoever gives up what they are kept from, and has it back, on
    another server say, is kept from it still.
    """

    until: int
    by: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.until} {self.by} :{self.reason}"

    def on(self, status: Status) -> Status:
        """What something is that has this status, and is suspended: what is dropped stays dropped."""
        if status.state not in (State.ACTIVE, State.SUSPENDED):
            return status
        return Status(State.SUSPENDED, *self)

    def holds(self, now: float) -> bool:
        """Whether it is not over at the Unix time `now`."""
        return not 0 < self.until <= now

    @classmethod
    def read(cls, text: str) -> Suspension:
        """What a record says."""
        until, by, reason = words(text, 3)
        return cls(number(until), by, remark(reason))


class Email(NamedTuple):
    """``<verified 0/1> <address>``"""

    verified: bool
    address: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{int(self.verified)} {self.address}"

    @classmethod
    def read(cls, text: str) -> Email:
        """What a record says."""
        verified, address = words(text, 2)
        return cls(flag(verified), word(address))


class Code(NamedTuple):
    """``<SHA-256 of the code> <unix s>``: a code that was sent, and until when it may be used."""

    hash: str
    until: int

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.hash} {self.until}"

    @classmethod
    def read(cls, text: str) -> Code:
        """What a record says."""
        code, until = words(text, 2)
        return cls(sha256(code), number(until))


class Certificate(NamedTuple):
    """``<since> <label>``: a certificate that logs in; the label may be empty."""

    since: str
    label: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.since} {self.label}"

    @classmethod
    def read(cls, text: str) -> Certificate:
        """What a record says."""
        since, label = words(text, 2)
        return cls(stamp(since), label)


class Token(NamedTuple):
    """``<SHA-256 hex> <unix s made> <until, unix s, or 0> <scope> <label>``: a password of one program.

    `scope` is one word: ``all``, ``chat``, ``web``, or a list with commas.
    """

    hash: str
    made: int
    until: int
    scope: str
    label: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.hash} {self.made} {self.until} {self.scope} {self.label}"

    @classmethod
    def read(cls, text: str) -> Token:
        """What a record says."""
        token, made, until, scope, label = words(text, 5)
        return cls(sha256(token), number(made), number(until), scope, label)


class Vhost(NamedTuple):
    """``<on 0/1> <host>``"""

    on: bool
    host: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{int(self.on)} {self.host}"

    @classmethod
    def read(cls, text: str) -> Vhost:
        """What a record says."""
        on, host = words(text, 2)
        return cls(flag(on), word(host))


class Mark(NamedTuple):
    """``<by> :<text>``: a note of operators."""

    by: str
    note: str

    @property
    def text(self) -> str:
        """As a record has it."""
        return f"{self.by} :{self.note}"

    @classmethod
    def read(cls, text: str) -> Mark:
        """What a record says."""
        by, note = words(text, 2)
        return cls(by, remark(note))


def owner_of(text: str) -> str:
    """The account that a bot belongs to: the key of ``owner:<id>``."""
    if not is_entity(text) or text[0] != ACCOUNT:
        raise ValueError("it is no account")
    return text


def changed_apart(one: Record, other: Record) -> bool:
    """Whether two verifiers of one account were made by servers of which neither knew the other's.

    Each remembers the last few that it followed; after more changes than that it looks so, too.
    """
    if one.stamp == other.stamp or one.value is None or other.value is None:
        return False
    try:
        return (
            one.stamp not in Verifier.read(other.value).past
            and other.stamp not in Verifier.read(one.value).past
        )
    except ValueError:
        return False
