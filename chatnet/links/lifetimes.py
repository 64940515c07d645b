"""How long links live: who may be silent, or unknown, for how long, and the end of them all."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum import encode
from chatnet.links.exchange import digests
from chatnet.links.neighbour.link import Link, State
from chatnet.links.tree.neighbours import Neighbours

SWEEP: Final = 1.0
"""Seconds between two sweeps."""


def sweep(links: Neighbours) -> None:
    """Ask the silent for a sign of life, and end the links whose time is over."""
    settings = links.node.settings.links
    now = links.node.clock.monotonic()
    me = links.node.network.me
    _forget(links)
    for link in list(links.all):
        if link.state is State.GREETING:
            if now - link.since > settings.handshake_timeout:
                if link.greeting.waits is not None:
                    link.close("It was not let go in time where it was")
                else:
                    link.close("It did not say in time who it is")
            continue
        if link.state is State.STANDBY:
            if now - link.since > 2 * settings.standby_renew:
                link.drop("It was not made anew")
            continue
        if link.suspended:
            link.comparison.compared = None
            continue
        if link.state is State.INTRODUCED and now - link.since > settings.burst_timeout:
            link.close("Its burst did not end in time")
            continue
        if link.bursting is not None:
            continue  # a PING would tell that our burst is over
        _compare(links, link, now)
        if now - link.pulse.heard > settings.ping_timeout:
            why = f"Ping timeout: {now - link.pulse.heard:.0f} seconds"
            if link.resumable:
                link.lose(why)
            else:
                link.close(why)
        elif now - link.pulse.pinged >= settings.ping_interval:
            link.pulse.pinged = now
            link.send(b"PING :%b" % encode(me.sid))


def _compare(links: Neighbours, link: Link, now: float) -> None:
    """Compare what both sides know of channels, when it is time; the one with the lower SID begins."""
    if link.state is not State.LINKED or not link.stamped or link.sid is None or link.suspended:
        return
    settings = links.node.settings.links
    if link.comparison.compared is None:
        link.comparison.compared = now - settings.digest_interval + settings.digest_delay
    if links.node.network.me.sid < link.sid and now - link.comparison.compared >= settings.digest_interval:
        link.comparison.compared = now
        digests.begin(links, link)


def _forget(links: Neighbours) -> None:
    """Forget what nobody can have missed any more, as the settings are now."""
    registers, node = links.registers, links.node
    if registers is not None:
        there = {server.name for server in node.network.servers.values()}
        apart = any(links.block(name) for name in registers.neighbours - there)
        settings = node.settings.links
        if anew := registers.set_right(node.clock.time(), 2 * settings.stamp_horizon):
            links.tell(
                f"The clock of this server was ahead, and was set right: {anew} change(s) are stamped anew"
            )
        registers.sweep(settings.stamp_memory, settings.stamps, apart=apart)


def close_all(links: Neighbours, reason: str) -> None:
    """The server ends: neighbours are told why, and so is the network behind them.

    All of them, before the first is lost: else each would read of the loss of the others, one by one.
    """
    sid = encode(links.node.network.me.sid)
    for link in links.neighbours():
        link.send(b":%b SQUIT %b :%b" % (sid, sid, encode(reason)))
    for link in list(links.all):
        link.close(reason)
