"""What a new neighbour is told: servers, users, channels, so that nobody is named before they exist.

The burst is handed out in slices, so that clients are served between them.  Whom it will tell of is settled
when it begins; each is told as they are when their turn comes, and left out if they are gone.  What happens
meanwhile waits until the burst is out: it repeats some of it, and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatnet.links import link as one


def begin(link: one.Link) -> None:
    """Begin to tell `link` all that is not behind it."""
    link.bursting = _lines(link)
    link.held = []
    go_on(link)


def go_on(link: one.Link) -> None:
    """Hand out one slice, and come back for the next."""
    lines = link.bursting
    if lines is None or link.held is None or link.state is one.State.GONE:
        return
    node = link.links.node
    for _ in range(node.settings.links.burst_slice):
        text = next(lines, None)
        if text is None:
            held, link.held, link.bursting = link.held, None, None
            for text in held:
                link.send(text)
            # Its PONG tells that everything before was taken in.
            link.send(b"PING :%b" % node.network.me.sid.encode())
            return
        link.say(text)
    node.clock.later(0.0, lambda: go_on(link))


def _lines(link: one.Link) -> Iterator[bytes]:
    """Every line of the burst, made when its turn comes."""
    network, links, codec = link.links.node.network, link.links, link.codec
    servers = [s for s in network.servers.values() if s is not network.me and links.way_to(s) is not link]
    users = [user for user in network.users.values() if links.way_to(user) is not link]
    channels = list(network.channels.values())

    def tell() -> Iterator[bytes]:
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
        for channel in channels:
            if network.channels.get(channel.folded) is channel:
                members = links.routes.members_beyond(link, channel)
                yield from codec.channel(network.me, channel, members)

    return tell()
