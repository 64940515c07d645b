"""Servers that came behind a neighbour that has told all of it, and still tell of all that is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.facts import Fact, Hearer, NetJoinBegan, NetJoinEnded, NetSplit
from chatnet.model.server import Server
from chatnet.node import Timer


class Joins:
    """Those that are under way.

    No line tells that the burst of such a server ends.  So it is asked for a sign of life, which comes
    behind.
    """

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.under_way: dict[Server, Timer] = {}
        """Until when the burst of each may last."""
        self.hears: Mapping[type[Fact], Hearer] = {NetSplit: self._split}

    def begin(self, link: Link, near: Server, far: Server) -> None:
        """Behind `link`, `near` found `far`, whose burst comes now."""
        node = self._links.node
        node.commit(NetJoinBegan(near, far, node.clock.time()), link)
        wait = node.settings.links.burst_timeout
        self.under_way[far] = node.clock.later(wait, partial(self._over, far))
        me = node.network.me
        link.send(link.codec.sign_of_life("PING", me, me.name, far))

    def answered(self, server: Server) -> None:
        """`server` gave its sign of life."""
        timer = self.under_way.get(server)
        if timer is not None:
            timer.cancel()
            self._over(server)

    def is_joining(self, server: Server) -> bool:
        """Whether `server`, or one on the way to it, is among them."""
        hop: Server | None = server
        while hop is not None and hop not in self.under_way:
            hop = hop.uplink
        return hop is not None

    def _over(self, far: Server) -> None:
        """It has told all that was behind it, or its time to do so is over."""
        if self.under_way.pop(far, None) is not None:
            node = self._links.node
            node.commit(NetJoinEnded(far, node.clock.time()), self._links.way_to(far))

    def _split(self, fact: NetSplit, origin: object) -> None:
        for server in fact.servers:
            timer = self.under_way.pop(server, None)
            if timer is not None:
                timer.cancel()
