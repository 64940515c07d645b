"""How long links live: who may be silent, or unknown, for how long, and the end of them all."""

from __future__ import annotations

from typing import Final

from chatnet.links import link as one
from chatnet.links.codecs.solanum import encode
from chatnet.links.links import Links

SWEEP: Final = 1.0
"""Seconds between two sweeps."""


def sweep(links: Links) -> None:
    """Ask the silent for a sign of life, and end the links whose time is over."""
    settings = links.node.settings.links
    now = links.node.clock.monotonic()
    me = links.node.network.me
    for link in list(links.all):
        if link.state is one.State.GREETING:
            if now - link.since > settings.handshake_timeout:
                link.close("It did not say in time who it is")
            continue
        if link.state is one.State.INTRODUCED and now - link.since > settings.burst_timeout:
            link.close("Its burst did not end in time")
            continue
        if link.bursting is not None:
            continue  # a PING would tell that our burst is over
        if now - link.heard > settings.ping_timeout:
            link.close(f"Ping timeout: {now - link.heard:.0f} seconds")
        elif now - link.pinged >= settings.ping_interval:
            link.pinged = now
            link.send(b"PING :%b" % encode(me.sid))


def close_all(links: Links, reason: str) -> None:
    """The server ends: neighbours are told why, and so is the network behind them."""
    sid = encode(links.node.network.me.sid)
    for link in list(links.all):
        if link.server is not None:
            link.send(b":%b SQUIT %b :%b" % (sid, sid, encode(reason)))
        link.close(reason)
