"""RENAME: giving a channel another name."""

from __future__ import annotations

from chatnet.commands.errand import FOR_CHAT
from chatnet.commands.override import overrides
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel
from chatnet.model.facts import ChannelRenamed
from chatnet.model.modes import OP
from chatnet.model.registered import RegisteredChannel
from chatnet.rules.channels import may_act
from chatnet.rules.renames import CannotRename, may_rename, may_rename_registered
from chatnet.services.refused import Refused
from chatnet.session.rates import exempt
from chatnet.session.render import LINE
from chatnet.wire import numerics
from chatnet.wire.names import is_channel
from chatnet.wire.text import byte_length, cut, middle


@CLIENT.command("RENAME", min_params=2, penalty=5.0)
async def rename(request: Request) -> None:
    """`RENAME <channel> <new name> [:<reason>]`: give a channel another name; all else of it stays.

    Operators and above may; of a registered channel those with the flag s, and it stays registered.  Who
    joins by the old name is led to the channel for a time, and only its operators can make a new channel of
    that name meanwhile.  (A secret channel lets its old name go at once.)
    https://ircv3.net/specs/extensions/channel-rename
    Refuses with 403 (no such channel), 442 (you are not in it), 482 (your rank), 476 (not a name), FAIL
    CHANNEL_NAME_IN_USE (somebody has it, or has registered it), FAIL CANNOT_RENAME (renamed a moment ago,
    too large, with members on servers of other makes, it cannot be registered now, or is registered and you
    came by a token for chatting).
    """
    channel, user, name = request.channel(0), request.user, request.params[1]
    registration = request.network.registry.channels.at(channel.folded)
    if registration is not None:
        refusal = may_rename_registered(request.network, registration, channel, user)
        if refusal is not None:
            request.refuse(refusal)
            return
        if request.session.way.chat:
            request.session.fail("RENAME", "CANNOT_RENAME", FOR_CHAT.rstrip("."), channel.name, name)
            return
    else:
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
    folded, before = request.network.fold(name), channel.name
    if registration is not None:
        if not await _register(request, registration, channel, name):
            return
        if request.network.channels.get(channel.folded) is not channel or channel.name != before:
            return  # everybody has left meanwhile, and whoever comes next comes into the other one
        if request.network.channels.get(folded, channel) is not channel:
            request.session.fail("RENAME", "CHANNEL_NAME_IN_USE", "Somebody was quicker", before, name)
            return
    by = user if user.uid in request.network.users else request.network.me
    request.commit(ChannelRenamed(channel, name, folded, by, reason, request.now, before))


async def _register(request: Request, registration: RegisteredChannel, channel: Channel, name: str) -> bool:
    """Have a registered channel be registered by its new name; False if it cannot, which is told."""
    chanserv = request.sessions.chanserv
    assert chanserv is not None  # or no channel would be registered
    try:
        await chanserv.rename(registration, name)
    except Refused as refused:
        request.session.fail("RENAME", "CANNOT_RENAME", refused.text, channel.name, name)
        return False
    return True


def _too_soon(request: Request, channel: Channel) -> bool:
    period = request.settings.flood.rename_period
    return not exempt(request.session) and request.sessions.throttles.renamed_within(channel, period)


def _fits(request: Request, channel: Channel, name: str) -> bool:
    """True if both names are whole in what others read."""
    return byte_length(f":{request.user.mask} RENAME {channel.name} {name} :") <= LINE
