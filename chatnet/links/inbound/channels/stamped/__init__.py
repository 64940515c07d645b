"""Channels as neighbours tell of them that stamp what they change: the latest change holds, whoever made it.

A line with a stamp is a change that somebody made.  It is noted, and goes on to the others who stamp, as it
came, if it is later than what is known; whether it makes a difference here or not: it may elsewhere.  Lines
without a stamp tell the state of a channel, after a CNSTAMP with the stamps of those registers that changed
lately; the others have none, and are merged as by TS6 (``rules/timestamps.py``).

All holds for channels that ended as well, as long as they are remembered: whoever is on the way into one of
them comes into what it became.  A server that learns of an older channel tells all neighbours its TS, and who
tells of a younger one is told: so all come to the same TS.
"""

from __future__ import annotations

from chatnet.links.inbound.channels.stamped.ages import remember
from chatnet.links.inbound.channels.stamped.claims import sjoin
from chatnet.links.inbound.channels.stamped.known import event
from chatnet.links.inbound.channels.stamped.lists import enter
from chatnet.links.inbound.channels.stamped.members import join, kick, part
from chatnet.links.inbound.channels.stamped.modes import tmode
from chatnet.links.inbound.channels.stamped.moves import move
from chatnet.links.inbound.channels.stamped.names import rename
from chatnet.links.inbound.channels.stamped.topics import etb, lock, tb, topic

__all__ = [
    "enter",
    "etb",
    "event",
    "join",
    "kick",
    "lock",
    "move",
    "part",
    "remember",
    "rename",
    "sjoin",
    "tb",
    "tmode",
    "topic",
]
