"""People who have sessions on several servers; between chatnet servers only that know of such (CNSEAT)."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import Base, encode
from chatnet.model.entities import User
from chatnet.model.ids import UID
from chatnet.model.server import Server

PERSON: Final = "chatnet/person"
"""The tag of an introduction with the key of the account of which the user is the person."""
BEGAN: Final = "chatnet/began"
"""The tag with the stamp of the introduction: of several users who are one person the oldest is."""
WHY: Final = "chatnet/why"
"""The tag of a QUIT that ends a claim alone: ``moved`` if another holds, ``ending`` if its server ends."""
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

    def moved_away(self, uid: UID) -> bytes:
        """``:<uid> QUIT :Moved``, to who is told of the same person as of another user next."""
        return b":%b QUIT :Moved" % encode(uid)

    def given_up(self, user: User, why: str) -> bytes:
        """``@chatnet/why=(moved|ending) :<uid> QUIT :Moved``: a claim is taken back, but nobody left."""
        return b"@%b=%b :%b QUIT :Moved" % (WHY.encode(), why.encode(), encode(user.uid))

    def nick_known(self, me: Server, user: User) -> bytes:
        """``:<sid> CNNICK <uid> <nick> <TS>``: the nick of a person, as it is known here."""
        return b":%b CNNICK %b %b %d" % (encode(me.sid), encode(user.uid), encode(user.nick), user.nick_ts)

    def seat(self, user: User, server: Server, stamp: str, *, taken: bool) -> bytes:
        """``:<host sid> CNSEAT <uid> <sid> (+|-) <stamp>``

        That server has sessions of the user, or none any more; to all, by the server that the user is on.
        """
        return b":%b CNSEAT %b %b %b %b" % (
            encode(user.server.sid), encode(user.uid), encode(server.sid), b"+" if taken else b"-",
            stamp.encode(),
        )  # fmt: skip
