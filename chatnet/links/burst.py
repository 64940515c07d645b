"""What a new neighbour is told: servers, users, channels, so that nobody is named before they exist.

The burst is handed out in slices, so that clients are served between them.  Whom it will tell of is settled
when it begins; each is told as they are when their turn comes, and left out if they are gone.  What happens
meanwhile waits until the burst is out: it repeats some of it, and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatnet.links import link as one
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, parameters
from chatnet.model.ids import Folded


def begin(link: one.Link) -> None:
    """Begin to tell `link` all that is not behind it."""
    link.bursting = _lines(link)
    link.held = []
    go_on(link)


def go_on(link: one.Link) -> None:
    """Hand out one slice, and come back for the next."""
    lines = link.bursting
    if lines is None or link.held is None or link.gone or link.suspended:
        return  # (A suspended one is told the rest when it is back.)
    node = link.links.node
    for _ in range(node.settings.links.burst_slice):
        text = next(lines, None)
        if text is None:
            held, link.held, link.bursting = link.held, None, None
            link.held_size = 0
            for text in held:
                link.send(text)
            link.departed = {sid: min(line, link.streams.sent) for sid, line in link.departed.items()}
            # Its PONG tells that everything before was taken in.
            link.send(b"PING :%b" % node.network.me.sid.encode())
            return
        link.say(text)
    node.clock.later(0.0, lambda: go_on(link))


def channel(link: one.Link, channel: Channel) -> Iterator[bytes]:
    """All that `link` is told of a channel, which may have ended if it stamps what it changes.

    To such a neighbour: ``CNSTAMP``, SJOIN, EBMASK, ETB, MLOCK.
    """
    links, codec = link.links, link.codec
    me, members = links.node.network.me, links.routes.members_beyond(link, channel)
    registers = links.registers
    if not link.stamped or registers is None:
        yield from codec.channel(me, channel, members)
        return
    here = {user.uid for user, _ in members}
    marks = dict(registers.of(channel))
    for uid, mark in registers.members(channel.folded).items():
        if not mark.adding or uid in here:
            marks[uid] = mark
    yield from codec.marks(me, channel, marks)
    flags, values = frozenset(channel.flags), parameters(channel)
    yield from codec.sjoin(me, SJoin(channel.name, channel.ts, flags, values, tuple(members)))
    for letter, entries in channel.lists.items():
        yield from codec.entries(me, channel, letter, entries.values())
    if channel.topic is not None:
        yield codec.topic_of(me, channel, channel.topic)
    if channel.locked:
        yield codec.locked(channel, me, channel.locked)


def ages(link: one.Link, folded: Folded) -> Iterator[bytes]:
    """``CNAGE``: which channels of a name became an older one."""
    network = link.links.node.network
    for ts, youngest in network.beaten.get(folded, {}).items():
        yield link.codec.older(network.me, folded, ts, youngest)


def _lines(link: one.Link) -> Iterator[bytes]:
    """Every line of the burst, made when its turn comes."""
    network, links, codec = link.links.node.network, link.links, link.codec
    servers = [s for s in network.servers.values() if s is not network.me and links.way_to(s) is not link]
    users = [user for user in network.users.values() if links.way_to(user) is not link]
    channels = list(network.channels.values())
    ended = network.ended if link.stamped and network.ended is not None else {}
    channels += [channel for several in ended.values() for channel in several.values()]

    def there(folded: Folded, told: set[tuple[Channel, int]]) -> Channel | None:
        """A channel of that name, which may be another one than in the beginning, that was not told yet.

        One of which the TS became lower is told again.
        """
        alive = network.channels.get(folded)
        several = (*(() if alive is None else (alive,)), *ended.get(folded, {}).values())
        return next((each for each in several if (each, each.ts) not in told), None)

    def tell() -> Iterator[bytes]:
        yield from links.leaving.again(link)
        for server in sorted(servers, key=lambda server: server.hops):
            if network.servers.get(server.sid) is server:
                yield codec.server(server)
                if server.caps:
                    yield codec.capabilities(server)
        for bans in list(network.bans.values()):
            for ban in list(bans.values()):
                if ban.remembered(links.node.clock.time()):
                    yield from codec.ban(network.me, ban)
        for user in users:
            if network.users.get(user.uid) is user:
                yield from codec.user(user)
        for agent, mechanisms in list(links.agents.known()):
            if links.way_to(agent) is not link:
                yield codec.encap(agent, ["*", "MECHLIST", ",".join(mechanisms)])
        told: set[tuple[Channel, int]] = set()
        for planned in channels:
            while (each := there(planned.folded, told)) is not None:
                told.add((each, each.ts))
                yield from list(channel(link, each))  # as it is at one moment
        if link.stamped:
            for folded in list(network.beaten):
                yield from list(ages(link, folded))

    return tell()
