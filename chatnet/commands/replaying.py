"""What those are told who come into a channel: what is kept of what is said, and the last of it."""

from __future__ import annotations

from typing import Final

from chatnet.commands.request import Request
from chatnet.history.looking import Asked, Looking, Point, Unseen, Way
from chatnet.history.questions import Busy
from chatnet.model.entities import Channel
from chatnet.rules.past import kept_for, readable_from
from chatnet.session.bygone import tell
from chatnet.session.render import encode
from chatnet.session.replaying import is_shown, left_at
from chatnet.storage.interfaces import StoreError
from chatnet.wire.capabilities import CHATHISTORY

READERS: Final = {
    "all": "everybody who is in this channel can read it, also who comes later",
    "account": "everybody who is in this channel can read it, back to when they registered",
    "join": "everybody can read what was said while they were in this channel",
}


def entered(request: Request, channel: Channel) -> None:
    """Somebody has come into a channel that was there: tell them, if their client does not ask."""
    session, looking = request.session, request.sessions.looking
    settings = request.settings.history
    if looking is None or not settings.channels:
        return
    if settings.entry_notice and not session.caps & CHATHISTORY:
        _tell_what_is_kept(request, channel)
    most = request.sessions.persistence.policy.lines(request.user)
    if most and is_shown(session):
        request.sessions.node.run(_replay(request, looking, channel, most))


def _tell_what_is_kept(request: Request, channel: Channel) -> None:
    settings, keep = request.settings.history, channel.keep
    days = kept_for(settings, keep)
    text = "What is said here is not kept"
    if days:
        text = f"What is said here is kept for {days} day(s); {READERS[readable_from(settings, keep)]}"
    session = request.session
    session.send(encode(f":{request.sessions.server_name} NOTICE {channel.name} :{text}"))


async def _replay(request: Request, looking: Looking, channel: Channel, most: int) -> None:
    """The last messages before they came, and after this client was in it last: nothing comes twice."""
    session, now = request.session, int(request.now * 1000)
    before, left = Point(now), int(left_at(session, channel) * 1000)
    asked = Asked(Way.BEFORE, (before,), most)
    if left:
        asked = Asked(Way.BETWEEN, (before, Point(left)), most)
    try:
        seen = await looking.look(request.user, channel.name, asked)
    except (Unseen, Busy, StoreError):
        return
    if seen.found.rows and not session.closed:
        tell(session, seen)
