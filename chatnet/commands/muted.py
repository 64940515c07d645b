"""Whether somebody may change who they are: not while a channel forbids them to speak."""

from __future__ import annotations

from chatnet.commands.request import Request
from chatnet.model.entities import Channel
from chatnet.session.scans import Scan


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
