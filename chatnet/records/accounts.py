"""What stands in the fields of an account's records: each kind of value is read from its text, and written.

Reading raises ValueError for what is no such value; the record is kept all the same, and means nothing.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from chatnet.records.grammar import ERASED, is_entity, is_stamp

NAME: Final = "name"
CREATED: Final = "created"
VERIFIER: Final = "verifier"
EMAIL: Final = "email"
CODE: Final = "code"
NICK: Final = "nick"
CERTIFICATE: Final = "cert"
TOKEN: Final = "token"
OWNER: Final = "owner"
SETTING: Final = "set"
VHOST: Final = "vhost"
SEEN: Final = "seen"
MARK: Final = "mark"

MOST_PAST: Final = 4
"""Stamps that a verifier remembers of those before it."""
_SHA256: Final = re.compile("[0-9a-f]{64}")
_NUMBER: Final = re.compile("[0-9]{1,15}", re.ASCII)


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _stamp(text: str) -> str:
    if not is_stamp(text):
        raise ValueError(f"{text!r} is no stamp")
    return text


def _hash(text: str) -> str:
    if _SHA256.fullmatch(text) is None:
        raise ValueError("it is no SHA-256 in hex")
    return text


def _words(text: str, count: int) -> list[str]:
    """So many words, of which the last may be empty or have spaces in it."""
    words = text.split(" ", count - 1)
    if len(words) != count or not all(words[:-1]):
        raise ValueError(f"it is not {count} words")
    return words


def is_fingerprint(text: str) -> bool:
    """Whether it is a SHA-256 of 64 hex digits in lower case."""
    return _SHA256.fullmatch(text) is not None


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
        since, name = _words(text, 2)
        if not name or " " in name:
            raise ValueError("there is no name")
        return cls(_stamp(since), name)


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
        at, sid = _words(text, 2)
        return cls(_number(at), sid)


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
        past, form = _words(text, 2)
        return cls(() if past == "-" else tuple(map(_stamp, past.split(","))), form)


class State(Enum):
    """What an account, or a registered channel, is."""

    ACTIVE = "active"
    PENDING = "pending"
    SUSPENDED = "suspended"
    DROPPED = "dropped"
    ERASED = ERASED


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

    @classmethod
    def read(cls, text: str) -> Status:
        """What a record says."""
        word, _, rest = text.partition(" ")
        state = State(word)
        if state is State.PENDING:
            return cls(state, _number(rest))
        if state is State.SUSPENDED:
            until, by, reason = _words(rest, 3)
            if reason[:1] != ":":
                raise ValueError("there is no reason")
            return cls(state, _number(until), by, reason[1:])
        if rest:
            raise ValueError(f"{word} stands alone")
        return cls(state)


ACTIVE: Final = Status(State.ACTIVE)


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
        verified, address = _words(text, 2)
        if verified not in ("0", "1") or not address:
            raise ValueError("it is no address")
        return cls(verified == "1", address)


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
        code, until = _words(text, 2)
        return cls(_hash(code), _number(until))


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
        since, label = _words(text, 2)
        return cls(_stamp(since), label)


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
        token, made, until, scope, label = _words(text, 5)
        return cls(_hash(token), _number(made), _number(until), scope, label)


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
        on, host = _words(text, 2)
        if on not in ("0", "1") or not host:
            raise ValueError("it is no host")
        return cls(on == "1", host)


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
        by, note = _words(text, 2)
        if note[:1] != ":":
            raise ValueError("there is no note")
        return cls(by, note[1:])


def owner_of(text: str) -> str:
    """The account that a bot belongs to: the key of ``owner:<id>``."""
    if not is_entity(text) or text[0] != "a":
        raise ValueError("it is no account")
    return text
