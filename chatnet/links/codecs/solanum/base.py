"""What all lines of the dialect share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import Source
from chatnet.model.ids import moment
from chatnet.model.modes import unknown_modes
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut_bytes

OURS: Final = (
    "BAN", "CHW", "EBMASK", "ENCAP", "EOPMOD", "EUID", "EX", "IE", "KNOCK", "MLOCK", "QS", "RSFNC", "SAVE",
    "SERVICES", "STAG", "TB", "CN1", "CNACK", "CNGUEST", "CNHIST", "CNKEEP", "CNMETA", "CNMODE", "CNORD",
    "CNRES", "CNSEAT", "CNSTBY",
)  # fmt: skip
"""The tokens that we tell in CAPAB.

``CN1`` marks a chatnet server, ``CNACK`` one that confirms lines, ``CNGUEST`` one that can be asked what
accounts and guests said to each other, ``CNHIST`` one that can be asked what was said, ``CNKEEP`` one that
knows the mode H, ``CNMETA`` one that knows of metadata, ``CNMODE`` one that knows the other modes of
``OWN_MODES``, ``CNORD`` one that obeys operators of others, ``CNRES`` one whose links can be resumed,
``CNSEAT`` one that knows of people with sessions on several servers, ``CNSTBY`` one that lets connections
wait for a link to be resumed.
"""

STAMPS: Final = "CNLWW"
"""The same if we stamp what we change, see ``rules/stamps.py``."""

RECORDS: Final = "CNREG"
"""The same if we keep records of accounts, which changes at a restart only."""

PAST: Final = "CNPAST"
"""The same if messages are stored, and can be asked for."""

GUESTS: Final = "CNGUEST"
"""The token of a server that can be asked of what accounts and guests said to each other."""

SEATS: Final = "CNSEAT"
"""The token of a server that knows of people who have sessions on several servers."""

ORDERS: Final = "CNORD"
"""The token of a server that obeys operators of others, see ``exchange/orders.py``."""

HOSTS: Final = "CNHOST"
"""The token of a server that takes over people whose server is lost, which changes at a restart only."""

NEEDED: Final = frozenset({"QS", "EX", "IE", "ENCAP"})
"""Without these a neighbour is no TS6 server."""

BODY: Final = 510
"""Bytes of a line without tags and CR LF."""

LONG: Final = 16384
"""The same between chatnet servers."""


def encode(text: str) -> bytes:
    """Text of the model as the bytes it came in as."""
    return text.encode("utf-8", "surrogateescape")


def stamped(line: bytes, stamp: Stamp) -> bytes:
    """``@chatnet/ts=<stamp>``, beside the tags that `line` has."""
    tag = b"@chatnet/ts=" + stamp.text.encode()
    return b"%b;%b" % (tag, line[1:]) if line.startswith(b"@") else b"%b %b" % (tag, line)


UNTIL: Final = "chatnet/until"
"""The tag of a line that enters something in a list, by which it is over at a Unix time."""


def address(text: str) -> str:
    """An IP address as a parameter: one that begins with a colon gets a zero in front."""
    return "0" + text if text.startswith(":") else text


def in_lines(head: bytes, words: Iterable[bytes], most: int = BODY) -> list[bytes]:
    """`words` after `head`, at least one in a line, in lines of so many bytes: what every server reads."""
    found: list[bytes] = []
    line = head
    for word in words:
        if line is not head and len(line) + 1 + len(word) > most:
            found.append(line)
            line = head
        line = line + word if line is head else line + b" " + word
    if line is not head:
        found.append(line)
    return found


class Base:
    """Lines for one neighbour, whose CAPAB has the tokens `caps`."""

    __slots__ = ("blank", "caps", "core", "kind", "orders", "records", "seats", "tags", "unknown", "virtual")

    def __init__(self, caps: frozenset[str]) -> None:
        self.caps = caps
        self.core = "CN1" in caps  # a chatnet server, which knows all we know
        self.unknown = unknown_modes(caps)  # which are not told there
        self.records = self.core and RECORDS in caps  # which are told which account it is, whatever its name
        self.orders = self.core and ORDERS in caps  # which obey operators of others
        self.seats = self.core and SEATS in caps  # which know of people with sessions on several servers
        self.virtual = False  # whether our pseudo-users, and the server they are on, are known there
        # In place of an empty last parameter: others take that for none, and end the link for it.
        self.blank = b"" if self.core else b" "
        self.tags = "STAG" in caps or self.core
        # What makes a difference to messages: neighbours of one kind are told the same lines.
        self.kind = self.core | self.tags << 1 | ("CHW" in caps) << 2 | ("EOPMOD" in caps) << 3

    def fit(self, body: bytes) -> bytes:
        """As much of a line without tags as the neighbour reads, not ending within a character."""
        most = LONG if self.core else BODY
        return body if len(body) <= most else cut_bytes(body, most)

    def event(self, line: bytes, at: float, msgid: str) -> bytes:
        """`line`, which has no tags, with the id of what it tells, for a chatnet server.

        When it happened stands in the id as well; it is told where the clock had gone back meanwhile.
        """
        if not msgid or not self.core:
            return line
        tag = b"@msgid=" + msgid.encode()
        if moment(msgid) != int(at * 1000):
            tag += b";" + time_tag(at)
        return b"%b %b" % (tag, line)

    def ending(self, line: bytes, until: int | None) -> bytes:
        """`line`, which may have tags, of what is entered in a list until a Unix time."""
        if until is None or not self.core:
            return line
        tag = b"@%b=%d" % (UNTIL.encode(), until)
        return b"%b;%b" % (tag, line[1:]) if line.startswith(b"@") else b"%b %b" % (tag, line)

    def id_of(self, source: Source) -> bytes:
        """Who says it: the UID of a user, the SID of a server.

        For a pseudo-user, and the virtual server, this server speaks where they are not known.
        """
        server = source.server if isinstance(source, User) else source
        assert isinstance(server, Server)
        if server.virtual and not self.virtual:
            assert server.uplink is not None
            return encode(server.uplink.sid)
        return encode(source.uid if isinstance(source, User) else server.sid)
