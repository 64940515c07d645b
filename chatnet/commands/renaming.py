"""RENAME: giving a channel another name."""

from __future__ import annotations

from chatnet.commands.override import overrides
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel
from chatnet.model.facts import ChannelRenamed
from chatnet.model.modes import OP
from chatnet.rules.channels import may_act
from chatnet.rules.renames import CannotRename, may_rename
from chatnet.session.rates import exempt
from chatnet.session.render import LINE
from chatnet.wire import numerics
from chatnet.wire.names import is_channel
from chatnet.wire.text import byte_length, cut, middle


@CLIENT.command("RENAME", min_params=2, penalty=5.0)
def rename(request: Request) -> None:
    """`RENAME <channel> <new name> [:<reason>]`: give a channel another name; all else of it stays.

    Operators and above may.  Who joins by the old name is led to the channel for a time, and only its
    operators can make a new channel of that name meanwhile.  (A secret channel lets its old name go at once.)
    https://ircv3.net/specs/extensions/channel-rename
    Refuses with 403 (no such channel), 442 (you are not in it), 482 (your rank), 476 (not a name), FAIL
    CHANNEL_NAME_IN_USE (somebody has it, or has registered it), FAIL CANNOT_RENAME (renamed a moment ago,
    registered, too large, or with members on servers of other makes).
    """
    channel, user, name = request.channel(0), request.user, request.params[1]
    refusal = may_act(user, channel, OP)
    if refusal is not None and not overrides(request, channel, refusal):
        request.refuse(refusal)
        return
    if not is_channel(name, request.settings.limits.channel):
        request.stop(numerics.ERR_BADCHANMASK, middle(name))
    settings, now = request.settings, request.now
    why = may_rename(request.network, settings, channel, name, now)
    if why is None and _too_soon(request, channel):
        why = CannotRename("CANNOT_RENAME", "This channel has been renamed recently")
    if why is None and not _fits(request, channel, name):
        why = CannotRename("CANNOT_RENAME", "The two names do not fit into one line")
    if why is not None:
        request.session.fail("RENAME", why.code, why.description, channel.name, name)
        return
    reason = cut(request.param(2), settings.limits.kick)
    folded = request.network.fold(name)
    request.commit(ChannelRenamed(channel, name, folded, user, reason, now, channel.name))


def _too_soon(request: Request, channel: Channel) -> bool:
    period = request.settings.flood.rename_period
    return not exempt(request.session) and request.sessions.throttles.renamed_within(channel, period)


def _fits(request: Request, channel: Channel, name: str) -> bool:
    """True if both names are whole in what others read."""
    return byte_length(f":{request.user.mask} RENAME {channel.name} {name} :") <= LINE
