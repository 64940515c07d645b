"""People who have sessions on several servers; between chatnet servers only that know of such (CNSEAT)."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model.entities import User
from chatnet.model.facts import UserMoved
from chatnet.model.server import Server

PERSON: Final = "chatnet/person"
"""The tag of an introduction with the key of the account of which the user is the person."""
BEGAN: Final = "chatnet/began"
"""The tag with the stamp of the introduction: of several users who are one person the oldest is."""
STAYS: Final = "chatnet/stays"
"""The tag ``chatnet/stays=1``: they stay without a session."""


class Persons(Base):
    """CNSEAT, and what an introduction says of a person."""

    __slots__ = ()

    def person(self, user: User) -> bytes:
        """``chatnet/person=<account key>;chatnet/began=<stamp>[;chatnet/stays=1]``; empty for others."""
        person = user.person
        if person is None or not self.seats:
            return b""
        tags = f"{PERSON}={person.key};{BEGAN}={person.began}"
        return f"{tags};{STAYS}=1".encode() if person.stays else tags.encode()

    def moved_away(self, fact: UserMoved) -> bytes:
        """``:<uid> QUIT :Moved``, to who is told of the same person as of another user next."""
        return b":%b QUIT :Moved" % encode(fact.old_uid)

    def seat(self, user: User, server: Server, stamp: str, *, taken: bool) -> bytes:
        """``:<host sid> CNSEAT <uid> <sid> (+|-) <stamp>``

        That server has sessions of the user, or none any more; to all, by the server that the user is on.
        """
        return b":%b CNSEAT %b %b %b %b" % (
            encode(user.server.sid), encode(user.uid), encode(server.sid), b"+" if taken else b"-",
            stamp.encode(),
        )  # fmt: skip
