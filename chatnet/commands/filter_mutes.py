"""FILTER UNMUTE: lets somebody speak whom a filter has muted; that is known where they said what it means."""

from __future__ import annotations

from typing import Final

from chatnet.commands.request import Request
from chatnet.links.exchange.orders import Words
from chatnet.model.entities import User
from chatnet.model.ids import UID
from chatnet.session.obeying import Order
from chatnet.session.sessions import Sessions
from chatnet.wire.text import printable

MOST: Final = 10_000
"""Channels of which another server may tell."""


async def unmute(request: Request, user: User) -> None:
    """Have somebody speak again, at whatever server they are muted, and tell in how many channels."""
    session, orders, me = request.session, request.sessions.links.orders, request.network.me
    channels = _unmuted(request.sessions, user)

    def read(words: Words) -> None:
        if len(words) == 1 and len(channels) < MOST:
            channels.add(str(words[0]))

    request.note_down(user.nick, "unmuted")
    nick, words = user.nick, ["FILTER", "UNMUTE", user.uid]
    asked = [
        (server.name, orders.give(server, request.user, words, read) if orders.reaches(server) else None)
        for server in user.places
        if server is not me
    ]
    whys = [(name, "it cannot be asked" if done is None else (await done).why) for name, done in asked]
    if session.closed:
        return
    for name, why in whys:
        if why:
            session.notice(f"Perhaps they are muted on {name}: {printable(why)}")
    number = len(channels)
    session.notice(
        f"{nick} may speak again in {number} channel{'' if number == 1 else 's'}"
        if number
        else f"No filter has muted {nick}"
    )


def _unmuted(sessions: Sessions, user: User) -> set[str]:
    found: set[str] = set()
    for session in sessions.local.sessions_of(user):
        found.update(sessions.filters.unmute(session))
    return found


async def unmute_mine(order: Order) -> None:
    """An operator of another server has somebody who is here speak again: ``FILTER UNMUTE <uid>``."""
    user = order.sessions.network.users.get(UID(order.word(1)))
    if user is not None:
        for channel in _unmuted(order.sessions, user):
            await order.say(channel)
