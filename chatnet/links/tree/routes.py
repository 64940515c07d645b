"""Which link leads to which server, and behind which links a channel has members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain

from chatnet.links.neighbour.link import Link
from chatnet.model.entities import Channel, User
from chatnet.model.server import Server


class Routes:
    """`direct` are the neighbours with their links.

    Every server is behind one neighbour, since the network is a tree; members of channels are counted by link
    as facts tell of them, so that a message need not look at them all.  A server with a seat counts as one
    more member of each channel that the user is in: what is said there goes to it as well.  `users` counts
    who is behind a link, `memberships` in how many channels they are, all of them together.
    """

    __slots__ = ("_counts", "direct", "memberships", "users")

    def __init__(self) -> None:
        self.direct: dict[Server, Link] = {}
        self.users: dict[Link, int] = {}
        self.memberships: dict[Link, int] = {}
        self._counts: dict[Channel, dict[Link, int]] = {}

    def way_to(self, server: Server) -> Link | None:
        """The link behind which `server` is, or None if it is this one (or gone)."""
        hop: Server | None = server
        while hop is not None:
            link = self.direct.get(hop)
            if link is not None:
                return link
            hop = hop.uplink
        return None

    def arrived(self, server: Server) -> None:
        """One more user on `server`."""
        link = self.way_to(server)
        if link is not None:
            self.users[link] = self.users.get(link, 0) + 1

    def departed(self, server: Server, users: int = 1) -> None:
        """So many users less on `server`."""
        link = self.way_to(server)
        if link is not None and users:
            self.users[link] -= users

    def behind(self, channel: Channel) -> Iterable[Link]:
        """The links behind which `channel` has members."""
        return self._counts.get(channel, ())

    def members_beyond(self, link: Link, channel: Channel) -> list[tuple[User, int]]:
        """The members of `channel` who are not behind `link`, with their ranks."""
        return [
            (user, ranks)
            for user, ranks in channel.members.items()
            if self.way_to(user.server) is not link and not user.orphan
        ]

    def entered(self, channel: Channel, server: Server, members: int = 1) -> None:
        """So many more members on `server`."""
        link = self.way_to(server)
        if link is not None:
            self._more(channel, link, members)
            self.memberships[link] = self.memberships.get(link, 0) + members

    def left(self, channel: Channel, server: Server) -> None:
        """One member less on `server`."""
        link = self.way_to(server)
        if link is not None:
            self._less(channel, link, 1)
            self.memberships[link] -= 1

    def sat(self, channel: Channel, seats: Iterable[Server]) -> None:
        """These servers have sessions of somebody who came into `channel`, or was there already."""
        for server in seats:
            if (link := self.way_to(server)) is not None:
                self._more(channel, link, 1)

    def rose(self, channel: Channel, seats: Iterable[Server]) -> None:
        """They have none any more, or the user is there no more."""
        for server in seats:
            if (link := self.way_to(server)) is not None:
                self._less(channel, link, 1)

    def lost(self, far: Server, users: Collection[User]) -> None:
        """`users`, all behind `far`, are gone with it."""
        link = self.way_to(far)
        if link is None or not users:
            return
        self.users[link] -= len(users)
        for channel, members in Counter(chain.from_iterable([user.channels for user in users])).items():
            self._less(channel, link, members)
            self.memberships[link] -= members

    def _more(self, channel: Channel, link: Link, members: int) -> None:
        counts = self._counts.setdefault(channel, {})
        counts[link] = counts.get(link, 0) + members

    def _less(self, channel: Channel, link: Link, members: int) -> None:
        counts = self._counts.get(channel)
        if counts is None:
            return
        counts[link] -= members
        if not counts[link]:
            del counts[link]
        if not counts:
            del self._counts[channel]

    def forget(self, link: Link) -> None:
        """A link is gone, with everybody behind it."""
        self.users.pop(link, None)
        self.memberships.pop(link, None)
        for channel in [channel for channel, counts in self._counts.items() if link in counts]:
            counts = self._counts[channel]
            del counts[link]
            if not counts:
                del self._counts[channel]
