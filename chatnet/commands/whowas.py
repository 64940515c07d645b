"""WHOWAS: who bore a nick that nobody bears now."""

from __future__ import annotations

import time

from chatnet.commands.request import CLIENT, Request
from chatnet.model.whowas import Departure
from chatnet.wire import numerics
from chatnet.wire.masks import wire_address
from chatnet.wire.text import middle


@CLIENT.command("WHOWAS", penalty=2.0)
def whowas(request: Request) -> None:
    """`WHOWAS <nick> [<count> [<server>]]`: who bore a nick, the last one first; all, or `count` of them.

    https://modern.ircdocs.horse/#whowas-message  Refuses with 431 (no nick), 406 (nobody), 402; 416 after
    as many as one WHO may find.
    """
    nick = request.param(0).partition(",")[0]
    if not nick:
        request.stop(numerics.ERR_NONICKNAMEGIVEN)
    request.for_us(2)
    most = request.settings.limits.who
    wanted = _count(request.param(1)) or most + 1
    departures = request.network.whowas.find(request.network.fold(nick), min(wanted, most + 1))
    if not departures:
        request.reply(numerics.ERR_WASNOSUCHNICK, middle(nick))
    for departure in departures[:most]:
        _show(request, departure)
    if len(departures) > most:
        request.reply(numerics.ERR_TOOMANYMATCHES, "WHOWAS")
    request.reply(numerics.RPL_ENDOFWHOWAS, middle(nick))
    request.session.hand_over()


def _count(text: str) -> int | None:
    """A positive number, or None for all."""
    if len(text) > 9 or not (text.isascii() and text.isdigit()):
        return None
    return int(text) or None


def _show(request: Request, was: Departure) -> None:
    reply = request.reply
    reply(numerics.RPL_WHOWASUSER, was.nick, was.username, wire_address(was.host), was.realname)
    if was.host == was.real_host or request.user.may("see-all"):
        reply(numerics.RPL_WHOISACTUALLY, was.nick, wire_address(was.address))
    if was.account is not None:
        reply(numerics.RPL_WHOISACCOUNT, was.nick, was.account)
    server = was.server if request.user.may("see-all") else request.network.shown(was.server)
    reply(numerics.RPL_WHOISSERVER, was.nick, server, time.asctime(time.gmtime(was.at)))
