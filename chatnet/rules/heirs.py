"""Who is the user, of several that one person has become while servers were apart, and who takes over whom?

A person is introduced by one server; that is a claim.  Where two know nothing of each other there are two,
and when they meet the smallest is the user.  When the server is lost and nobody else claims the person, an
heir does so, under a UID of its own.  Whoever knows the same claims decides the same, whatever came first:
``tests/person_model.py`` holds that against chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import NamedTuple

from chatnet.model.ids import SID, UID
from chatnet.rules.stamps import Stamp


class Claim(NamedTuple):
    """That a person is the user `uid` of the server `sid`, since a stamp, which is taken as it is."""

    began: Stamp
    sid: SID
    uid: UID


def user_of(claims: Iterable[Claim]) -> Claim | None:
    """The one that holds: the smallest, which is the oldest; None of none."""
    return min(claims, default=None)


def heir(person: str, places: Collection[SID], able: Collection[SID]) -> SID | None:
    """Which server takes over the person of this account key; None if none can.

    `places` are the servers that can be reached and have sessions of theirs; where there are none, `able` are
    those that take over people.  One after the other of their people goes to another of them.
    """
    return max(places or able, key=lambda sid: _weight(person, sid), default=None)


def _weight(person: str, sid: SID) -> bytes:
    return blake2b(f"{person} {sid}".encode(), digest_size=16).digest()


def may_take_over(sessions: int, *, stays: bool, hosts: bool) -> bool:
    """Whether a server takes over somebody whom nobody claims: it has sessions of theirs, or they are always
    on, and it takes over such people."""
    return sessions > 0 or (stays and hosts)
