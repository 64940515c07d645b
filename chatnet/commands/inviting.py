"""INVITE and KNOCK: asking somebody in, and asking to be let in."""

from __future__ import annotations

from chatnet.commands.override import overrides
from chatnet.commands.request import CLIENT, Request
from chatnet.model.facts import Invited, Knocked
from chatnet.rules.channels import invitation_opens, may_invite, may_knock
from chatnet.rules.messages import may_write
from chatnet.rules.visibility import may_see_member
from chatnet.session.rates import exempt, too_fast
from chatnet.wire import numerics


@CLIENT.command("INVITE", penalty=2.0)
def invite(request: Request) -> None:
    """`INVITE [<nick> <channel>]`: ask somebody in; without parameters, list where you are invited.

    https://modern.ircdocs.horse/#invite-message
    Refuses with 401, 403 (no such nick, channel), 442 (you are not in it), 443 (they are), 482 (mode V,
    or i without g, and you are no operator), 263 (too fast), 485 (a service), 486 and 716 (they take nothing
    from you: user modes R, g, G).  An invitation by who is no operator lets nobody in whom a mode keeps out,
    but under mode g.
    """
    if not request.params:
        _list(request)
        return
    if len(request.params) < 2:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "INVITE")
    user, target, channel = request.user, request.person(0), request.channel(1)
    refusal = may_invite(user, channel)
    if refusal is not None and refusal.numeric is numerics.ERR_NOTONCHANNEL:
        request.refuse(refusal)
        return
    if target in channel.members and not may_see_member(user, channel, target):
        request.reply(numerics.RPL_INVITING, target.nick, channel.name)  # they are there, which is not told
        return
    if target in channel.members:
        request.stop(numerics.ERR_USERONCHANNEL, target.nick, channel.name)
    if refusal is not None and not overrides(request, channel, refusal):
        request.refuse(refusal)
        return
    refusal = may_write(user, target, "")
    if refusal is not None:
        request.refuse(refusal)
        return
    flood = request.settings.flood
    if too_fast(request.session, "invite", flood.invite_rate, 60.0):
        request.stop(numerics.RPL_TRYAGAIN, "INVITE")
    request.reply(numerics.RPL_INVITING, target.nick, channel.name)
    if target.away is not None:
        request.reply(numerics.RPL_AWAY, target.nick, target.away)
    request.commit(Invited(target, channel, user, request.now, invitation_opens(user, channel)))


def _list(request: Request) -> None:
    for channel in request.user.invites:
        if request.network.channels.get(channel.folded) is channel:
            request.reply(numerics.RPL_INVITELIST, channel.name)
    request.reply(numerics.RPL_ENDOFINVITELIST)


@CLIENT.command("KNOCK", min_params=1, penalty=2.0)
def knock(request: Request) -> None:
    """`KNOCK <channel>`: ask the operators of a channel that you cannot join to invite you.

    Modern IRC is silent; as Solanum does.
    Refuses with 403 (no such channel), 714 (you are in it), 713 (it is open), 404 (mode p, or banned), 712
    (you, or somebody at this channel, knocked a moment ago).
    """
    channel, user = request.channel(0), request.user
    refusal = may_knock(request.sessions.bans, user, channel)
    if refusal is not None:
        request.refuse(refusal)
        return
    flood = request.settings.flood
    if not exempt(request.session):
        if request.sessions.throttles.knocked_within(channel, flood.knock_period):
            request.stop(numerics.ERR_TOOMANYKNOCK, channel.name, "channel")
        if too_fast(request.session, "knock", 1, flood.knock_period):
            request.stop(numerics.ERR_TOOMANYKNOCK, channel.name, "user")
    request.reply(numerics.RPL_KNOCKDLVR, channel.name)
    request.commit(Knocked(channel, user, request.now))
