"""NAMES: who is in a channel."""

from __future__ import annotations

from functools import partial
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.rules.visibility import may_see_members
from chatnet.session.names import NAMES_PER_MICROSECOND, show_names
from chatnet.session.scans import Scan
from chatnet.wire import numerics
from chatnet.wire.text import middle

NAMES_PER_PENALTY: Final = 1000
"""How many members looked at cost a penalty of 1.0."""


@CLIENT.command("NAMES", penalty=2.0)
def names(request: Request) -> None:
    """`NAMES <channel>{,<channel>}`: who is in these channels.

    Invisible users, and whole channels that are secret or private, are shown to members only.
    https://modern.ircdocs.horse/#names-message  Refuses with 407 (too many channels).
    """
    if not request.param(0):
        request.stop(numerics.RPL_ENDOFNAMES, "*")
    request.scan(partial(_show, request))


async def _show(request: Request, scan: Scan) -> None:
    most = request.settings.limits.targets
    targets = request.targets(0)
    for name in targets[:most]:
        channel = request.network.channel(name)
        if channel is not None and may_see_members(request.user, channel):
            show_names(request.session, channel)
            request.charge(len(channel.members) / NAMES_PER_PENALTY)
            request.session.hand_over()
            if scan.spend(len(channel.members) // NAMES_PER_MICROSECOND):
                await scan.pause()
        else:
            request.reply(numerics.RPL_ENDOFNAMES, middle(name))
    if len(targets) > most:
        request.reply(numerics.ERR_TOOMANYTARGETS, middle(targets[most]))
