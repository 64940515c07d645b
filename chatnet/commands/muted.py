"""Whether somebody may change who they are, or say why they go: not while they may not speak in a channel.

All who are in it would read that.
"""

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
    if sessions.filters.mutes and muted_by_filter(request) is not None:
        return True
    for channel, ranks in me.channels.items():
        if ranks == 0 and (bans.looked > end or bans.muted(channel, me)):
            return True
    return False


def muted_by_filter(request: Request) -> Channel | None:
    """A channel in which a filter has muted the asker: the server that they are at knows it, and no other."""
    filters, session = request.sessions.filters, request.session
    for channel in request.user.channels:
        if filters.muted(session, channel) is not None:
            return channel
    return None


async def muted_in(request: Request, scan: Scan) -> Channel | None:
    """A channel in which the asker is banned or muted, without a rank; None if there is none.

    A filter may have muted them, whatever they are there.  The lists of all channels that somebody is in are
    more than one turn has time for.
    """
    me, bans = request.user, request.sessions.bans
    if (channel := muted_by_filter(request)) is not None:
        return channel
    for channel in list(me.channels):
        before = bans.looked
        if me.channels.get(channel) == 0 and bans.muted(channel, me):
            return channel
        if scan.spend_on_masks(bans.looked - before):
            await scan.pause()
    return None
