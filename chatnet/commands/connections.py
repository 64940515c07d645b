"""Telling operators of every connection of this server: STATS l and TRACE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatnet.commands.request import Request
from chatnet.session.scans import Scan
from chatnet.session.session import Session
from chatnet.wire import numerics

REPLY: Final = 40
"""Microseconds that one takes to tell."""
BYTES: Final = 128
"""How much SendQ one may need; all together have half of it."""


async def show_sessions(
    request: Request, scan: Scan, verb: str, show: Callable[[Request, Session], None]
) -> None:
    """Have `show` tell of one after the other; 416 if there are more than SendQ has room for."""
    room = request.session.outlet.sendq // 2 // BYTES
    for session in list(request.sessions.all):
        if session.closed:
            continue
        if room == 0:
            request.reply(numerics.ERR_TOOMANYMATCHES, verb)
            return
        show(request, session)
        room -= 1
        if scan.spend(REPLY):
            await scan.pause()
