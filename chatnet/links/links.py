"""All links of this server: which neighbour leads where, and who is told what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count, islice
from math import inf
from typing import Final

from chatnet.links import backfill, dialler, handshake, leaving, line, recall, standby
from chatnet.links import link as one  # a registry names its links, and each of them its registry
from chatnet.links.callers import Callers
from chatnet.links.connection import Exit
from chatnet.links.identity import Identity
from chatnet.links.logins import Logins
from chatnet.links.outbound import hears
from chatnet.links.queries import Queries
from chatnet.links.registers import Registers
from chatnet.links.resume import token
from chatnet.links.routes import Routes
from chatnet.links.sasl import Agents
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, NetSplit, NumericSent
from chatnet.model.ids import SID, UID
from chatnet.model.past import Past
from chatnet.model.server import Server
from chatnet.node import Node, Timer
from chatnet.settings import LinkSettings
from chatnet.wire.server_time import read_time
from chatnet.wire.text import printable

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

AT_ONCE: Final = 2000
"""Users that were lost whose memory is freed in one turn."""
TOLD: Final = "told"
"""The origin of a fact that every link was told of already: ENCAP carries on what it brings by itself."""
MARKED: Final = "marked"
"""The origin of a fact about a channel that all are told but those who stamp, who know it."""


class Links:
    """The registry of links, and an observer of all that neighbours hear.

    What this server remembers of channels is `past`.
    """

    def __init__(self, node: Node, past: Past, connect: dialler.Connect) -> None:
        self.node = node
        self.past = past
        self.backfill = backfill.BackFill(self)
        self.recall = recall.Recall(self)
        self.epoch = token(16)  # of this process, for neighbours that come back to it
        self.dialler = dialler.Dialler(self, connect)
        self.standbys = standby.Standbys(self)
        self.leaving = leaving.Leaving(self)
        self.all: dict[one.Link, None] = {}
        self.routes = Routes()
        self.callers = Callers()
        self.cloak_digest: Callable[[], str] = str  # of the key of our cloaks; wiring gives it
        self.bans_seen_to = -inf  # Unix time of the last look for bans that make room
        self.new_entries = 0  # of lists, that neighbours brought since all were counted
        self._references = count(1)
        self.joining: dict[Server, Timer] = {}  # servers that came behind a neighbour, and still tell of all
        self.queries = Queries(self)
        self.registers: Registers | None = None  # since there is a neighbour that stamps what it changes
        self.agents = Agents(self)
        self.logins = Logins(self)
        self._doubted: set[tuple[SID, str]] = set()
        self._hears: Mapping[type[Fact], Hearer] = hears(self)

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What neighbours are told of, and what is kept for them; nothing while there is neither."""
        return self._hears if self.routes.direct or self.registers is not None else {}

    # connections

    def open(
        self, exit_: Exit, identity: Identity, settings: LinkSettings | None = None, *, greet: bool = True
    ) -> one.Link:
        """A new connection to a server; with `settings` if we dialled, and then we speak first (`greet`)."""
        link = one.Link(self, exit_, identity, settings)
        self.all[link] = None
        if settings is not None and greet:
            handshake.call(link)
        return link

    def met(self, neighbour: Server, link: one.Link) -> None:
        """Tell `neighbour` by `link` what happens, from now on."""
        self.routes.direct[neighbour] = link
        self.node.hearing_changed()

    def neighbours(self) -> Iterator[one.Link]:
        """The links to servers that were introduced."""
        return iter(self.routes.direct.values())

    def neighbour(self, name: str) -> one.Link | None:
        """The link to the neighbour of this name, if it is introduced; it may be suspended."""
        server = self.server(name)
        return None if server is None else self.routes.direct.get(server)

    @property
    def resumes(self) -> bool:
        """Whether links wait for a connection that is lost."""
        return self.node.settings.links.resume_grace > 0

    def others(self, origin: object) -> list[one.Link]:
        """All neighbours but `origin`; none if that is TOLD."""
        if origin is TOLD or not self.routes.direct:
            return []
        return [link for link in self.routes.direct.values() if link is not origin]

    def stamp(self) -> Registers:
        """Stamp what is changed in channels from now on."""
        if self.registers is None:
            ahead = self.node.settings.links.stamp_skew
            self.registers = Registers(self.node.network, ahead)
        return self.registers

    def stamped(self, origin: object) -> list[one.Link]:
        """The neighbours, but for `origin`, who stamp what they change."""
        return [link for link in self.routes.direct.values() if link.stamped and link is not origin]

    def block(self, name: str) -> LinkSettings | None:
        """The block of a neighbour, by its name."""
        fold = name.lower()
        return next((block for block in self.node.settings.link if block.name.lower() == fold), None)

    def serves(self, server: Server, link: one.Link) -> bool:
        """Whether `server`, behind `link`, is one of services: by its link's block, or by name."""
        if link.settings is not None and link.settings.role == "services":
            return True
        return server.name.lower() in {name.lower() for name in self.node.settings.links.services}

    def doubt(self, server: Server, verb: str) -> None:
        """`server` did what only services may, and was ignored; told once for each verb."""
        if (server.sid, verb) not in self._doubted:
            self._doubted.add((server.sid, verb))
            self.tell(f"{server.name} is no services here, and its {verb} is ignored")

    # the network

    def server(self, text: str) -> Server | None:
        """A server by its SID, or by its name."""
        servers = self.node.network.servers
        found = servers.get(SID(text))
        if found is None and "." in text:
            fold = text.lower()
            found = next((server for server in servers.values() if server.name.lower() == fold), None)
        return found

    def way_to(self, whom: Server | User) -> one.Link | None:
        """The link behind which a server or a user is; None for this server and its users."""
        return self.routes.way_to(whom.server if isinstance(whom, User) else whom)

    def ways_to(self, channel: Channel, origin: object) -> list[one.Link]:
        """The links behind which `channel` has members, without `origin`; none if that is TOLD."""
        if origin is TOLD:
            return []
        return [link for link in self.routes.behind(channel) if link is not origin]

    def suspended(self, link: one.Link) -> None:
        """A link lost its connection, and waits for another one."""
        self.tell(f"Link to {link.name} suspended: {link.reason}")
        self.dialler.suspended(link)
        self._look_again()

    def is_joining(self, server: Server) -> bool:
        """Whether `server`, or one on the way to it, is among those that still tell of all."""
        hop: Server | None = server
        while hop is not None and hop not in self.joining:
            hop = hop.uplink
        return hop is not None

    def forget(self, link: one.Link) -> None:
        """A connection is gone, and so is a standby that was for it."""
        self.all.pop(link, None)
        self.standbys.ended(link)

    def ended(self, link: one.Link, reason: str) -> None:
        """A link is gone, and all that was behind it."""
        self.forget(link)
        self.leaving.ended(link)
        self.dialler.ended(link)
        if link.server is None:
            self.tell(f"The connection to {link.name} ended: {reason}")
            return
        self.tell(f"The link to {link.name} ended: {reason}")
        self.split(link.server, link, reason)

    def tell(self, text: str) -> None:
        """Write something about links into the log, and to the operators."""
        self.node.log.info(printable(text))
        self.node.notice("x", text)

    def split(self, far: Server, origin: object, reason: str) -> None:
        """`far` and everybody behind it are gone."""
        network = self.node.network
        if network.servers.get(far.sid) is not far:
            return
        servers = [far]
        for server in network.servers.values():
            uplink: Server | None = server
            while uplink is not None and uplink is not far:
                uplink = uplink.uplink
            if uplink is far and server is not far:
                servers.append(server)
        gone = set(servers)
        # The newest first, and no further than there is somebody: servers may come and go at every line.
        there = (user for user in reversed(network.users.values()) if user.server in gone)
        users = tuple(islice(there, sum(server.users for server in servers)))[::-1]
        for server in servers:
            if (timer := self.joining.pop(server, None)) is not None:
                timer.cancel()
        near = far.uplink or network.me
        self.node.commit(NetSplit(near, far, tuple(servers), users, self.node.clock.time(), reason), origin)
        self._let_go(list(users))

    def _let_go(self, users: list[User]) -> None:
        """Free the memory of many who are gone, some in each turn: it takes as long as to forget them."""
        del users[-AT_ONCE:]
        if users:
            self.node.clock.later(0.0, lambda: self._let_go(users))
        self._look_again()

    def _look_again(self) -> None:
        """Whether those who wait until another server lets them go can come in now."""
        for link in self.all:
            if link.waits is not None:
                # In a moment: what comes along may tell that they are there again.
                self.node.clock.later(0.0, partial(handshake.meet_again, link))

    def squit(self, server: Server, reason: str) -> None:
        """Have the link to `server` ended: ours, or that of the server it is linked to."""
        way = self.way_to(server)
        if way is None:
            return
        if way.server is server:
            way.close(reason)
        else:
            way.send(way.codec.split(self.node.network.me, server, reason))

    def strike(self, link: one.Link, why: str) -> None:
        """`link` did what a broken or hostile neighbour does: too often, and it is closed."""
        settings = self.node.settings.links
        now = self.node.clock.monotonic()
        link.strikes = [at for at in link.strikes if at > now - settings.strike_period] + [now]
        if len(link.strikes) == 1:
            self.tell(f"{link.name} is odd: {why}")
        if len(link.strikes) >= settings.strikes:
            link.close(f"Too many mistakes: {why}")

    def carry_numeric(self, source: Server, code: str, params: list[str]) -> None:
        """An answer of a remote server on its way to the user who asked; never answered itself.

        The first hundred are of the welcome, and mean something else to a client: they come as the second.
        """
        user = self.node.network.users.get(UID(params[0]))
        if user is None or len(params) < 2:
            return
        *words, last = params[1:]
        if code[0] == "0":
            code = "1" + code[1:]
        text = " ".join([*words, ":" + last])
        self.node.commit(NumericSent(source, user, code, text, self.node.clock.time()), self.way_to(source))

    def reference(self) -> bytes:
        """The reference of one more batch, never the same one twice."""
        return b"%d" % next(self._references)

    def make_sid(self) -> SID:
        """A SID nobody has, for a server that was introduced without one: not like those of real ones."""
        for number in reversed(range(36 * 36)):
            sid = SID("9" + _ALPHABET[number // 36] + _ALPHABET[number % 36])
            if sid not in self.node.network.servers:
                return sid
        raise line.Violation("no SID is left")

    def time_of(self, tags: Mapping[str, str], now: float) -> float:
        """The tag ``time`` as a Unix time; `now` without one, or if it is further off than a clock may be.

        What another clock says is kept as it is, though it be ahead of ours: all servers tell of one time.
        """
        text = tags.get("time")
        at = read_time(text) if text else None
        return max(0.0, at) if at is not None and at <= now + self.node.settings.links.most_skew else now
