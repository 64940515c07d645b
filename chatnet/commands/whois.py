"""WHOIS: everything about a user that the asker may know."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.model.modes import ALL_PREFIXES, TOP_PREFIX
from chatnet.rules.metadata import shown
from chatnet.rules.visibility import may_see_address, may_see_member, may_see_members
from chatnet.session.idle import idle
from chatnet.session.metadata import EITHER
from chatnet.session.packing import reply_packed
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.masks import wire_address
from chatnet.wire.text import middle


@CLIENT.command("WHOIS", penalty=2.0)
def whois(request: Request) -> None:
    """`WHOIS [<server>] <nick>`: who somebody is; with the nick twice, as their own server knows.

    Who acts for an operator without being for that reads what this server knows: others would show them more.

    https://modern.ircdocs.horse/#whois-message  Refuses with 431 (no nick), 401, 402 (no such server).
    """
    asked = request.param(1 if len(request.params) > 1 else 0)
    nick = asked.partition(",")[0]
    if not nick:
        request.stop(numerics.ERR_NONICKNAMEGIVEN)
    other = request.network.user(nick)
    twice = len(request.params) > 1 and (other is not None or request.params[0] != request.params[1])
    if twice and not (other is not None and request.user.withheld):
        request.for_us(0)
    if other is None:
        request.reply(numerics.ERR_NOSUCHNICK, middle(nick))
    else:
        _show(request, other)
    request.reply(numerics.RPL_ENDOFWHOIS, middle(asked))  # clients look for what they sent


def _show(request: Request, other: User) -> None:
    asker, reply, nick = request.user, request.reply, other.nick
    reply(numerics.RPL_WHOISUSER, nick, other.username, wire_address(other.host), other.realname)
    _show_channels(request, other)
    reply(numerics.RPL_WHOISSERVER, nick, request.name_of(other.server), other.server.description)
    if other.away is not None:
        reply(numerics.RPL_AWAY, nick, other.away)
    if other.server.virtual:
        reply(numerics.RPL_WHOISOPERATOR, nick, "is a network service")
        return
    if other.oper is not None:
        reply(numerics.RPL_WHOISOPERATOR, nick, other.oper.title)
    if "B" in other.modes:
        reply(numerics.RPL_WHOISBOT, nick)
    if other.account is not None:
        reply(numerics.RPL_WHOISACCOUNT, nick, other.account)
    _show_connection(request, other)
    if asker is other or asker.may("see-all"):
        reply(numerics.RPL_WHOISMODES, nick, _modes(other))
    if request.session.caps & EITHER:
        for key, value in shown(request.network, other).items():
            reply(numerics.RPL_WHOISKEYVALUE, nick, key, value)
    seconds = idle(request.sessions, other)
    if seconds is not None:
        reply(numerics.RPL_WHOISIDLE, nick, seconds, int(other.signon))


def _show_channels(request: Request, other: User) -> None:
    prefixes = ALL_PREFIXES if request.session.caps & cap.MULTI_PREFIX else TOP_PREFIX
    channels = (
        prefixes[ranks] + channel.name
        for channel, ranks in other.channels.items()
        if may_see_members(request.user, channel) and may_see_member(request.user, channel, other)
    )
    reply_packed(request.session, numerics.RPL_WHOISCHANNELS, channels, " ", other.nick)


def _show_connection(request: Request, other: User) -> None:
    """671 and 276 about TLS, 350 about a gateway, 378 or 338 about where the user comes from."""
    asker = request.user
    close = asker is other or asker.operates
    if other.secure:
        text = "is using a secure connection"
        tls = [s.peer.tls for s in request.sessions.local.sessions_of(other) if s.peer.tls is not None]
        if tls and close:
            text += f" [{tls[0]}]"
        request.reply(numerics.RPL_WHOISSECURE, other.nick, text)
    if other.certfp is not None and close:
        request.reply(numerics.RPL_WHOISCERTFP, other.nick, other.certfp)
    for session in request.sessions.local.sessions_of(other):
        if session.listed and asker.operates:
            text = f"is listed by {', '.join(each.text for each in session.listed)}"
            request.reply(numerics.RPL_WHOISSPECIAL, other.nick, text)
        if (gateway := session.peer.gateway) is not None:
            at = wire_address(session.peer.gateway_address or "*") if asker.operates else "*"
            request.reply(numerics.RPL_WHOISGATEWAY, other.nick, "*", at, gateway)
    if not may_see_address(asker, other):
        return
    address = wire_address(other.address)
    if other.host != other.real_host:
        request.reply(numerics.RPL_WHOISHOST, other.nick, f"{other.username}@{other.real_host}", address)
    else:
        request.reply(numerics.RPL_WHOISACTUALLY, other.nick, address)


def _modes(user: User) -> str:
    text = "+" + "".join(sorted(user.modes))
    return f"{text} +{user.snomask}" if user.snomask else text
