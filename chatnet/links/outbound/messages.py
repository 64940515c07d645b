"""Messages, told to the neighbours behind which somebody hears them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chatnet.links.neighbour.link import Link
from chatnet.links.outbound.copies import Copies
from chatnet.links.tree.neighbours import TOLD, Neighbours
from chatnet.links.tree.orphans import who_know
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, Source
from chatnet.model.modes import OURS
from chatnet.wire.masks import compile_glob

EVERYWHERE: Final = "mop"
"""Letters of the server notices that opers of all servers are told."""


class MessagesOut:
    """Tells what users and servers say: once to each link, in lines made once for each kind of neighbour."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._copies = Copies(links)
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.MessageSent: self._message_sent,
            facts.MessageRedacted: self._message_redacted,
            facts.MessageCopied: self._copies.copied,
            facts.BroadcastSent: self._broadcast_sent,
            facts.WallopsSent: self._wallops_sent,
            facts.ServerNotice: self._server_notice,
            facts.NumericSent: self._numeric_sent,
            facts.PongSent: self._pong_sent,
        }

    def _ways(self, by: Source, target: Channel | User, origin: object) -> Iterable[Link]:
        links = self._links
        if type(target) is Channel:
            return links.ways_to(target, origin)
        assert isinstance(target, User)
        if by is target and target.server.uplink is not None:
            return ()  # to oneself, on another server: a copy tells that, too
        way = links.way_to(target)
        return () if way is None or way is origin or origin is TOLD else (way,)

    def _message_sent(self, fact: facts.MessageSent, origin: object) -> None:
        target, by = fact.target, fact.by
        ways = self._ways(by, target, origin)
        if type(by) is User and by.person is not None:
            ways = who_know(by, ways)
        if ways:
            reference = self._links.reference() if fact.parts else b""
            _tell(ways, lambda link: link.codec.message(fact, reference))
        if type(target) is User and (
            target.person is not None or (type(by) is User and by.person is not None)
        ):
            self._copies.said(fact, target, origin)

    def _message_redacted(self, fact: facts.MessageRedacted, origin: object) -> None:
        ways = who_know(fact.by, self._ways(fact.by, fact.target, origin))
        _tell(ways, lambda link: link.codec.redaction(fact))
        if type(fact.target) is User:
            self._copies.said(fact, fact.target, origin)

    def _broadcast_sent(self, fact: facts.BroadcastSent, origin: object) -> None:
        links = self._links
        if fact.mask.startswith("$#"):  # by the hosts of users, who may be anywhere
            ways = links.others(origin)
        else:
            matches = compile_glob(fact.mask.lstrip("$"), str.lower)
            behind = {
                way: None
                for server in links.node.network.servers.values()
                if (way := links.way_to(server)) is not None and server.is_called(matches)
            }
            ways = [link for link in links.others(origin) if link in behind]
        _tell(who_know(fact.by, ways), lambda link: link.codec.broadcast(fact))

    def _wallops_sent(self, fact: facts.WallopsSent, origin: object) -> None:
        for link in who_know(fact.by, self._links.others(origin)):
            link.send(link.codec.wallops(fact))

    def _server_notice(self, fact: facts.ServerNotice, origin: object) -> None:
        if fact.letter in EVERYWHERE and fact.by is None:
            for link in self._links.others(origin):
                if link.codec.core or fact.letter not in OURS:
                    link.send(link.codec.server_notice(self._links.node.network.me, fact))

    def _numeric_sent(self, fact: facts.NumericSent, origin: object) -> None:
        way = self._links.way_to(fact.user)
        if way is not None and way is not origin:
            way.send(way.codec.numeric(fact))

    def _pong_sent(self, fact: facts.PongSent, origin: object) -> None:
        way = self._links.way_to(fact.user)
        if way is not None and way is not origin:
            way.send(way.codec.sign_of_life("PONG", fact.by, fact.by.name, fact.user))


def _tell(ways: Iterable[Link], make: Callable[[Link], list[bytes]]) -> None:
    """Send what `make` gives for the first neighbour of each kind."""
    made: dict[int, list[bytes]] = {}
    for link in ways:
        kind = link.codec.kind
        lines = made.get(kind)
        if lines is None:
            lines = made[kind] = make(link)
        for text in lines:
            link.send(text)
