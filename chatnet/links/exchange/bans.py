"""Bans that are records, told in the words of others to a neighbour that is fed no such records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours


def tell_bans(links: Neighbours, link: Link) -> None:
    """Tell a neighbour of all of them, in slices, so that clients are served between."""
    network, clock = links.node.network, links.node.clock
    bans = [ban for several in network.bans.values() for ban in several.values() if ban.record]

    def lines() -> Iterator[bytes]:
        for ban in bans:
            if network.bans[ban.kind].get(network.fold(ban.mask)) is ban:
                yield from link.codec.ban(network.me, ban, clock.time())

    told = lines()

    def go_on() -> None:
        if link.gone:
            return
        more = list(islice(told, links.node.settings.links.burst_slice))
        for text in more:
            link.send(text)
        if more:
            clock.later(0.0, go_on)

    go_on()
