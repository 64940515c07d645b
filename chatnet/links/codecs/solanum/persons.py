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
KNOWN: Final = "chatnet/known"
"""The tag of a claim with the digest of what is known of the person where it comes from, see CNKNOW."""
FOLLOWS: Final = "+"
"""Before that digest: all of it is told in this burst."""
WHY: Final = "chatnet/why"
"""The tag of a QUIT that ends a claim alone: ``moved`` if another holds, ``ending`` if its server ends."""
STAYS: Final = "chatnet/stays"
"""The tag ``chatnet/stays=1``: they stay without a session."""


class Persons(Base):
    """CNSEAT, what an introduction says of a person, and what a seat and a host say to each other."""

    __slots__ = ()

    def person(self, user: User, known: str = "") -> bytes:
        """``chatnet/person=<account key>;chatnet/began=<stamp>``, then ``;chatnet/stays=1`` of who stays, and
        ``;chatnet/known=[+]<digest>``; empty for others.
        """
        person = user.person
        if person is None or not self.seats:
            return b""
        stays = f";{STAYS}=1" if person.stays else ""
        digest = f";{KNOWN}={known}" if known else ""
        return f"{PERSON}={person.key};{BEGAN}={person.began}{stays}{digest}".encode()

    def became(self, user: User) -> bytes:
        """``:<sid> CNPERSON <uid> (<account key>|*) (<stamp>|*) (S|-)``: which person a user is from now on.

        ``S``: they stay without a session.
        """
        person = user.person
        told = f"{person.key} {person.began} {'S' if person.stays else '-'}" if person else "* * -"
        return b":%b CNPERSON %b %b" % (encode(user.server.sid), encode(user.uid), told.encode())

    def moved_away(self, uid: UID) -> bytes:
        """``:<uid> QUIT :Moved``, to who is told of the same person as of another user next."""
        return b":%b QUIT :Moved" % encode(uid)

    def given_up(self, user: User, why: str) -> bytes:
        """``@chatnet/why=(moved|ending) :<uid> QUIT :Moved``: a claim is taken back, but nobody left."""
        return b"@%b=%b :%b QUIT :Moved" % (WHY.encode(), why.encode(), encode(user.uid))

    def nick_known(self, me: Server, user: User) -> bytes:
        """``:<sid> CNNICK <uid> <nick> <TS>``: the nick of a person, as it is known here."""
        return b":%b CNNICK %b %b %d" % (encode(me.sid), encode(user.uid), encode(user.nick), user.nick_ts)

    def known(self, me: Server, user: User, digest: str, word: str) -> bytes:
        """``:<sid> CNKNOW <uid> <digest> (ASKED|SAID)``

        Nick, channels and ranks of the person, and what they left, are known here as the digest says.
        ``ASKED``: who knows otherwise tells all of it, and CNKNOW.  ``SAID``: all of it was told before.
        """
        words = encode(me.sid), encode(user.uid), digest.encode(), word.encode()
        return b":%b CNKNOW %b %b %b" % words

    def seat(self, user: User, server: Server, stamp: str, *, taken: bool) -> bytes:
        """``:<host sid> CNSEAT <uid> <sid> (+|-) <stamp>``

        That server has sessions of the user, or none any more; to all, by the server that the user is on.
        """
        return b":%b CNSEAT %b %b %b %b" % (
            encode(user.server.sid), encode(user.uid), encode(server.sid), b"+" if taken else b"-",
            stamp.encode(),
        )  # fmt: skip

    def sit(
        self, seat: Server, number: int, user: User, key: str, *, secure: bool, here: bool, away: str | None
    ) -> bytes:
        """``:<seat sid> CNSIT <number> <uid> <account key> <flags> [:<away text>]``

        May that server have sessions of the user?  The flag ``S`` says that all of them come by TLS, ``H``
        that it had all of them before the user was of the server that is asked, ``A`` that all are away, with
        that text; ``-`` stands for none.
        """
        flags = b"S" * secure + b"H" * here + b"A" * (away is not None) or b"-"
        words = (encode(seat.sid), number, encode(user.uid), encode(key), flags)
        line = b":%b CNSIT %d %b %b %b" % words
        return line if away is None else b"%b :%b" % (line, encode(away))

    def sat(self, host: Server, number: int, seat: Server, why: str | None) -> bytes:
        """``:<host sid> CNSIT <number> <seat sid> (YES | NO :<reason>)``"""
        head = b":%b CNSIT %d %b " % (encode(host.sid), number, encode(seat.sid))
        return head + b"YES" if why is None else b"%bNO :%b" % (head, encode(why))

    def rise(self, seat: Server, user: User, reason: str) -> bytes:
        """``:<seat sid> CNRISE <uid> :<reason>``: the last session there is gone."""
        return b":%b CNRISE %b :%b" % (encode(seat.sid), encode(user.uid), encode(reason))

    def voice(self, seat: Server, user: User, text: str | None) -> bytes:
        """``:<seat sid> CNAWAY <uid> (HERE | AWAY :<text>)``: what the sessions there say together."""
        head = b":%b CNAWAY %b " % (encode(seat.sid), encode(user.uid))
        return head + b"HERE" if text is None else b"%bAWAY :%b" % (head, encode(text))

    def snomask(self, seat: Server, user: User) -> bytes:
        """``:<host sid> CNSNO <uid> <seat sid> (<letters> | -)``: the notices of the seat that they read."""
        letters = encode(user.snomask) or b"-"
        return b":%b CNSNO %b %b %b" % (encode(user.server.sid), encode(user.uid), encode(seat.sid), letters)

    def do(self, seat: Server, number: int, user: User, line: str) -> bytes:
        """``:<seat sid> CNDO <number> <uid> :<command line>``: what only the user's server may do."""
        return b":%b CNDO %d %b :%b" % (encode(seat.sid), number, encode(user.uid), encode(line))

    def ask(self, seat: Server, number: int, whom: Server, user: User, line: str) -> bytes:
        """``:<seat sid> CNASK <number> <sid> <uid> :<command line>``: a question that that server answers."""
        head = b":%b CNASK %d %b %b" % (encode(seat.sid), number, encode(whom.sid), encode(user.uid))
        return b"%b :%b" % (head, encode(line))

    def done(self, host: Server, number: int, seat: Server, line: str | None, word: str = "END") -> bytes:
        """``:<host sid> CNDONE <number> <seat sid> (:<line> | END | WAIT)``, a part of an answer."""
        head = b":%b CNDONE %d %b " % (encode(host.sid), number, encode(seat.sid))
        return head + encode(word) if line is None else b"%b:%b" % (head, encode(line))
