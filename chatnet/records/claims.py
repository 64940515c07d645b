"""Names: who asked first has one, and the other is shown with a mark.

A pure function of the records, so that all who have the same records agree, and nobody writes one because of
a conflict.  ``~`` is in no nick, so that nobody can ask for a name that is shown so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from chatnet.records import accounts as values
from chatnet.records.accounts import Certificate, Email, Named, Token
from chatnet.records.grammar import ACCOUNT, CHANNEL, INVITE, split
from chatnet.records.invites import FIELD as INVITED
from chatnet.records.invites import InviteValue
from chatnet.storage.record import Claim, Record
from chatnet.wire.casemap import Folder

NAMES: Final = 0
"""Account names and grouped nicks."""
CERTIFICATES: Final = 1
CHANNELS: Final = 2
TOKENS: Final = 3
INVITES: Final = 4
EMAILS: Final = 5
"""Addresses that were verified, in lower case: several accounts may have one, and none is shown for it."""
MARK: Final = "~"
"""What stands in no name that is asked for, and in each that was lost."""
_ASKING: Final = frozenset(
    {values.NAME, values.NICK, values.CERTIFICATE, values.TOKEN, values.EMAIL, INVITED}
)
LEAST: Final = 4
"""Characters of its id that stand behind a name that was lost."""


def claim(record: Record, fold: Folder) -> Claim | None:
    """The name that the entity of `record` asks for by it; None if there is none, or it makes no sense."""
    if record.value is None or record.field.partition(":")[0] not in _ASKING:
        return None
    name, key = split(record.field)
    kind = record.entity[0]
    try:
        if kind == ACCOUNT:
            if name == values.NAME:
                named = _named(record.value)
                return Claim(fold(named.name), NAMES, named.since, record.entity)
            if name == values.NICK and key:
                return Claim(key, NAMES, _named(record.value).since, record.entity)
            if name == values.CERTIFICATE and values.is_fingerprint(key):
                return Claim(key, CERTIFICATES, Certificate.read(record.value).since, record.entity)
            if name == values.EMAIL:
                email = Email.read(record.value)
                if email.verified:
                    return Claim(email.address.lower(), EMAILS, record.stamp, record.entity)
            elif name == values.TOKEN:
                return Claim(Token.read(record.value).hash, TOKENS, record.stamp, record.entity)
        elif kind == CHANNEL and name == values.NAME:
            named = Named.read(record.value)
            return Claim(fold(named.name), CHANNELS, named.since, record.entity)
        elif kind == INVITE and name == INVITED:
            return Claim(InviteValue.read(record.value).secret, INVITES, record.stamp, record.entity)
    except ValueError:
        return None
    return None


def _named(value: str) -> Named:
    named = Named.read(value)
    if MARK in named.name:
        raise ValueError("it looks like a name that was lost")
    return named


def owner(claims: Iterable[Claim]) -> str | None:
    """Which entity has a name that all of `claims` ask for: who asked first."""
    first = min(claims, key=lambda claim: (claim.since, claim.entity), default=None)
    return None if first is None else first.entity


def shown_lost(name: str, entity: str, losers: Collection[str], limit: int) -> str:
    """What an account that lost its `name` is called: ``ann~k3fq``, of at most `limit` characters.

    `losers` are all accounts that lost theirs, whatever it was: names that are cut may be alike.  The part
    behind the mark is as long as it takes to tell them apart.
    """
    length = LEAST
    while any(other[1 : 1 + length] == entity[1 : 1 + length] for other in losers if other != entity):
        length += 2
    return f"{name[: max(limit - 1 - length, 1)]}{MARK}{entity[1 : 1 + length]}"
