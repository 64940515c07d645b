"""KICK: putting somebody out of a channel."""

from __future__ import annotations

from chatnet.commands.override import overrides
from chatnet.commands.request import CLIENT, Request
from chatnet.model.facts import Kicked
from chatnet.model.modes import HALFOP
from chatnet.rules.channels import may_act, may_kick
from chatnet.wire import numerics
from chatnet.wire.text import cut, middle


@CLIENT.command("KICK", min_params=2, penalty=1.0)
def kick(request: Request) -> None:
    """`KICK <channel>{,<channel>} <nick>{,<nick>} [:<reason>]`: put users out of a channel.

    One channel and any nicks, or as many channels as nicks.  Half-operators and above may; nobody of a higher
    rank than your own is touched, and half-operators do not touch each other.
    https://modern.ircdocs.horse/#kick-message
    Refuses with 461 (the lists do not fit), 403 (no such channel), 442 (you are not in it), 482 (your rank,
    or mode Y), 441 (they are not in it), 407 (too many nicks).
    """
    channels = [name for name in request.params[0].split(",") if name]
    nicks = [nick for nick in request.params[1].split(",") if nick]
    if len(channels) == 1:
        channels *= len(nicks)
    if not nicks or len(channels) != len(nicks):
        request.stop(numerics.ERR_NEEDMOREPARAMS, "KICK")
    reason = cut(request.param(2), request.settings.limits.kick) or request.user.nick
    most = request.settings.limits.targets
    for name, nick in zip(channels[:most], nicks, strict=False):
        _kick(request, name, nick, reason)
    if len(nicks) > most:
        request.reply(numerics.ERR_TOOMANYTARGETS, middle(nicks[most]))


def _kick(request: Request, name: str, nick: str, reason: str) -> None:
    channel, target, user = request.network.channel(name), request.network.user(nick), request.user
    if channel is None:
        request.reply(numerics.ERR_NOSUCHCHANNEL, middle(name))
        return
    if target is None or target not in channel.members:
        refusal = None if user.may("channels") else may_act(user, channel, HALFOP)
        if refusal is not None:
            request.refuse(refusal)
        else:
            request.reply(numerics.ERR_USERNOTINCHANNEL, middle(nick), channel.name)
        return
    refusal = may_kick(user, channel, target)
    if refusal is not None and not overrides(request, channel, refusal):
        request.refuse(refusal)
        return
    request.commit(Kicked(channel, target, user, reason, request.now))
