"""What was said while servers were apart, and who asks for it; between chatnet servers only.

A message travels as the line that clients read, with its id, its time and the UID of its author as tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatnet.links.codecs.solanum.base import LONG, Base, encode
from chatnet.model.facts import PastErased
from chatnet.model.modes import RANK_OF_PREFIX, at_least
from chatnet.model.past import Event, Record, Redaction
from chatnet.model.places import other_called
from chatnet.model.server import Server
from chatnet.storage.messages.rows import BOT, CLOSED, OPER, Place
from chatnet.wire.message import format_tags
from chatnet.wire.multiline import CONCAT, TYPE
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut_bytes

AUTHOR: Final = "chatnet/uid"
"""The tag with the UID of who said it; never sent to clients."""
PERSON: Final = "chatnet/account"
"""The tag with the key of the account that they were logged in to."""
FLAGS: Final = {"chatnet/closed": CLOSED, "chatnet/bot": BOT, "chatnet/oper": OPER}
"""Tags without a value, and what they say of a message in the store."""
NOBODY: Final = "*"
"""The source of a redaction by who is not known any more, since what they did was erased."""
TALK: Final = "*"
"""In the place of the target, in lines of a talk."""


class History(Base):
    """CNHIST and CNHR."""

    __slots__ = ()

    def question(
        self, me: Server, number: int, server: Server, name: str, since: float, most: int,
        until: float, tally: str,
    ) -> bytes:  # fmt: skip
        """``:<sid> CNHIST <number> <sid> latest <channel> timestamp=<since> <most> <until> <tally>``

        The newest messages, at most so many.  If the `tally` of those between the two times is the same
        there, only later ones are wanted.
        """
        return b":%b CNHIST %d %b latest %b timestamp=%b %d %b %b" % (
            encode(me.sid), number, encode(server.sid), encode(name), _stamp(since), most, _stamp(until),
            tally.encode(),
        )  # fmt: skip

    def stored(
        self, me: Server, number: int, server: Server, how: str, target: str, since: int, most: int,
        until: int, tally: str,
    ) -> bytes:  # fmt: skip
        """The same of what is stored, to who knows ``CNPAST``; `how` is one of these:

        ``latest <target> <since> <most> <until> <tally>``: the newest, and all that was deleted;
        ``before <target> <until> <most> <since> <tally>``: the newest;
        ``targets @<account key> <since> <most> * -``: with whom an account talked, of guests and accounts so
        many each;
        ``stays @<account key> * <most> * -``: since when it is in its channels, to who knows ``CNSEAT``.

        Times are ``timestamp=…``, or ``*`` for the beginning; the first is included, the last is not.  A
        target is a channel, ``@<account key>,@<account key>``, or, to who knows ``CNGUEST``, ``@<account
        key>,<nick>`` with a guest.  Where the `tally` is the same there,
        nothing is wanted but what was deleted.
        """
        begin = b"timestamp=" + _stamp(since / 1000) if since else b"*"
        end = b"timestamp=" + _stamp(until / 1000) if until else b"*"
        first, last = (end, begin) if how == "before" else (begin, end)
        return b":%b CNHIST %d %b %b %b %b %d %b %b" % (
            encode(me.sid), number, encode(server.sid), how.encode(), encode(target), first, most, last,
            tally.encode(),
        )  # fmt: skip

    def missing(self, me: Server, number: int, asker: Server, since: int, until: int) -> bytes:
        """``:<sid> CNHR <number> <sid> GAP <since> <until>``: of that time something is missing here, too."""
        return b":%b CNHR %d %b GAP %d %d" % (encode(me.sid), number, encode(asker.sid), since, until)

    def waiting(self, me: Server, number: int, asker: Server, since: int, until: int) -> bytes:
        """``:<sid> CNHR <number> <sid> GAP <since> <until> WAITS``: of that time more is known here later."""
        return self.missing(me, number, asker, since, until) + b" WAITS"

    def erased(self, me: Server, fact: PastErased) -> bytes:
        """``:<sid> CNERASE <account key> <until ms> <stamp> (* | <channel> <ts>)``"""
        place = fact.place
        where = b"*" if place is None else b"%b %d" % (encode(place.name), place.ts)
        head = b":%b CNERASE %b %d %b" % (
            encode(me.sid), encode(fact.person), fact.until, fact.stamp.encode(),
        )  # fmt: skip
        return b"%b %b" % (head, where)

    def mark(self, me: Server, person: str, spot: str, until: int) -> bytes:
        """``:<sid> CNMARK <account key> <spot> <ms>``"""
        return b":%b CNMARK %b %b %d" % (encode(me.sid), encode(person), encode(spot), until)

    @staticmethod
    def talk(place: Place, person: str, at: int) -> bytes:
        """``@<account key> timestamp=<at>``, or ``<nick> timestamp=<at>``: with whom `person` talked."""
        return b"%b timestamp=%b" % (encode(other_called(place, person)), _stamp(at / 1000))

    def answer(self, me: Server, number: int, asker: Server, count: int, text: bytes) -> bytes:
        """``:<sid> CNHR <number> <sid> <count> :<line>``: a line of the message `count` of the answer."""
        head = b":%b CNHR %d %b %d :" % (encode(me.sid), number, encode(asker.sid), count)
        return cut_bytes(head + text, LONG)

    def end_of_answer(self, me: Server, number: int, asker: Server, how: str) -> bytes:
        """``:<sid> CNHR <number> <sid> END``, or ``NO``: it will not be answered."""
        return b":%b CNHR %d %b %b" % (encode(me.sid), number, encode(asker.sid), how.encode())

    def forwarded(self, source: Server, verb: str, params: Sequence[str]) -> bytes:
        """A question or a part of an answer on its way."""
        *words, last = map(encode, params)
        return b":%b %b %b :%b" % (encode(source.sid), verb.encode(), b" ".join(words), last)


def lines_of(record: Record, name: str, reference: int, more: Sequence[bytes] = ()) -> list[bytes]:
    """A message to the channel `name`, as lines: one, or a batch under `reference`; with `more` tags."""
    target = (record.status.encode() or b"=") + encode(name) if record.ranks else encode(name)
    tags = [*_tags(record), *more, *([record.tags] if record.tags else ())]
    head = b":%b %b %b" % (record.source, record.command.encode(), target)
    if not record.parts:
        body = head if record.command == "TAGMSG" else b"%b :%b" % (head, encode(record.text))
        return [b"@%b %b" % (b";".join(tags), body)]
    opening = b":%b BATCH +%d %b %b" % (record.source, reference, TYPE.encode(), target)
    return [
        b"@%b %b" % (b";".join(tags), opening),
        *(
            b"@batch=%d%b %b :%b" % (reference, b";" + CONCAT.encode() if joined else b"", head, encode(text))
            for text, joined in record.parts
        ),
        b":%b BATCH -%d" % (record.source, reference),
    ]


def line_of(redaction: Redaction, name: str, more: Sequence[bytes] = ()) -> bytes:
    """``@time=…;msgid=…;chatnet/uid=… :<source> REDACT <channel> <msgid> :<reason>``

    With the prefix of the ranks that heard it before the channel, if not all did; by ``*``, without a UID, if
    it is not known whose it is.
    """
    source = redaction.source or NOBODY.encode()
    target = encode(_prefix(redaction.ranks) + name)
    return b"@%b :%b REDACT %b %b :%b" % (
        b";".join([*_tags(redaction), *more]), source, target, encode(redaction.redacted),
        encode(redaction.reason),
    )  # fmt: skip


def _prefix(ranks: int) -> str:
    if not ranks:
        return ""
    return next((prefix for prefix, rank in RANK_OF_PREFIX.items() if at_least(rank) == ranks), "=")


def stored_lines(told: Record | Event | Redaction, name: str, reference: int) -> list[bytes]:
    """The same with all that is stored: the account, what was closed, who was a bot or an operator.

    An event is its verb with the channel, its words and its text.
    """
    flags = told.flags
    tags = {} if told.person is None else {PERSON: told.person}
    tags |= {tag: "" for tag, flag in FLAGS.items() if flags & flag}
    more = [format_tags(tags).encode()] if tags else []
    if isinstance(told, Record):
        return lines_of(told, name, reference, more)
    if isinstance(told, Redaction):
        return [line_of(told, name, more)]
    words = [told.verb, name, *(word for word in told.words if word)]
    text = b" :" + encode(told.text) if told.text or told.verb != "PART" or told.words else b""
    return [b"@%b :%b %b%b" % (b";".join([*_tags(told), *more]), told.source, encode(" ".join(words)), text)]


def _tags(said: Record | Event | Redaction) -> list[bytes]:
    uid = "" if isinstance(said, Event) else said.uid
    author = [b"%b=%b" % (AUTHOR.encode(), encode(uid))] if uid else []
    return [time_tag(said.at), b"msgid=" + encode(said.msgid), *author]


def _stamp(at: float) -> bytes:
    return time_tag(at).removeprefix(b"time=")
