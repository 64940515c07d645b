"""MARKREAD: how far one has read, on all devices.  https://ircv3.net/specs/extensions/read-marker"""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.session.marking import show_mark, show_no_mark
from chatnet.storage.interfaces import StoreError
from chatnet.wire import numerics
from chatnet.wire.names import is_channel, is_nick
from chatnet.wire.server_time import read_ms
from chatnet.wire.text import middle

TIMESTAMP = "timestamp="


@CLIENT.command("MARKREAD", penalty=0.5)
async def markread(request: Request) -> None:
    """`MARKREAD <target> [timestamp=<time>]`: how far you have read in a channel, or of what somebody said.

    Without a time it is asked. Your other clients read what is new; it never goes back.
    https://ircv3.net/specs/extensions/read-marker#markread-command
    Refuses with 421 (nothing is stored here) and FAIL NEED_MORE_PARAMS, INVALID_PARAMS (no channel or nick,
    or no time as ``2026-11-29T12:00:00.000Z``), INTERNAL_ERROR (the database).
    """
    session, marks, params = request.session, request.sessions.marks, request.params
    if marks is None:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "MARKREAD")
    if not params or not params[0]:
        return session.fail("MARKREAD", "NEED_MORE_PARAMS", "Missing parameters")
    name = params[0]
    if not _is_target(request, name):
        return session.fail("MARKREAD", "INVALID_PARAMS", "Invalid parameters", middle(name[:64]))
    at: int | None = None
    if len(params) > 1:
        at = read_ms(params[1].removeprefix(TIMESTAMP)) if params[1].startswith(TIMESTAMP) else None
        if at is None:
            shown = middle(name), middle(params[1][:64]) or "*"
            return session.fail("MARKREAD", "INVALID_PARAMS", "Invalid parameters", *shown)
    try:
        await marks.fetch(request.user)
    except StoreError:
        return show_no_mark(session, middle(name))
    if session.closed:
        return None
    channel = request.network.channel(name)
    spot = marks.spot(name)
    if at is not None:
        marks.move(request.user, spot, at, session)
    return show_mark(session, middle(name) if channel is None else channel.name, marks.of(request.user, spot))


def _is_target(request: Request, name: str) -> bool:
    """Whether that may be the name of somebody or something, be they known or not."""
    network, limits = request.network, request.sessions.limits
    if name[:1] == "#":
        return network.channel(name) is not None or is_channel(name, limits.channel)
    return network.user(name) is not None or is_nick(name, limits.nick)
