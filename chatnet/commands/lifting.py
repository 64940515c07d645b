"""Lifting bans of the network: UNKLINE, UNDLINE, UNXLINE, UNRESV.  STATS lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.model.bans import NAMES
from chatnet.model.facts import NetworkBanned
from chatnet.wire.text import printable

HERE: Final = "this server alone"
EVERYWHERE: Final = "the network"


@CLIENT.command("UNKLINE", min_params=1, privilege="bans", penalty=1.0)
def unkline(request: Request) -> None:
    """`UNKLINE <user>@<host>`: lift a ban of users and hosts; STATS k lists them.

    One of the whole network is lifted everywhere, others on this server.  There is no KLINE, DLINE, XLINE or
    RESV here yet: bans are set by services, and by operators of other servers.  Refuses with 481, 723.
    """
    mask = request.params[0]
    _lift(request, "K", mask if "@" in mask else f"*@{mask}")


@CLIENT.command("UNDLINE", min_params=1, privilege="bans", penalty=1.0)
def undline(request: Request) -> None:
    """`UNDLINE <address>`: lift a ban of an address or a network of them; STATS d lists them.

    It is lifted on this server.  Refuses with 481, 723.
    """
    _lift(request, "D", request.params[0])


@CLIENT.command("UNXLINE", min_params=1, privilege="bans", penalty=1.0)
def unxline(request: Request) -> None:
    r"""`UNXLINE <mask>`: lift a ban of real names, as STATS x lists it (``\s`` is a space).

    One of the whole network is lifted everywhere, others on this server.  Refuses with 481, 723.
    """
    _lift(request, "X", request.params[0])


@CLIENT.command("UNRESV", min_params=1, privilege="bans", penalty=1.0)
def unresv(request: Request) -> None:
    """`UNRESV <mask>`: let people have nicks or channels again; STATS q lists what they may not have.

    What the whole network reserves is free everywhere then, other names here.  Refuses with 481, 723.
    """
    _lift(request, "R", request.params[0])


def _lift(request: Request, kind: str, mask: str) -> None:
    now = int(request.now)
    network, what = request.network, f"{NAMES[kind]} of [{printable(mask)}]"
    ban = network.bans[kind].get(network.fold(mask))
    if ban is None or not ban.holds(request.now):
        request.session.notice(f"There is no {what}")
        return
    # Later than the ban, whatever the clock of who set it says; and remembered for as long.
    at = max(now, ban.created + 1) if ban.wide else now
    lifetime = max(ban.lifetime or at, at) if ban.wide else at
    lifted = replace(ban, created=at, until=at, lifetime=lifetime, by=request.user.mask, reading=None)
    request.notice("k", f"{request.user.nick} removed {what}")
    request.commit(NetworkBanned(lifted, request.user, request.now))
    request.session.notice(f"Removed {what}, for {EVERYWHERE if ban.wide else HERE}")
