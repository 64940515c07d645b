"""Whether somebody may change who they are, or say why they go: not while a channel forbids them to speak."""

from __future__ import annotations

from typing import Final

from chatnet.commands.request import Request
from chatnet.model.entities import Channel
from chatnet.session.scans import Scan

MASKS: Final = 32_768
"""Characters of masks that are looked at for a reason to QUIT."""


def is_muted(request: Request) -> bool:
    """Whether there is a channel that would read what the asker says as they go, and wants nothing of them.

    Whoever is in channels with such lists that it takes too long to find out says nothing either.
    """
    me, sessions = request.user, request.sessions
    bans, end = sessions.bans, sessions.bans.looked + MASKS
    for channel, ranks in me.channels.items():
        if sessions.filters.muted(request.session, channel) is not None:
            return True
        if ranks == 0 and (bans.looked > end or bans.muted(channel, me)):
            return True
    return False


async def muted_in(request: Request, scan: Scan) -> Channel | None:
    """A channel in which the asker is banned or muted, without a rank; None if there is none.

    The lists of all channels that somebody is in are more than one turn has time for.
    """
    me, bans = request.user, request.sessions.bans
    for channel in list(me.channels):
        before = bans.looked
        if me.channels.get(channel) == 0 and bans.muted(channel, me):
            return channel
        if scan.spend_on_masks(bans.looked - before):
            await scan.pause()
    return None
