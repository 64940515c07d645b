"""NAMES: who is in a channel."""

from __future__ import annotations

from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.rules.visibility import may_see_members
from chatnet.session.names import show_names
from chatnet.wire import numerics
from chatnet.wire.text import middle

NAMES_PER_PENALTY: Final = 1000
"""How many members looked at cost a penalty of 1.0."""


@CLIENT.command("NAMES", penalty=2.0)
def names(request: Request) -> None:
    """`NAMES <channel>`: who is in a channel.

    Invisible users, and whole channels that are secret or private, are shown to members only.
    https://modern.ircdocs.horse/#names-message  Refuses with 407 (more than one channel).
    """
    if not request.param(0):
        request.stop(numerics.RPL_ENDOFNAMES, "*")
    name, *others = request.targets(0)
    channel = request.network.channel(name)
    if channel is not None and may_see_members(request.user, channel):
        show_names(request.session, channel)
        request.charge(len(channel.members) / NAMES_PER_PENALTY)
        request.session.hand_over()
    else:
        request.reply(numerics.RPL_ENDOFNAMES, middle(name))
    if others:
        request.reply(numerics.ERR_TOOMANYTARGETS, middle(others[0]))
