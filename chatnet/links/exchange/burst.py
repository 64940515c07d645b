"""What a new neighbour is told: servers, users, channels, so that nobody is named before they exist.

The burst is handed out in slices, so that clients are served between them.  Whom it will tell of is settled
when it begins; each is told as they are when their turn comes, and left out if they are gone.  What happens
meanwhile waits until the burst is out: it repeats some of it, and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from chatnet.links.codecs.solanum import encode
from chatnet.links.codecs.solanum.persons import FOLLOWS
from chatnet.links.exchange.metadata import all_words
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, User, parameters
from chatnet.model.ids import UID, Folded
from chatnet.model.modes import RANKS
from chatnet.rules.modes import KEY_ABROAD
from chatnet.rules.stamps import Mark

Chapter = Callable[[Link], Iterable[bytes]]
"""What a newcomer is told of one thing: settles at once of whom, and yields how they are in their turn."""


class Burst:
    """Tells newcomers all there is: what goes `before`, servers, bans, users, `agents`, what was `erased`,
    who has seats, channels, and what all these say of themselves.

    Of people a digest of what is `known` of them is told.
    """

    def __init__(
        self,
        links: Neighbours,
        before: Chapter,
        agents: Chapter,
        erased: Chapter,
        known: Callable[[Link, User], str],
    ) -> None:
        self._links = links
        self._known = known
        self._chapters: Sequence[Chapter] = (
            before,
            self._servers,
            self._bans,
            self._users,
            agents,
            erased,
            self._seats,
            self._channels,
            lambda link: all_words(links, link),
        )

    def begin(self, link: Link) -> None:
        """Begin to tell `link` all that is not behind it."""
        chapters = [chapter(link) for chapter in self._chapters]
        link.bursting = (text for chapter in chapters for text in chapter)
        link.held = []
        self.go_on(link)

    def go_on(self, link: Link) -> None:
        """Hand out one slice, and come back for the next."""
        lines = link.bursting
        if lines is None or link.held is None or link.gone or link.suspended:
            return  # (A suspended one is told the rest when it is back.)
        node = self._links.node
        for _ in range(node.settings.links.burst_slice):
            text = next(lines, None)
            if text is None:
                self._end(link, link.held)
                return
            link.say(text)
        node.clock.later(0.0, lambda: self.go_on(link))

    def _end(self, link: Link, held: list[bytes]) -> None:
        link.held, link.bursting = None, None
        link.held_size = 0
        for text in held:
            link.send(text)
        sent, recovery = link.streams.sent, link.recovery
        recovery.departed = {sid: min(line, sent) for sid, line in recovery.departed.items()}
        # Its PONG tells that everything before was taken in.
        link.send(b"PING :%b" % self._links.node.network.me.sid.encode())

    def _servers(self, link: Link) -> Iterator[bytes]:
        network, links, codec = self._links.node.network, self._links, link.codec
        servers = [s for s in network.servers.values() if s is not network.me and links.way_to(s) is not link]

        def tell() -> Iterator[bytes]:
            for server in sorted(servers, key=lambda server: server.hops):
                if network.servers.get(server.sid) is server:
                    yield codec.server(server)
                    if server.caps:
                        yield codec.capabilities(server)

        return tell()

    def _bans(self, link: Link) -> Iterator[bytes]:
        network, now = self._links.node.network, self._links.node.clock.time
        for bans in list(network.bans.values()):
            for ban in list(bans.values()):
                if ban.remembered(now()) and not (ban.record and self._links.is_fed_bans(link)):
                    yield from link.codec.ban(network.me, ban, now())

    def _users(self, link: Link) -> Iterator[bytes]:
        network, links = self._links.node.network, self._links
        # Who moves meanwhile, and is another user there, comes with what is told of that.
        users = [
            (user.uid, user)
            for user in network.users.values()
            if links.way_to(user) is not link and not user.orphan
        ]
        aliases = [uid for uid, each in links.claims.aliases.items() if links.way_to(each.user) is not link]

        def of_alias(uid: UID) -> Iterator[bytes]:
            if (alias := links.claims.aliases.get(uid)) is not None:
                user = network.persons.get(alias.person.key)
                yield from link.codec.user(alias.user, self._digest(link, user))

        def tell() -> Iterator[bytes]:
            for uid, user in users:
                if network.users.get(uid) is user and not user.orphan:
                    yield from link.codec.user(user, self._digest(link, user))
                elif link.codec.seats:
                    yield from of_alias(uid)
            for uid in aliases if link.codec.seats else ():
                yield from of_alias(uid)

        return tell()

    def _digest(self, link: Link, user: User | None) -> str:
        """What is known of a person, to who knows of people; all of it follows."""
        if user is None or user.person is None or not link.codec.seats:
            return ""
        return FOLLOWS + self._known(link, user)

    def _seats(self, link: Link) -> Iterator[bytes]:
        links, seated = self._links, self._links.node.network.seated
        if not link.codec.seats:
            return iter(())
        planned = [(server, user) for server, users in seated.items() for user in users]
        others = [each.user for each in links.claims.aliases.values() if each.user.seats]

        def tell() -> Iterator[bytes]:
            for server, user in planned:
                if user in seated.get(server, ()) and links.way_to(user) is not link and not user.orphan:
                    yield link.codec.seat(user, server, links.next_stamp().text, taken=True)
            for user in others:
                if user.uid in links.claims.aliases and links.way_to(user) is not link:
                    for server in user.seats:
                        yield link.codec.seat(user, server, links.next_stamp().text, taken=True)

        return tell()

    def _channels(self, link: Link) -> Iterator[bytes]:
        network, links = self._links.node.network, self._links
        channels = list(network.channels.values())
        if link.stamped:
            channels += network.memory.all_ended()

        def there(folded: Folded, told: set[tuple[Channel, int]]) -> Channel | None:
            """A channel of that name, which may be another one than in the beginning, that was not told yet.

            One of which the TS became lower is told again.
            """
            alive = network.channels.get(folded)
            ended = network.memory.ended_of(folded).values() if link.stamped else ()
            several = (*(() if alive is None else (alive,)), *ended)
            return next((each for each in several if (each, each.ts) not in told), None)

        def tell() -> Iterator[bytes]:
            told: set[tuple[Channel, int]] = set()
            for planned in channels:
                while (each := there(planned.folded, told)) is not None:
                    told.add((each, each.ts))
                    yield from list(channel(links, link, each))  # as it is at one moment
            if link.stamped:
                for folded in list(network.memory.beaten):
                    yield from list(ages(links, link, folded))

        return tell()


def channel(
    links: Neighbours, link: Link, channel: Channel, at: float = 0.0, msgid: str = ""
) -> Iterator[bytes]:
    """All that `link` is told of a channel, which may have ended if it stamps what it changes.

    To such a neighbour: ``CNSTAMP``, SJOIN, EBMASK, ETB, MLOCK.  Where it is told since somebody has joined
    it, that was `at` a time, and has an id.
    """
    codec, me, members = link.codec, links.node.network.me, links.routes.members_beyond(link, channel)
    registers = links.registers
    if not codec.core and len(encode(channel.key or "")) > KEY_ABROAD:
        what = f"knows {KEY_ABROAD} bytes of the key of {channel.name}: who types all of it there is kept out"
        link.warn_once("key", what)
    if not link.stamped or registers is None:
        yield from codec.channel(me, channel, members, at, msgid)
        return
    here = {user.subject for user, _ in members}
    marks = dict(registers.of(channel))
    for subject, mark in registers.members(channel.folded).items():
        if not mark.adding or subject in here:
            marks[subject] = mark
    yield from codec.marks(me, channel, registers.told(marks))
    flags, values = frozenset(channel.flags), parameters(channel)
    yield from codec.sjoin(me, SJoin(channel.name, channel.ts, flags, values, tuple(members)), at, msgid)
    for letter, entries in channel.lists.items():
        yield from codec.entries(me, channel, letter, entries.values())
    if channel.topic is not None:
        yield codec.topic_of(me, channel, channel.topic)
    if channel.locked:
        yield codec.locked(channel, me, channel.locked)


def member(links: Neighbours, link: Link, channel: Channel, user: User, ranks: int) -> Iterator[bytes]:
    """What `link` is told of one member of a channel that it knows.

    To a neighbour that stamps what it changes: ``CNSTAMP``, SJOIN.
    """
    codec, me, registers = link.codec, links.node.network.me, links.registers
    if link.stamped and registers is not None:
        marks: dict[str, Mark] = {}
        if (mark := registers.members(channel.folded).get(user.subject)) is not None:
            marks[user.subject] = mark
        for letter in RANKS:  # those that were taken as well
            register = f"{letter}:{user.subject}"
            if (mark := registers.known(channel, register)) is not None:
                marks[register] = mark
        if marks:
            yield from codec.marks(me, channel, registers.told(marks))
    told = SJoin(channel.name, channel.ts, frozenset(), {}, ((user, ranks),), silent=True)
    yield from codec.sjoin(me, told)


def ages(links: Neighbours, link: Link, folded: Folded) -> Iterator[bytes]:
    """``CNAGE``: which channels of a name became an older one."""
    network = links.node.network
    for ts, youngest in network.memory.beaten.get(folded, {}).items():
        yield link.codec.older(network.me, folded, ts, youngest)
