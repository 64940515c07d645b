"""The clocks of two neighbours: how far apart they are, and what operators read of it.

A neighbour of our kind says its time in SVINFO and in each PONG.  Stamps need no clocks that agree, but
people read times, and what other servers compare by TS is decided by clocks.
"""

from __future__ import annotations

from chatnet.links.neighbour.link import Link
from chatnet.links.neighbour.telling import tell


def compared(link: Link, ahead: float) -> None:
    """The clock of a neighbour is so many seconds `ahead` of ours, or behind; told when that changes."""
    most, pulse = link.node.settings.links.stamp_skew, link.pulse
    pulse.ahead = ahead
    skew = ahead if abs(ahead) > most else 0.0
    if abs(skew - pulse.skew) <= most and bool(skew) is bool(pulse.skew):
        return
    pulse.skew = skew
    if skew:
        tell(
            link.node,
            f"The clock of {link.name} is {abs(skew):.0f} seconds {'ahead' if skew > 0 else 'behind'}",
        )
    else:
        tell(link.node, f"The clock of {link.name} and ours agree again")


def answered(link: Link, their: float) -> None:
    """The PONG of a neighbour says what its clock showed, some time between our PING and now.

    What is shown is by how much the clocks differ at least.
    """
    clock = link.node.clock
    now = clock.time()
    asked = now - (clock.monotonic() - link.pulse.pinged)
    ahead = their - now if their > now else min(0.0, their - asked)
    horizon = link.node.settings.links.stamp_horizon
    if abs(ahead) > horizon:
        link.close(f"Its clock is {abs(ahead):.0f} seconds off, more than links.stamp_horizon ({horizon:g})")
    else:
        compared(link, ahead)
