"""Bans of the network as Solanum's operators know them: KLINE, DLINE, XLINE, RESV.

https://github.com/solanum-ircd/solanum/tree/main/help/opers  Times are minutes, or ``1d12h``.
"""

from __future__ import annotations

from chatnet.commands.ban_orders import Order, added, hits, judge, need_reason, need_server, place, whom
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.rules.ban_targets import address_of, host_of
from chatnet.rules.durations import ban_seconds, duration
from chatnet.wire import numerics
from chatnet.wire.ban_targets import Target, address_target, name_target, realname_target, user_target
from chatnet.wire.text import middle, printable


@CLIENT.command("KLINE", min_params=2, privilege="bans", penalty=1.0)
async def kline(request: Request) -> None:
    """`KLINE [<duration>] <user>@<host>|<nick> [ON <server>] [FORCE] :<reason>|<private reason>`: ban users.

    The duration is minutes, or as in `1d12h`; without one it is for ever. The host may have wildcards, or be
    an address or a network; a nick means all users at its address (IPv6: at its /64). It holds on all
    servers, and sends away whom it means; `ON` sets it on servers whose names fit a mask, where it is gone
    when they stop. `FORCE` is needed if it hits many. UNKLINE lifts it. Refuses with 481, 723, 401, 461.
    """
    seconds, words = _duration(request)
    order = Order(_users(request, words.pop(0)), seconds)
    await _set(request, order, words, "UNKLINE")


@CLIENT.command("DLINE", min_params=2, privilege="bans", penalty=1.0)
async def dline(request: Request) -> None:
    """`DLINE [<duration>] <address>|<nick> [ON <server>] [FORCE] :<reason>|<private reason>`: ban an address.

    Who comes from there, or from that network, is refused before they cost anything, and cannot log in. All
    else as KLINE. UNDLINE lifts it. Refuses with 481, 723, 401, 461.
    """
    seconds, words = _duration(request)
    text = words.pop(0)
    target = address_target(text)
    if target is None:
        user = _nick(request, text)
        if not request.user.may("see-all"):
            request.session.notice(f"You see no addresses (see-all): /KLINE {user.nick} bans by host")
            return
        target = address_target(address_of(user))
    if target is None:
        request.session.notice(f"{printable(text)} is neither an address nor a network")
        return
    await _set(request, Order(target, seconds), words, "UNDLINE")


@CLIENT.command("XLINE", min_params=2, privilege="bans", penalty=1.0)
async def xline(request: Request) -> None:
    r"""`XLINE [<duration>] <mask> [ON <server>] [FORCE] :<reason>|<private reason>`: ban real names.

    `\s` in the mask is a space. All else as KLINE. UNXLINE lifts it. Refuses with 481, 723, 461.
    """
    seconds, words = _duration(request)
    text = words.pop(0)
    if len(words) > 1 and words[0].isdecimal():
        words.pop(0)  # older servers had a number here that says how to refuse
    await _set(request, _order(request, realname_target(text), text, seconds), words, "UNXLINE")


@CLIENT.command("RESV", min_params=2, privilege="bans", penalty=1.0)
async def resv(request: Request) -> None:
    """`RESV [<duration>] <nick or channel> [ON <server>] [FORCE] :<reason>|<private reason>`: reserve names.

    Nobody takes such a nick, or joins such a channel; who does already is not sent away. All else as KLINE.
    UNRESV lifts it. Refuses with 481, 723, 461.
    """
    seconds, words = _duration(request)
    text = words.pop(0)
    await _set(request, _order(request, name_target(text), text, seconds), words, "UNRESV")


def _duration(request: Request) -> tuple[int, list[str]]:
    """The seconds that are asked for, and the other words; ends the command with 461 if there are too few."""
    words = list(request.params)
    seconds = ban_seconds(words[0])
    if seconds is not None:
        words.pop(0)
    if len(words) < 2:
        request.stop(numerics.ERR_NEEDMOREPARAMS, request.row.verb)
    return seconds or 0, words


def _order(request: Request, target: Target | None, text: str, seconds: int) -> Order:
    if target is None:
        request.session.notice(f"{printable(text)} is no mask")
        request.stop(numerics.ERR_NEEDMOREPARAMS, request.row.verb)
    return Order(target, seconds)


def _users(request: Request, text: str) -> Target:
    if "@" not in text and not any(sign in text for sign in "*?.:/"):
        user = _nick(request, text)
        text = f"*@{address_of(user) if request.user.may('see-all') else host_of(user)}"
    target = user_target(text)
    if target is None:
        request.session.notice(f"{printable(text)} is no user@host, or an ill-formed address")
        request.stop(numerics.ERR_NEEDMOREPARAMS, request.row.verb)
    return target


def _nick(request: Request, text: str) -> User:
    user = request.network.user(text)
    if user is None or user.server.virtual:
        request.stop(numerics.ERR_NOSUCHNICK, middle(text))
    return user


async def _set(request: Request, order: Order, words: list[str], undo: str) -> None:
    """What all of them have in common: `words` are those behind the target."""
    if len(words) > 2 and words[0].upper() == "ON":
        order.server = words[1]
        del words[:2]
    if len(words) > 1 and words[0].upper() == "FORCE":
        order.force = True
        del words[0]
    order.reason = " ".join(words)
    if len(words) > 2 and words[-2].upper() == "ON":  # as DLINE has it elsewhere
        order.server, order.reason = words[-1], " ".join(words[:-2])
    need_reason(request, order.reason)
    if order.server:
        need_server(request, order.server)
    users, session = hits(request, order.target), request.session
    if not judge(request, order, users, _again(request, order)):
        return
    old = request.sessions.banning.known(order.kind, order.target.mask)
    end = int(request.now) + order.seconds if order.seconds else None
    if old is not None and not order.server and (old.until is None or (end is not None and end <= old.until)):
        session.notice(f"[{order.mask}] is banned already by [{old.by}] - {printable(old.reason)}")
        return
    ban = await place(request, order)
    if ban is None or session.closed:
        return
    session.notice(added(ban))
    kept = "" if ban.wide and request.sessions.banning.keeps else ", until this server is restarted"
    hint = f"{whom(request, order.target, users)}{kept}. To undo: /{undo} {printable(order.target.mask)}"
    session.notice(hint if order.kind != "R" else f"Nobody may have it{kept}. {hint.split('. ')[-1]}")


def _again(request: Request, order: Order) -> str:
    """How it is to be written."""
    length = f"{duration(order.seconds)} " if order.seconds else ""
    on = f"ON {order.server} " if order.server else ""
    return f"/{request.row.verb} {length}{printable(order.target.mask)} {on}FORCE :{printable(order.reason)}"
