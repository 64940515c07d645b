"""A line that a neighbour server said, as the handler of its verb sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from chatnet.dispatch import Row, Table
from chatnet.links import link as one  # a line names its link, which makes it
from chatnet.links import links as registry
from chatnet.model.channel import Channel
from chatnet.model.facts import Fact, NumericSent
from chatnet.model.ids import SID, UID
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.model.user import User
from chatnet.node import Node
from chatnet.rules.refusal import Refusal
from chatnet.wire.text import byte_length

LINK = Table()
"""Every verb of a neighbour server; the modules of ``inbound`` enter theirs when they are imported.

Rows of ``Phase.ANY`` are for the handshake; all others are for a server that was introduced.
"""

LONGEST_TOKEN: Final = 64
"""Bytes of a word in CAPAB and GCAP."""


class Ignored(Exception):
    """The line means nothing here, without anybody being at fault: its user was killed meanwhile, say."""


class Violation(Exception):
    """The neighbour broke the protocol or its limits; the text says how, and the link is closed for it."""


class Line:
    """Who said what: `source` is a server or a user behind `link`; `tags` are unescaped, `params` as sent."""

    __slots__ = ("link", "params", "row", "source", "tags")

    def __init__(
        self, link: one.Link, source: Server | User, params: list[str], tags: Mapping[str, str], row: Row
    ) -> None:
        self.link = link
        self.source = source
        self.params = params
        self.tags = tags
        self.row = row

    @property
    def links(self) -> registry.Links:
        """All links, and what they share."""
        return self.link.links

    @property
    def node(self) -> Node:
        """This server."""
        return self.link.links.node

    @property
    def network(self) -> Network:
        """The network as this node knows it."""
        return self.link.links.node.network

    @property
    def now(self) -> float:
        """Unix time in seconds."""
        return self.link.links.node.clock.time()

    @property
    def at(self) -> float:
        """When it happened at its origin: the tag ``time`` of who sends tags, else now."""
        return self.link.links.time_of(self.tags, self.now)

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
        """A timestamp; one too far in the future is taken for now, and the operators are told."""
        value = self.number(index)
        now = int(self.now)
        if value > now + self.node.settings.links.most_skew:
            self.node.notice("x", f"{self.link.name} sent a timestamp of the future in {self.row.verb}")
            return now
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
            self.links.doubt(server, self.row.verb)
            raise Ignored
        return server

    def user(self, index: int) -> User:
        """The user that a parameter means, by UID or (from services) by nick; ignored if there is none."""
        name = self.params[index]
        user = self.network.users.get(UID(name)) or self.network.user(name)
        if user is None:
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

    def refuse(self, user: User, refusal: Refusal) -> None:
        """Tell a user, who may be anywhere, why what they want is not done."""
        text = refusal.numeric.form % refusal.args
        self.node.commit(NumericSent(self.network.me, user, refusal.numeric.code, text, self.now))

    def violate(self, text: str) -> NoReturn:
        """End the link: its server did what none may."""
        raise Violation(text)


def is_sid(text: str) -> SID | None:
    """`text` as a SID, or None."""
    good = len(text) == 3 and text[0].isdigit() and text.isascii() and text.isalnum() and text == text.upper()
    return SID(text) if good else None


def tokens(text: str) -> frozenset[str]:
    """The words of CAPAB and GCAP, without those that are too long to be one."""
    return frozenset(word for word in text.upper().split() if byte_length(word) <= LONGEST_TOKEN)
