"""MONITOR: being told when somebody comes and goes."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.session.packing import reply_packed
from chatnet.wire import numerics
from chatnet.wire.names import is_nick


@CLIENT.command("MONITOR", min_params=1)
def monitor(request: Request) -> None:
    """`MONITOR + <nick>{,<nick>}`, `MONITOR - <nick>{,<nick>}`, `MONITOR C|L|S`: be told who comes and goes.

    C clears the list, L shows it, S shows who of it is here.  https://ircv3.net/specs/extensions/monitor
    Refuses with 734 what is more than the limit, 461 without nicks; what is no nick is left out.
    """
    subcommand = request.params[0].upper()
    session, monitors = request.session, request.sessions.monitors
    if subcommand == "+":
        _add(request)
    elif subcommand == "-":
        for nick in _nicks(request):
            monitors.unwatch(session, request.network.fold(nick))
    elif subcommand == "C":
        monitors.forget(session)
    elif subcommand == "L":
        reply_packed(session, numerics.RPL_MONLIST, monitors.watched(session).values(), ",")
        request.reply(numerics.RPL_ENDOFMONLIST)
    elif subcommand == "S":
        _show(request, monitors.watched(session).values())


def _nicks(request: Request) -> list[str]:
    if not request.param(1):
        request.stop(numerics.ERR_NEEDMOREPARAMS, "MONITOR")
    return request.targets(1)


def _add(request: Request) -> None:
    session, monitors = request.session, request.sessions.monitors
    limits = request.settings.limits
    added: list[str] = []
    refused: list[str] = []
    for nick in _nicks(request):
        folded = request.network.fold(nick)
        watched = monitors.watched(session)
        if folded in watched or not is_nick(nick, limits.nick):
            continue
        if len(watched) >= limits.monitor:
            refused.append(nick)
            continue
        monitors.watch(session, folded, nick)
        added.append(nick)
    _show(request, added)
    reply_packed(session, numerics.ERR_MONLISTFULL, refused, ",", limits.monitor)


def _show(request: Request, nicks: Iterable[str]) -> None:
    """730 for those who are here, 731 for the others."""
    here: list[str] = []
    gone: list[str] = []
    online: list[User] = []
    for nick in nicks:
        user = request.sessions.shadows.shown(request.network, nick)
        if user is not None:
            here.append(user.mask)
            online.append(user)
        else:
            gone.append(nick)
    reply_packed(request.session, numerics.RPL_MONONLINE, here, ",")
    reply_packed(request.session, numerics.RPL_MONOFFLINE, gone, ",")
    request.sessions.subscriptions.tell_users(request.session, online)
