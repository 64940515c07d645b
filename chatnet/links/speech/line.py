"""A line that a neighbour server said, as the handler of its verb sees it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, NoReturn

from chatnet.dispatch import Row, Table
from chatnet.links.codecs.solanum.base import UNTIL
from chatnet.links.neighbour.link import Link
from chatnet.links.speech.outcome import Ignored, Violation
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, NumericSent
from chatnet.model.ids import MSGID, SID, UID
from chatnet.model.server import Server
from chatnet.rules.refusal import Refusal
from chatnet.wire.text import byte_length

LINK = Table()
"""Every verb of a neighbour server; the modules of ``inbound`` enter theirs when they are imported.

Rows of ``Phase.ANY`` are for the handshake; all others are for a server that was introduced.
"""

LONGEST_TOKEN: Final = 64
"""Bytes of a word in CAPAB and GCAP."""


_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Line:
    """Who said what: `source` is a server or a user behind `link`; `tags` are unescaped, `params` as sent.

    `raw` is the whole line as it came, without CR LF.  `links` are all links, and what they share.
    """

    __slots__ = ("link", "links", "network", "node", "params", "raw", "row", "source", "tags")

    def __init__(
        self,
        links: Neighbours,
        link: Link,
        source: Server | User,
        params: list[str],
        tags: Mapping[str, str],
        row: Row,
        raw: bytes = b"",
    ) -> None:
        self.links = links
        self.node = links.node
        self.network = links.node.network
        self.link = link
        self.source = source
        self.params = params
        self.raw = raw
        self.tags = tags
        self.row = row

    @property
    def now(self) -> float:
        """Unix time in seconds."""
        return self.node.clock.time()

    @property
    def at(self) -> float:
        """When it happened at its origin: the tag ``time`` of who sends tags, or as its id says; else now."""
        return self.links.time_of(self.tags, self.link, self.now)

    @property
    def told_id(self) -> str:
        """The id that the line bears; empty if there is none, or if it is none."""
        given = self.tags.get("msgid")
        return given if given is not None and MSGID.fullmatch(given) is not None else ""

    @property
    def until(self) -> int | None:
        """Until when, in Unix time, entries of a list are there that the line has; None: for ever."""
        given = self.tags.get(UNTIL, "")
        return int(given) if _TIME.fullmatch(given) is not None else None

    def msgid(self, place: str) -> str:
        """The id that the line bears; who sends none gets one here, in the name of the source.

        Foreign servers hang at the edge of the network, so this server alone does so for theirs.
        """
        if given := self.told_id:
            return given
        source = self.source
        sender = source.uid if isinstance(source, User) else UID(source.sid)
        return self.node.message_ids.take(self.at, sender, place)

    def param(self, index: int) -> str:
        """The parameter at `index`, or an empty text if there are not so many."""
        return self.params[index] if index < len(self.params) else ""

    def number(self, index: int) -> int:
        """The parameter at `index`, which is a number; a violation if it is none."""
        text = self.params[index]
        if not (text.isascii() and text.isdigit()) or len(text) > 15:
            raise Violation(f"{self.row.verb}: {text[:20]!r} is no number")
        return int(text)

    def ts(self, index: int) -> int:
        """A timestamp, as it is: it has to be the same on all servers.  Too far ahead it is a violation."""
        value, links = self.number(index), self.node.settings.links
        ahead = value - self.now
        if ahead > (2 if self.link.codec.core else 1) * links.stamp_horizon:
            self.violate(f"{self.row.verb}: {value} is a time of the future, more than links.stamp_horizon")
        if ahead > links.most_skew:
            self.link.warn_once("TS", f"sent a timestamp of the future in {self.row.verb}")
        return value

    def by_user(self) -> User:
        """The source, which must be a user."""
        if not isinstance(self.source, User):
            raise Ignored
        return self.source

    def by_server(self) -> Server:
        """The source, which must be a server."""
        if not isinstance(self.source, Server):
            raise Ignored
        return self.source

    def server_of_source(self) -> Server:
        """The source, or the server of the user that it is."""
        return self.source.server if isinstance(self.source, User) else self.source

    def by_services(self) -> Server:
        """The server of the source, which must be services; others are ignored, which operators are told."""
        server = self.server_of_source()
        if not self.links.serves(server, self.link):
            self.doubt()
        return server

    def about(self, user: User) -> None:
        """The source is services, `user`, or a server that they are on or behind; others are ignored."""
        source = self.source
        if source is not user and not (isinstance(source, Server) and is_behind(user.server, source)):
            self.by_services()

    def by_operator(self) -> None:
        """The source is a server, a user of services, or an operator; others are ignored, which is told."""
        source = self.source
        if (
            isinstance(source, User)
            and source.oper is None
            and not self.links.serves(source.server, self.link)
        ):
            self.doubt("lets somebody do so who is no operator here")

    def doubt(self, why: str = "is no services here") -> NoReturn:
        """Ignore what the source may not do, which operators are told once."""
        self.links.doubt(self.server_of_source(), self.row.verb, why)
        raise Ignored

    def user(self, index: int) -> User:
        """The user that a parameter means, by UID or (from services) by nick; ignored if there is none.

        Pseudo-users of ours are nobody that other servers know.
        """
        name = self.params[index]
        user = self.network.users.get(UID(name)) or self.network.user(name)
        if user is None or user.server.virtual:
            raise Ignored
        return user

    def server(self, index: int) -> Server:
        """The server that a parameter means, by SID or name; ignored if there is none."""
        server = self.links.server(self.params[index])
        if server is None:
            raise Ignored
        return server

    def channel(self, index: int) -> Channel:
        """The channel that a parameter names, perhaps by a name it had; ignored if there is none."""
        channel = self.network.channel_meant(self.params[index])
        if channel is None:
            raise Ignored
        return channel

    def commit(self, fact: Fact) -> None:
        """State what happened; the link is its origin, so that it is not told back."""
        self.node.commit(fact, self.link)

    def needs_channel(self) -> None:
        """A channel comes into being: a violation if there are too many."""
        if len(self.network.channels) >= self.node.settings.links.channels:
            self.violate("Too many channels")

    def needs_memberships(self, channel: Channel | None, users: Collection[User]) -> None:
        """`users`, all behind the link, come into a channel: a violation if it has too many in channels."""
        assert self.link.settings is not None
        room = self.link.settings.max_memberships - self.links.routes.memberships.get(self.link, 0)
        if len(users) > room:  # of whom some may be there already
            there = channel.members if channel is not None else {}
            if sum(user not in there for user in users) > room:
                self.exceed(
                    "there are too many memberships in channels behind it", "a larger max_memberships"
                )

    def needs_entries(self, channel: Channel, letter: str, more: int) -> None:
        """A list is to hold `more` entries: each speaker is held against all of them.

        All entries of the network are counted whenever a sixteenth of what it may have is new.
        """
        settings, links = self.node.settings.links, self.links
        if more and len(channel.lists[letter]) + more > settings.list_entries:
            self.violate(f"Too many entries of {letter} in {channel.name}")
        links.new_entries += more
        if links.new_entries > settings.entries // 16:
            links.new_entries = 0
            if self.network.count_entries() + more > settings.entries:
                self.violate("Too many entries in the lists of channels")

    def refuse(self, user: User, refusal: Refusal) -> None:
        """Tell a user, who may be anywhere, why what they want is not done."""
        text = refusal.numeric.form % refusal.args
        self.node.commit(NumericSent(self.network.me, user, refusal.numeric.code, text, self.now))

    def exceed(self, what: str, cure: str) -> NoReturn:
        """End the link, whose block does not allow `what`, and keep it out for a while.

        `cure` is what would be set in the block to allow it.
        """
        settings = self.link.settings
        assert settings is not None
        self.links.barred.bar(settings, f"{what} ({cure} in its [[link]] allows that)")
        self.links.tell(f"{settings.name} may not be linked: {what} ({cure} in its [[link]] allows that)")
        raise Violation(what)

    def violate(self, text: str) -> NoReturn:
        """End the link: its server did what none may."""
        raise Violation(text)


def is_behind(server: Server, other: Server) -> bool:
    """Whether `server` is `other`, or behind it."""
    hop: Server | None = server
    while hop is not None and hop is not other:
        hop = hop.uplink
    return hop is not None


def is_sid(text: str) -> SID | None:
    """`text` as a SID, or None."""
    good = len(text) == 3 and text[0].isdigit() and text.isascii() and text.isalnum() and text == text.upper()
    return SID(text) if good else None


def tokens(text: str) -> frozenset[str]:
    """The words of CAPAB and GCAP, without those that are too long to be one."""
    return frozenset(word for word in text.upper().split() if byte_length(word) <= LONGEST_TOKEN)
