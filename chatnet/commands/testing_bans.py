"""Which ban means whom, and whom a mask would mean: TESTLINE, TESTMASK."""

from __future__ import annotations

from functools import partial

from chatnet.commands.request import CLIENT, Request
from chatnet.model.bans import NetworkBan
from chatnet.model.entities import User
from chatnet.session.scans import Scan
from chatnet.wire import numerics
from chatnet.wire.masks import price_of, read_glob
from chatnet.wire.networks import address_in, network_of
from chatnet.wire.text import middle, printable

_LETTERS = {"K": "K", "D": "D", "X": "X", "R": "Q"}
"""Kind of ban → the letter that shows it."""


@CLIENT.command("TESTLINE", min_params=1, privilege="bans", penalty=1.0, reads=True)
def testline(request: Request) -> None:
    """`TESTLINE [<nick>!][<user>@]<host>|<address>|<channel>|<nick>`: which ban, if any, means them.

    It answers 725, with how many minutes are left (0: for ever), or 726. As Solanum does. UBAN INFO tells all
    of somebody. Refuses with 481, 723.
    """
    text = request.params[0]
    if text[:1] in ("#", "&"):
        _show(request, text, request.sessions.network_bans.matching("R", text))
        return
    nick, mark, rest = text.rpartition("!")
    user, at, host = rest.rpartition("@")
    if not host:
        request.session.notice("Invalid syntax for TESTLINE")
        return
    bans = request.sessions.network_bans
    # Its ban may be that of an address, which not everybody may read.
    named = not mark and not at and request.user.may("see-all")
    somebody = request.network.user(host) if named else None
    if somebody is None:
        nick = nick if mark or at else host
        somebody = User(request.network.me, host, host)
        somebody.username = user if at else "dummy"
    found = [ban for ban in bans.all_of(somebody) if ban.kind in ("D", "K")]
    found.sort(key=lambda ban: ban.kind)
    if nick:
        found += bans.matching("R", nick)
    _show(request, text, found)


@CLIENT.command("TESTGECOS", min_params=1, privilege="bans", penalty=1.0, reads=True)
def testgecos(request: Request) -> None:
    """`TESTGECOS :<real name>`: which ban of real names, if any, means it; answers as TESTLINE."""
    text = request.params[0]
    _show(request, text, request.sessions.network_bans.matching("X", text))


def _show(request: Request, asked: str, found: list[NetworkBan]) -> None:
    if not found:
        request.reply(numerics.RPL_NOTESTLINE, middle(asked))
        return
    ban = found[0]
    letter, left = _LETTERS[ban.kind], 0
    if ban.until is not None:
        letter, left = letter.lower(), max(0, int(ban.until - request.now)) // 60
    request.reply(numerics.RPL_TESTLINE, letter, left, middle(ban.mask), printable(ban.reason))


@CLIENT.command("TESTMASK", min_params=1, privilege="bans", penalty=3.0, reads=True)
def testmask(request: Request) -> None:
    """`TESTMASK [<nick>!]<user>@<host> [:<real name>]`: how many people fit masks, here and elsewhere.

    The host may be a network. It answers 727. As Solanum does. Refuses with 481, 723.
    """
    nick, mark, rest = request.params[0].rpartition("!")
    user, _, host = rest.rpartition("@")
    if not user or not host:
        request.session.notice("Invalid parameters: TESTMASK [nick!]user@host [:real name]")
        return
    realname = request.param(1).replace("\\s", " ")
    request.scan(partial(_count, request, (nick if mark else "*", user, host, realname or "*")))


async def _count(request: Request, masks: tuple[str, str, str, str], scan: Scan) -> None:
    nick, user, host, realname = (read_glob(mask, request.network.fold) for mask in masks)
    network = network_of(masks[2])
    price, sees = sum(map(price_of, masks)), request.user.may("see-all")
    here = elsewhere = 0
    for each in list(request.network.users.values()):
        if scan.spend(price):
            await scan.pause()
        hosts = {each.host, each.real_host, each.address} if sees else {each.host}
        if not (user(each.username) and nick(each.nick) and realname(each.realname)):
            continue
        inside = sees and network is not None and address_in(each.address, (network,))
        if inside or any(map(host, hosts)):
            if each.server is request.network.me:
                here += 1
            else:
                elsewhere += 1
    shown = [middle(mask) for mask in masks]
    request.reply(numerics.RPL_TESTMASKGECOS, here, elsewhere, *shown)
