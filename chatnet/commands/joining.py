"""JOIN and PART: coming into channels and leaving them."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.model.channel import Channel
from chatnet.model.facts import Joined, Parted
from chatnet.model.modes import OP
from chatnet.wire import numerics
from chatnet.wire.names import is_channel
from chatnet.wire.text import cut, middle


@CLIENT.command("JOIN", min_params=1, penalty=1.0)
def join(request: Request) -> None:
    """`JOIN <channel>{,<channel>} [<key>{,<key>}]`: come in; `JOIN 0` leaves all channels.

    https://modern.ircdocs.horse/#join-message
    """
    if request.params[0] == "0":
        for channel in list(request.user.channels):
            request.commit(Parted(channel, request.user, None, request.now))
        return
    keys = request.param(1).split(",")
    for index, name in enumerate(request.targets(0)):
        _join(request, name, keys[index] if index < len(keys) else "")


def _join(request: Request, name: str, key: str) -> None:
    if not is_channel(name, request.settings.limits.channel):
        request.reply(numerics.ERR_BADCHANMASK, middle(name))
        return
    user, now = request.user, request.now
    channel = request.network.channel(name)
    if channel is None:
        channel = Channel(name, request.network.fold(name), int(now))
        channel.flags |= {"n", "t"}
        request.commit(Joined(channel, ((user, OP),), now, created=True))
    elif user not in channel.members:
        request.commit(Joined(channel, ((user, 0),), now))


@CLIENT.command("PART", min_params=1, penalty=1.0)
def part(request: Request) -> None:
    """`PART <channel>{,<channel>} [:<reason>]`: leave channels.

    https://modern.ircdocs.horse/#part-message  Refuses with 403, 442.
    """
    reason = cut(request.params[1], request.settings.limits.kick) if len(request.params) > 1 else None
    for name in request.targets(0):
        channel = request.network.channel(name)
        if channel is None:
            request.reply(numerics.ERR_NOSUCHCHANNEL, middle(name))
        elif request.user not in channel.members:
            request.reply(numerics.ERR_NOTONCHANNEL, channel.name)
        else:
            request.commit(Parted(channel, request.user, reason, request.now))
