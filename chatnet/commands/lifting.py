"""Lifting bans of the network: UNKLINE, UNDLINE, UNXLINE, UNRESV.  STATS lists them."""

from __future__ import annotations

from typing import Final

from chatnet.commands.ban_orders import lift, need_server, tell_others
from chatnet.commands.request import CLIENT, Request
from chatnet.model.bans import NAMES
from chatnet.wire.ban_targets import plain_network, user_target
from chatnet.wire.masks import read_glob
from chatnet.wire.text import printable

HERE: Final = "this server alone"
EVERYWHERE: Final = "the network"


@CLIENT.command("UNKLINE", min_params=1, privilege="bans", penalty=1.0)
async def unkline(request: Request) -> None:
    """`UNKLINE <user>@<host> [ON <server>]`: lift a ban of users and hosts; STATS k lists them.

    One of the whole network is lifted everywhere, others on this server, or on those whose names fit the
    mask. Refuses with 481, 723.
    """
    mask = request.params[0]
    target = user_target(mask)
    mask = mask if "@" in mask else f"*@{mask}"
    await _lift(request, "K", mask if target is None else target.mask)


@CLIENT.command("UNDLINE", min_params=1, privilege="bans", penalty=1.0)
async def undline(request: Request) -> None:
    """`UNDLINE <address> [ON <server>]`: lift a ban of an address or a network of them; STATS d lists them.

    All else as UNKLINE. Refuses with 481, 723.
    """
    await _lift(request, "D", plain_network(request.params[0]) or request.params[0])


@CLIENT.command("UNXLINE", min_params=1, privilege="bans", penalty=1.0)
async def unxline(request: Request) -> None:
    r"""`UNXLINE <mask> [ON <server>]`: lift a ban of real names, as STATS x lists it (``\s`` is a space).

    All else as UNKLINE. Refuses with 481, 723.
    """
    await _lift(request, "X", request.params[0].replace(" ", "\\s"))


@CLIENT.command("UNRESV", min_params=1, privilege="bans", penalty=1.0)
async def unresv(request: Request) -> None:
    """`UNRESV <mask> [ON <server>]`: let people have nicks or channels again; STATS q lists what is reserved.

    All else as UNKLINE. Refuses with 481, 723.
    """
    await _lift(request, "R", request.params[0])


async def _lift(request: Request, kind: str, mask: str) -> None:
    session, network = request.session, request.network
    what = f"{NAMES[kind]} of [{printable(mask)}]"
    server = request.param(2) if request.param(1).upper() == "ON" else ""
    if server:
        need_server(request, server)
        words = mask.rsplit("@", 1) if kind == "K" else [mask]
        tell_others(request, [server, request.row.verb, *words])
        request.note_down(printable(mask), f"on {server}")
        if not network.me.is_called(read_glob(server, str.lower)):
            session.notice(f"Asked {server} to remove {what}")
            return
    ban = request.sessions.banning.known(kind, mask)
    if ban is None:
        fixed = any(
            each.kind == kind and network.fold(each.mask) == network.fold(mask)
            for each in request.sessions.network_bans.configured
        )
        end = ": it stands in the configuration" if fixed else ""
        session.notice(f"{what} cannot be lifted{end}" if fixed else f"There is no {what}")
        return
    if server and ban.wide:
        session.notice(f"{what} is of the whole network, and cannot be lifted on some servers alone")
        return
    if await lift(request, ban) and not session.closed:
        what = f"{NAMES[kind]} of [{printable(ban.mask)}]"
        session.notice(f"Removed {what}, for {EVERYWHERE if ban.wide else HERE}")
