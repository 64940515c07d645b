"""Who is linked, which way leads where, and who is to be told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import count, islice
from typing import Final

from chatnet.links.codecs.solanum import RECORDS
from chatnet.links.neighbour import undelivered
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.links.neighbour.resume import token
from chatnet.links.neighbour.telling import tell
from chatnet.links.stamps.registers import Registers, nobody_keeps
from chatnet.links.tree.barred import Barred
from chatnet.links.tree.claims import Claims
from chatnet.links.tree.given import Given
from chatnet.links.tree.routes import Routes
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Hearsay, NetSplit, NumericSent, SeatLeft
from chatnet.model.ids import SID, UID, moment
from chatnet.model.modes import RANKS
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.rules.repeats import Repeats
from chatnet.rules.stamps import Clock, Marks, Stamp, stamp_of
from chatnet.settings import LinkSettings
from chatnet.wire.networks import is_loopback
from chatnet.wire.server_time import read_time
from chatnet.wire.text import printable

AT_ONCE: Final = 2000
"""Users that were lost whose memory is freed in one turn."""
TOLD: Final = Hearsay()
"""The origin of a fact that every link was told of already: ENCAP carries on what it brings by itself."""
CLAIMED: Final = Hearsay()
"""The origin of a fact that comes of a claim: all who know of seats know that as well."""
MARKED: Final = Hearsay()
"""The origin of a fact about a channel that all are told but those who stamp, who know it."""
REFUSED: Final = "Invalid credentials"
"""What everybody who may not link is told: it tells nothing of what is configured."""


class Follower:
    """Hears what becomes of links, after Neighbours itself; override what matters.

    docs/architecture.md has the order in which followers hear.  What is a fact is heard as a fact.
    """

    def suspended(self, link: Link) -> None:
        """It lost its connection, and waits for another one."""

    def resumed(self, link: Link, greeting: Link) -> None:
        """It goes on with the connection that `greeting` was made for."""

    def ended(self, link: Link) -> None:
        """It is gone; those behind it are not yet."""

    def dropped(self, link: Link) -> None:
        """A connection that never was more than a standby is gone."""

    def namesakes_changed(self, link: Link) -> None:
        """Behind it is another one of the names that our virtual server and its users have, or none now."""

    def put_off(self, link: Link, bot: User | None) -> None:
        """Somebody there killed a pseudo-user of ours, or (None) ended the link of the virtual server."""


class Neighbours:
    """All links of this server.  It is the Life of each, and tells followers what becomes of them.

    `registers` are there since there is a neighbour that stamps what it changes.  `new_entries` counts those
    of lists that neighbours brought since all were counted.
    """

    def __init__(self, node: Node, stamps: Clock) -> None:
        self.node = node
        self._stamps = stamps
        self.epoch = token(16)  # of this process, for neighbours that come back to it
        self.all: dict[Link, None] = {}
        self.routes = Routes()
        self.claims = Claims(node.network)
        self.barred = Barred(node)
        self.registers: Registers | None = None
        self.new_entries = 0
        self.marked: Callable[[Channel, str, Stamp], None] = nobody_keeps
        """What hears which registers of registered channels neighbours, or we, have stamped."""
        self.keeps_records = False  # of accounts and registered channels, which others may be told
        self.keeps_past = False  # a store of messages, which others may ask
        self.is_fed_bans: Callable[[Link], bool] = self.full
        """Whether a neighbour hears of bans that are records by being fed these."""
        settings = node.settings
        self.hosts = settings.bouncer.host and settings.accounts.authority != "remote"
        """Whether this server takes over people who stay, and whose server is lost."""
        self.given = Given(node)
        self.namesakes: dict[Link, dict[SID, Server]] = {}
        """By link the SIDs of servers behind it that have a name of our virtual server's, or a user who has
        one of its users', each with the server that brings them.  They are nobody here."""
        self._repeats = Repeats(node.clock.later, lambda: node.settings.flood)
        self._references = count(1)
        self._doubted: set[tuple[SID, str, str]] = set()
        self.keep: Callable[[Sequence[User], Collection[Server], object], Collection[User]] = nobody_stays
        """Of users whose servers are lost, and the origin of that, those who stay nevertheless."""
        self._read: Callable[[Link, bytes], None] = _no_reader
        self._followers: Sequence[Follower] = ()

    def follow(self, read: Callable[[Link, bytes], None], followers: Sequence[Follower]) -> None:
        """`read` takes every line of a neighbour; `followers` hear what becomes of links, in this order."""
        self._read = read
        self._followers = followers

    def hear(self, link: Link, raw: bytes) -> None:
        """Take a line of a neighbour again, which was noted; it is counted as the one line that it was."""
        link.lines_in -= 1
        link.streams.applied -= 1
        self._read(link, raw)

    # links

    def make(self, exit_: Exit, identity: Identity, settings: LinkSettings | None = None) -> Link:
        """A link for a new connection to a server; with `settings` if we dialled."""
        link = Link(self.node, self, self._read, self.epoch, exit_, identity, settings)
        self.node.counts.opened["server"] += 1
        self.all[link] = None
        return link

    def met(self, neighbour: Server, link: Link) -> None:
        """Tell `neighbour` by `link` what happens, from now on."""
        self.routes.direct[neighbour] = link
        self.node.hearing_changed()

    def neighbours(self) -> Iterator[Link]:
        """The links to servers that were introduced."""
        return iter(self.routes.direct.values())

    def neighbour(self, name: str) -> Link | None:
        """The link to the neighbour of this name, if it is introduced; it may be suspended."""
        server = self.server(name)
        return None if server is None else self.routes.direct.get(server)

    @property
    def resumes(self) -> bool:
        """Whether links wait for a connection that is lost."""
        return self.node.settings.links.resume_grace > 0

    def others(self, origin: object) -> list[Link]:
        """All neighbours but `origin`; none if that is TOLD."""
        if origin is TOLD or not self.routes.direct:
            return []
        if origin is CLAIMED:
            return [link for link in self.routes.direct.values() if not link.codec.seats]
        return [link for link in self.routes.direct.values() if link is not origin]

    def stamp(self) -> Registers:
        """Stamp what is changed in channels from now on."""
        if self.registers is None:
            clock = self.node.clock.monotonic
            self.registers = Registers(self.node.network, clock, self._stamps, self.claims.key)
            self.registers.marked = self.marked
        return self.registers

    def expect(self) -> None:
        """People have come back whom servers that are to be linked may know as well.

        What is done to them is stamped from now on, or what a neighbour knows from before would hold.
        """
        if self.registers is None and self.node.settings.link:
            self.stamp()
            self.node.hearing_changed()

    def noted(self, channel: Channel) -> Marks | None:
        """The marks of a channel that are remembered; None if nobody stamps."""
        return None if self.registers is None else self.registers.noted(channel)

    def member_since(self, channel: Channel, user: User) -> Mapping[str, Stamp] | None:
        """Since when somebody is in a channel, by "", and has their ranks, by letters; None if nobody stamps.

        What is not remembered is left out: it has not changed for long.
        """
        if self.registers is None:
            return None
        marks, subject = self.registers.noted(channel), user.subject
        found = {letter: marks.get(f"{letter}:{subject}") for letter in RANKS}
        found[""] = self.registers.members(channel.folded).get(subject)
        return {letter: mark.stamp for letter, mark in found.items() if mark is not None and mark.adding}

    def remember_rank(self, channel: Channel, user: User, letter: str, since: Stamp) -> None:
        """Somebody who came back has a rank since then."""
        if self.registers is not None:
            self.registers.mark(channel, f"{letter}:{user.subject}", since, adding=True)

    def came_since(self, user: User, channel: Channel, flag: str) -> bool:
        """Whether somebody came into a channel when it had that mode already, as far as that is known."""
        if self.registers is None:
            return True
        came = self.registers.members(channel.folded).get(user.subject)
        made = self.registers.known(channel, flag)
        return came is None or made is None or came.stamp > made.stamp

    def set_at(self, channel: Channel, register: str) -> Stamp | None:
        """By which stamp a register was changed last, as far as it is remembered, or stands in records."""
        if self.registers is not None:
            mark = self.registers.known(channel, register)
            return None if mark is None else mark.stamp
        registration = self.node.network.registry.channels.at(channel.folded)
        if registration is None or registration.ts != channel.ts:
            return None
        kept = registration.kept.get(register)
        return None if kept is None else stamp_of(kept.stamp)

    def stamped(self, origin: object) -> list[Link]:
        """The neighbours, but for `origin`, who stamp what they change."""
        return [link for link in self.routes.direct.values() if link.stamped and link is not origin]

    def block(self, name: str) -> LinkSettings | None:
        """The block of a neighbour, by its name."""
        fold = name.lower()
        return next((block for block in self.node.settings.link if block.name.lower() == fold), None)

    def serves(self, server: Server, link: Link) -> bool:
        """Whether `server`, behind `link`, is one of services: by its link's block, or by name."""
        if link.settings is not None and link.settings.role == "services":
            return True
        settings, name = self.node.settings, server.name.lower()
        if settings.accounts.authority == "remote" and name == settings.virtual_name.lower():
            return True
        return name in {each.lower() for each in settings.links.services}

    def full(self, link: Link) -> bool:
        """Whether a neighbour keeps the same accounts, since both sides do and this one is set up so.

        Nobody on the way may read along, for passwords are kept with them.
        """
        return (
            self.keeps_records
            and link.settings is not None
            and link.settings.accounts == "full"
            and RECORDS in link.caps
            and (link.identity.secure or is_loopback(link.identity.address))
        )

    def knows_accounts(self, link: Link) -> bool:
        """Whether a neighbour is believed of the ids of accounts, whoever they are of.

        That is a full one; where none are kept, the one behind whom those are that keep them.
        """
        settings = self.node.settings
        if link.settings is not None and link.settings.believe_accounts:
            return True
        if self.keeps_records:
            return self.full(link)
        if settings.accounts.authority == "remote":
            virtual = self.server(settings.virtual_name)
            return RECORDS in link.caps or (virtual is not None and self.way_to(virtual) is link)
        return link.settings is not None and link.settings.role in ("hub", "services")

    def may_sit(self, link: Link) -> bool:
        """Whether servers behind a link may have sessions of people of other servers, and speak for them.

        That somebody logged in there is their word: as long as the block does not say otherwise, those may
        who are believed of accounts.
        """
        allowed = None if link.settings is None else link.settings.allow_seats
        return self.knows_accounts(link) if allowed is None else allowed

    def seating(self, origin: object = None) -> list[Link]:
        """The neighbours, but for `origin`, who know of people with sessions on several servers."""
        return [link for link in self.routes.direct.values() if link.codec.seats and link is not origin]

    def sits_behind(self, user: User, link: Link, uid: UID | None = None) -> bool:
        """Whether a server behind `link` may speak for a user who is elsewhere: it has sessions of theirs,
        or took them for its own, or for the user `uid`, until a moment ago."""
        return any(self.routes.way_to(place) is link for place in self.claims.places(user, uid))

    def observe(self, stamp: Stamp) -> None:
        """What happens here from now on is later than `stamp`."""
        self._stamps.observe(stamp)

    def next_stamp(self) -> Stamp:
        """The stamp of what happens here now."""
        return self._stamps.next(self.node.clock.time())

    def has_namesake(self, link: Link, sid: SID, by: Server) -> None:
        """`by`, behind `link`, brings services that have the names which ours have: `sid` has them."""
        self.namesakes.setdefault(link, {})[sid] = by
        who = "this server" if self.keeps_records else "another server"
        link.warn_once(
            f"namesake {sid}",
            f"has services behind it that keep accounts as {who} does ({by.name} brings them): here those are"
            ' ignored, and nobody behind it is logged in by ours. Either accounts = "full" in the [[link]]'
            " blocks between the two, or accounts.authority on one of them, makes them the same",
        )
        self._namesakes_changed(link)

    def lost_namesake(self, link: Link, sid: SID) -> bool:
        """The server of this SID is gone; whether it was a namesake."""
        known = self.namesakes.get(link, {})
        if known.pop(sid, None) is None:
            return False
        if not known:
            del self.namesakes[link]
            self._namesakes_changed(link)
        return True

    def _namesakes_changed(self, link: Link) -> None:
        for follower in self._followers:
            follower.namesakes_changed(link)

    def put_off(self, link: Link, bot: User | None) -> None:
        """Behind `link` a pseudo-user is no more, or none of them."""
        for follower in self._followers:
            follower.put_off(link, bot)

    def doubt(self, server: Server, verb: str, why: str = "is no services here") -> None:
        """`server`, or a user of it, did what they may not, and were ignored; told once for each verb."""
        if (server.sid, verb, why) not in self._doubted:
            self._doubted.add((server.sid, verb, why))
            self.tell(f"{server.name} {why}, and its {verb} is ignored")

    def refuse(self, link: Link, name: str, why: str) -> None:
        """End a link that may not be; the operators read `why`, the other side does not."""
        what = f"Refused a link to {name[:63]!r}"
        self.tell_of(link, "refused", f"{what} from {link.identity.address}: {why}", f"{what}: {why}")
        link.close(REFUSED)

    def tell(self, text: str, public: str | None = None) -> None:
        """Write something about links into the log, and to the operators; `public` as in ``Node.notice``."""
        tell(self.node, text, public)

    def tell_of(self, link: Link, what: str, text: str, public: str) -> None:
        """The same of what became of a link; what strangers cause, operators are told in measure."""
        if link.dialled or link.server is not None:
            self.tell(text, public)
        else:
            self.node.log.info(printable(text))
            self._repeats.say(what, link.identity.address, text, partial(self.node.notice, "x"), public)

    # what becomes of them

    def suspended(self, link: Link) -> None:
        """A link lost its connection, and waits for another one."""
        self.tell(f"Link to {link.name} suspended: {link.reason}")
        for follower in self._followers:
            follower.suspended(link)

    def resumed(self, link: Link, greeting: Link) -> None:
        """A link has a connection again, the one of `greeting`."""
        self.all.pop(greeting, None)
        self.node.counts.resumed[link.name] += 1
        for follower in self._followers:
            follower.resumed(link, greeting)

    def ended(self, link: Link, reason: str) -> None:
        """A link is gone, and all that was behind it."""
        self.all.pop(link, None)
        self.namesakes.pop(link, None)
        lost = link.unconfirmed
        for follower in self._followers:
            follower.ended(link)
        if link.server is None:
            what = "The connection to"
            self.tell_of(
                link,
                "ended",
                f"{what} {link.name} ended: {reason}",
                f"{what} {link.public_name} ended: {reason}",
            )
        else:
            self.tell(f"The link to {link.name} ended: {reason}")
            self.split(link.server, link, reason)
        undelivered.tell(self.node, lost)

    def dropped(self, link: Link, reason: str) -> None:
        """A connection is gone that never was more than a standby."""
        self.all.pop(link, None)
        for follower in self._followers:
            follower.dropped(link)

    # the network

    def server(self, text: str) -> Server | None:
        """A server by its SID, or by its name."""
        servers = self.node.network.servers
        found = servers.get(SID(text))
        if found is None and "." in text:
            fold = text.lower()
            found = next((server for server in servers.values() if server.name.lower() == fold), None)
        return found

    def is_taken(self, name: str, sid: str | None) -> bool:
        """Whether a server of the network, or the virtual one, has this name or this SID."""
        virtual = self.node.network.virtual
        if virtual is not None and (virtual.sid == sid or virtual.name.lower() == name.lower()):
            return True
        return sid in self.node.network.servers or self.server(name) is not None

    def way_to(self, whom: Server | User) -> Link | None:
        """The link behind which a server or a user is; None for this server and its users.

        None as well for whoever stays though their server is lost.
        """
        return self.routes.way_to(whom.server if isinstance(whom, User) else whom)

    def ways_to(self, channel: Channel, origin: object) -> list[Link]:
        """The links behind which `channel` has members, without `origin`; none if that is TOLD."""
        if origin is TOLD:
            return []
        return [link for link in self.routes.behind(channel) if link is not origin]

    def split(self, far: Server, origin: object, reason: str) -> None:
        """`far` and everybody behind it are gone."""
        network = self.node.network
        if network.servers.get(far.sid) is not far:
            return
        behind = (server for server in network.servers.values() if server.is_behind(far))
        servers = [far, *(server for server in behind if server is not far)]
        gone = set(servers)
        # The newest first, and no further than there is somebody: servers may come and go at every line.
        there = (user for user in reversed(network.users.values()) if user.server in gone and not user.orphan)
        users = tuple(islice(there, sum(server.users for server in servers)))[::-1]
        near = far.uplink or network.me
        if network.seated:
            for server in servers:
                for user in list(network.seated.get(server, ())):
                    self.node.commit(SeatLeft(user, server, self.node.clock.time()), TOLD)
        if kept := self.keep(users, gone, origin):
            users = tuple(user for user in users if user not in kept)
        if self.keeps_records:
            self.given.lost(users)
        self.node.counts.netsplits += 1
        self.node.commit(NetSplit(near, far, tuple(servers), users, self.node.clock.time(), reason), origin)
        self._let_go(list(users))
        for link, known in list(self.namesakes.items()):
            for sid in [sid for sid, by in known.items() if by in gone]:
                self.lost_namesake(link, sid)

    def _let_go(self, users: list[User]) -> None:
        """Free the memory of many who are gone, some in each turn: it takes as long as to forget them."""
        del users[-AT_ONCE:]
        if users:
            self.node.clock.later(0.0, lambda: self._let_go(users))

    def squit(self, server: Server, reason: str) -> None:
        """Have the link to `server` ended: ours, or that of the server it is linked to."""
        way = self.way_to(server)
        if way is None:
            return
        if way.server is server:
            way.close(reason)
        else:
            way.send(way.codec.split(self.node.network.me, server, reason))

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

    def time_of(self, tags: Mapping[str, str], link: Link, now: float) -> float:
        """The tag ``time``, or else what the tag ``msgid`` tells, as a Unix time; `now` without either, or if
        it is further off than a clock may be.

        What another clock says is kept as it is, though it be ahead of ours: all servers tell of one time.
        Only the first of them, which hears of it from a server of another make, may choose that.
        """
        if not tags:
            return now
        text = tags.get("time")
        at = read_time(text) if text else None
        if text is None and "msgid" in tags and (ms := moment(tags["msgid"])) is not None:
            at = ms / 1000
        return max(0.0, at) if at is not None and at <= now + self.ahead(link) else now

    @property
    def skew(self) -> float:
        """Seconds by which clocks of the network may differ, as far as neighbours' are known to."""
        return max((abs(link.pulse.skew) for link in self.neighbours()), default=0.0)

    def ahead(self, link: Link) -> float:
        """By how many seconds a time that is told by `link` may be ahead of our clock.

        A server of our kind has judged what it carries on; its clock and ours need not agree.
        """
        settings = self.node.settings.links
        return 2 * settings.stamp_horizon if link.codec.core else settings.most_skew


def nobody_stays(users: Sequence[User], gone: Collection[Server], origin: object) -> Collection[User]:
    """In the place of who knows of people that outlive their server, where there is nobody."""
    return ()


def _no_reader(link: Link, raw: bytes) -> None:
    raise RuntimeError("nobody reads what neighbours say")
