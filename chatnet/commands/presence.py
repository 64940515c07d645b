"""AWAY, SETNAME, ISON and USERHOST: what users say of themselves, and the short questions about them."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from functools import partial
from typing import Final

from chatnet.commands.filtered import CODE, filtered
from chatnet.commands.muted import muted_by_filter, muted_in
from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.model.entities import User
from chatnet.model.facts import RealnameChanged
from chatnet.model.filters import AWAY
from chatnet.session.packing import pack
from chatnet.session.presence.absence import NOBODY, say_away
from chatnet.session.rates import too_fast
from chatnet.session.scans import Scan
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.text import byte_length, cut

WHILE_BANNED: Final = "Cannot {} while banned from a channel, or muted in one"
"""What FAIL says to who may not speak to all who would read it."""


@CLIENT.command("AWAY", phase=Phase.ANY, penalty=2.0)
def away(request: Request) -> None:
    """`AWAY [:<text>]`: say that you are away and why; without a text, that you are back.

    https://modern.ircdocs.horse/#away-message  Before registration refuses with 451 whoever did not ask for
    draft/pre-away; FAIL BLOCKED tells that a filter keeps the text back, or that you may not speak in a
    channel whose members would read it.  `AWAY *` gives no reason.  Who has other sessions that are not away
    reads a NOTICE behind 306: others see them away when all are.  https://ircv3.net/specs/extensions/pre-away
    """
    text = cut(request.param(0), request.settings.limits.away) or None
    if not request.session.registered and not request.session.caps & cap.PRE_AWAY:
        request.stop(numerics.ERR_NOTREGISTERED)
    if text in (None, NOBODY) or not request.user.channels:
        _say_away(request, text)
    else:
        request.scan(partial(_say_why, request, text))


async def _say_why(request: Request, text: str | None, scan: Scan) -> None:
    """All around read it."""
    if await muted_in(request, scan) is not None:
        request.session.fail("AWAY", CODE, WHILE_BANNED.format("say why you are away"))
    else:
        _say_away(request, text)


def _say_away(request: Request, text: str | None) -> None:
    if (verdict := filtered(request, AWAY, text)) is not None:
        if verdict.quiet:
            request.reply(numerics.RPL_NOWAWAY)
        else:
            request.session.fail("AWAY", CODE, verdict.words)
        return
    if not request.session.registered:
        request.user.away = text
    say_away(request.sessions, request.session, text)
    if request.session.registered:
        request.sessions.sitting.tell_if_seen(request.session)


@CLIENT.command("SETNAME", penalty=2.0)
def setname(request: Request) -> Awaitable[None] | None:
    """`SETNAME :<real name>`: change your real name.

    https://ircv3.net/specs/extensions/setname  Fails with INVALID_REALNAME (empty or too long),
    CANNOT_CHANGE_REALNAME (too often, or banned or muted in a channel you are in; or a filter keeps it
    back).
    """
    if muted_by_filter(request) is not None:
        _may_not(request)
        return None
    if request.is_elsewhere:
        return request.by_host()
    session = request.session
    realname = request.param(0)
    if not realname.strip(" ") or byte_length(realname) > request.settings.limits.realname:
        session.fail("SETNAME", "INVALID_REALNAME", "Realname is not valid")
        return None
    request.scan(partial(_change_realname, request, realname))
    return None


async def _change_realname(request: Request, realname: str, scan: Scan) -> None:
    session, user = request.session, request.user
    if await muted_in(request, scan) is not None:
        _may_not(request)
        return
    flood = request.settings.flood
    if too_fast(session, "setname", flood.nick_rate, flood.nick_period):
        session.fail("SETNAME", "CANNOT_CHANGE_REALNAME", "Slow down your realname changes")
        return
    filters = request.sessions.filters
    if filters.on and (verdict := filters.renamed(session, user.nick, realname)) is not None:
        why = "Cannot change realname" if verdict.quiet else verdict.words
        session.fail("SETNAME", "CANNOT_CHANGE_REALNAME", why)
        return
    request.commit(RealnameChanged(user, realname, request.now))


def _may_not(request: Request) -> None:
    request.session.fail("SETNAME", "CANNOT_CHANGE_REALNAME", WHILE_BANNED.format("change realname"))


def _named(request: Request, most: int | None = None) -> Iterator[User]:
    """The users whose nicks are given, in one parameter each or all in one."""
    shadows = request.sessions.shadows
    for name in " ".join(request.params).split()[:most]:
        user = shadows.shown(request.network, name)
        if user is not None:
            yield user


@CLIENT.command("ISON", min_params=1)
def ison(request: Request) -> None:
    """`ISON <nick>{ <nick>}`: which of them are here; as many as one line holds.

    RFC 2812, section 4.9.  MONITOR does this better.
    """
    nicks = (user.nick for user in _named(request))
    text = next(pack(request.session, numerics.RPL_ISON, nicks, " "), "")
    request.reply(numerics.RPL_ISON, text)


USERHOSTS = 5
"""How many nicks one USERHOST may have."""


@CLIENT.command("USERHOST", min_params=1)
def userhost(request: Request) -> None:
    """`USERHOST <nick>{ <nick>}`: user name and host of up to five users, whether they are away, or opers.

    https://modern.ircdocs.horse/#userhost-message
    """
    items = (
        f"{user.nick}{'*' if user.oper is not None else ''}={'+' if user.away is None else '-'}"
        f"{user.username}@{user.real_host if user is request.user else user.host}"
        for user in _named(request, USERHOSTS)
    )
    text = next(pack(request.session, numerics.RPL_USERHOST, items, " "), "")
    request.reply(numerics.RPL_USERHOST, text)
