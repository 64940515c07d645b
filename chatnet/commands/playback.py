"""What was said, for clients that know bouncers: ``znc.in/playback``.  https://wiki.znc.in/Playback

A client asks a pseudo-user ``*playback`` of ZNC's, by a PRIVMSG or by ``ZNC``.  Nobody has that nick, since
it is none.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from chatnet.commands.looking_back import kinds_for, note_reading
from chatnet.commands.request import CLIENT, Request
from chatnet.history.looking import Asked, Looking, Point, Unseen, Way
from chatnet.history.questions import Busy
from chatnet.session.bygone import tell
from chatnet.session.render import encode
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.rows import LAST
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.text import middle

NICK: Final = "*playback"
EVERYTHING: Final = "*"
MOST: Final = 500
"""Channels and talks that are told at once, those with the latest messages first."""
PER_PENALTY: Final = 250
"""Messages that cost a penalty of 1.0."""
_TIME: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{0,9})?", re.ASCII)
UNREADABLE: Final = "Messages cannot be read now. Try again later."
FORM: Final = "PLAY <channel or nick> [<from> [<to>]], with * for all; LIST. Times are Unix time in seconds."


@CLIENT.command("ZNC", min_params=1, penalty=1.0)
async def znc(request: Request) -> None:
    """`ZNC *playback <command>`: what was said, for clients that know bouncers (`znc.in/playback`).

    ``PLAY #channel,nick [<from> [<to>]]``, or ``*`` for all, tells what was said later than `from` and not
    later than `to` (Unix time in seconds), the last messages of it; ``LIST`` tells where there is something,
    from when to when. https://wiki.znc.in/Playback
    Refuses with 401 (there is nobody else of ZNC's here, or you have not got the capability).
    """
    if not is_asked(request, request.params[0]):
        return request.reply(numerics.ERR_NOSUCHNICK, middle(request.params[0]) or "*")
    return await play(request, " ".join(request.params[1:]))


def is_asked(request: Request, name: str) -> bool:
    """Whether a client that knows it means ``*playback``."""
    session = request.session
    return (
        bool(session.caps & cap.PLAYBACK)
        and request.sessions.looking is not None
        and request.network.fold(name) == NICK
    )


def play(request: Request, text: str) -> Coroutine[Any, Any, None]:
    """Do what ``*playback`` is told."""
    looking = request.sessions.looking
    assert looking is not None
    command, *words = text.split() or [""]
    if command.upper() == "PLAY" and 1 <= len(words) <= 3:
        return _play(request, looking, words)
    if command.upper() == "LIST" and len(words) <= 1:
        return _list(request, looking, words[0] if words else EVERYTHING)
    return _explain(request, command)


async def _explain(request: Request, command: str) -> None:
    """Nothing can be cleared here: it is the others' as well."""
    if command.upper() != "CLEAR":
        _say(request, FORM)


def _say(request: Request, text: str) -> None:
    """As a module of ZNC says something."""
    source = f"{NICK}!playback@{request.sessions.server_name}"
    request.session.send(encode(f":{source} PRIVMSG {request.user.nick} :{text}"))


async def _play(request: Request, looking: Looking, words: Sequence[str]) -> None:
    session, user = request.session, request.user
    since = _ms(words[1]) if len(words) > 1 else 0
    until = _ms(words[2]) if len(words) > 2 else LAST
    if since is None or until is None:
        return _say(request, FORM)
    points = Point(until + 1), Point(since)  # as that module does: what somebody has they do not get again
    asked = Asked(Way.BETWEEN, points, request.settings.history.replay, kinds_for(session))
    try:
        for name in await _names(request, looking, words[0], since):
            if session.outlet.waiting > session.outlet.sendq // 4:
                return _say(request, f"You have not read so much yet: go on with PLAY {name}")
            await note_reading(request, name)
            try:
                seen = await looking.look(user, name, asked)
            except Unseen:
                continue
            if session.closed:
                return None
            if seen.found.rows:
                tell(session, seen)
                session.hand_over()
                request.charge(len(seen.found.rows) / PER_PENALTY)
    except (Busy, StoreError):
        _say(request, UNREADABLE)
    return None


async def _list(request: Request, looking: Looking, given: str) -> None:
    """``#channel <time of the first message> <time of the last>``"""
    kinds = kinds_for(request.session)
    first, last = Asked(Way.AFTER, (Point(0),), 1, kinds), Asked(Way.LATEST, (), 1, kinds)
    try:
        for name in await _names(request, looking, given, 0):
            await note_reading(request, name)
            try:
                ends = [(await looking.look(request.user, name, asked)).found.rows for asked in (first, last)]
            except Unseen:
                continue
            if request.session.closed:
                return
            if all(ends):
                _say(request, f"{name} {ends[0][0].at / 1000:.3f} {ends[1][-1].at / 1000:.3f}")
    except (Busy, StoreError):
        _say(request, UNREADABLE)


async def _names(request: Request, looking: Looking, given: str, since: int) -> Sequence[str]:
    """The channels and nicks that are meant; of all, those where something was said since then."""
    names = list(dict.fromkeys(filter(None, given.split(","))))
    if EVERYTHING not in names:
        return names[:MOST]
    kinds = kinds_for(request.session)
    return [name for name, _ in (await looking.latest(request.user, kinds, LAST, since, MOST)).names]


def _ms(text: str) -> int | None:
    """A Unix time in seconds, perhaps with a fraction, in milliseconds."""
    if not _TIME.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    return int(whole) * 1000 + int(f"{fraction:0<3.3}")
