"""Claims that are known beside those of the users: a person may be several, until all servers know of all.

The smallest claim is the user (``rules/heirs.py``).  What a line says of the user of another one is said of
the same person: where it names such a UID, that of the user is read in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from chatnet.model.entities import Person, User
from chatnet.model.ids import UID
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.heirs import Claim
from chatnet.rules.stamps import NEVER, read

MOST_NOTED: Final = 64
"""Lines of a user's own server that are noted of one alias; more come in seconds only of who is mad."""
FORMER: Final = 1000
"""UIDs of claims that are over of which it is known whose they were."""
LISTED: Final = frozenset({"CNSTAMP", "SJOIN", "TMODE"})
"""Verbs whose last parameter, behind a colon, names users."""
OF_CLAIMS: Final = frozenset(
    {"CNAWAY", "CNCOPY", "CNDO", "CNDONE", "CNPERSON", "CNRISE", "CNSEAT", "CNSIT", "EUID", "UID"}
)
"""Verbs that speak of this very claim."""
_UIDS: Final = re.compile(rb"(?<![0-9A-Z])[0-9][0-9A-Z]{8}(?![0-9A-Z])")
"""What may be a UID in a line: there may be many aliases, when halves of a network meet."""


def claim_of(user: User) -> Claim:
    """The claim of a user who is a person."""
    assert user.person is not None
    return Claim(read(user.person.began) or NEVER, user.server.sid, user.uid)


class Alias:
    """A claim of a person who is another user: `user` is as its server introduced it, and on no network.

    `noted` are lines by which that server says since what became of it.
    """

    __slots__ = ("claim", "noted", "user")

    def __init__(self, user: User) -> None:
        self.user = user
        self.claim = claim_of(user)
        self.noted: list[bytes] = []

    @property
    def person(self) -> Person:
        """Who claims to be it."""
        assert self.user.person is not None
        return self.user.person

    def note(self, raw: bytes) -> None:
        """Its server says something of it, which counts if it becomes the user."""
        if len(self.noted) < MOST_NOTED:
            self.noted.append(raw)


class Former(NamedTuple):
    """A claim that is over: of which person, and the servers that spoke for them by it."""

    key: str
    places: tuple[Server, ...]


class Claims:
    """All of them: `aliases` by their UIDs, which is empty nearly always.

    A server with sessions of somebody may name a claim that is over, until it hears of that.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.aliases: dict[UID, Alias] = {}
        self._former: dict[UID, Former] = {}
        self._of: dict[str, list[Alias]] = {}

    def add(self, alias: Alias) -> None:
        """One more is known."""
        self.aliases[alias.user.uid] = alias
        self._of.setdefault(alias.person.key, []).append(alias)

    def remove(self, alias: Alias) -> None:
        """It is taken back, or its server is lost, or it is the user now."""
        del self.aliases[alias.user.uid]
        self.ended(alias.user.uid, Former(alias.person.key, alias.user.places))
        left = self._of[alias.person.key]
        left.remove(alias)
        if not left:
            del self._of[alias.person.key]

    def of(self, key: str) -> list[Alias]:
        """The others of the person of a key, the smallest first."""
        return sorted(self._of.get(key, ()), key=lambda alias: alias.claim) if self._of else []

    def ended(self, uid: UID, former: Former) -> None:
        """A claim is over, and the person may be the user of another one."""
        self._former[uid] = former
        if len(self._former) > FORMER:
            del self._former[next(iter(self._former))]

    def meant(self, uid: UID) -> User | None:
        """The user whom a UID names, or named when whoever says it had not heard more."""
        if (user := self._network.users.get(uid)) is not None:
            return user
        key = self.key(uid)
        return None if key is None else self._network.persons.get(key)

    def key(self, uid: UID) -> str | None:
        """The person whose claim a UID is, or was until a moment ago; they may be nobody now."""
        if (alias := self.aliases.get(uid)) is not None:
            return alias.person.key
        former = self._former.get(uid)
        return None if former is None else former.key

    def places(self, user: User, uid: UID | None = None) -> Iterator[Server]:
        """All servers that may speak for a user: those of all claims, and their seats.

        If they are named by the `uid` of a claim that is over, those of that one as well.
        """
        if uid is not None and (former := self._former.get(uid)) is not None:
            yield from former.places
        yield from user.places
        if self._of and user.person is not None:
            for alias in self._of.get(user.person.key, ()):
                yield from alias.user.places

    def renamed(self, raw: bytes, verb: str) -> bytes:
        """A line as if it named the user where it names an alias."""
        if verb in OF_CLAIMS or verb == "QUIT":
            return raw
        for name in dict.fromkeys(_UIDS.findall(raw)):
            alias = self.aliases.get(UID(name.decode()))
            user = None if alias is None else self._network.persons.get(alias.person.key)
            if user is not None:
                raw = _renamed(raw, name, user.uid.encode(), everywhere=verb in LISTED)
        return raw


def _renamed(raw: bytes, old: bytes, new: bytes, *, everywhere: bool) -> bytes:
    tags, space, body = raw.partition(b" ") if raw.startswith(b"@") else (b"", b"", raw)
    if everywhere:
        return tags + space + body.replace(old, new)
    head, colon, last = body[1:].partition(b" :")
    words = [new if word == old else word for word in head.split(b" ")]
    return tags + space + body[:1] + b" ".join(words) + colon + last if body.startswith(b":") else raw
