"""CHATHISTORY and HISTORY: what was said before.  https://ircv3.net/specs/extensions/chathistory"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from chatnet.commands.request import CLIENT, Request
from chatnet.history.looking import SPOKEN, Asked, Looking, Point, Unseen, Untold, Way
from chatnet.history.questions import Busy
from chatnet.rules.durations import seconds_in
from chatnet.rules.past import PRIVILEGE
from chatnet.rules.visibility import public_identity
from chatnet.session.bygone import in_batch, tell
from chatnet.session.render import encode, line
from chatnet.session.session import Session
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import rows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.server_time import read_ms, seconds, time_tag
from chatnet.wire.text import middle

POINTS: Final = {Way.LATEST: 1, Way.BEFORE: 1, Way.AFTER: 1, Way.AROUND: 1, Way.BETWEEN: 2}
"""How many selectors each subcommand has."""
TARGETS: Final = "TARGETS"
FAILED: Final = "Messages could not be retrieved"
"""What is said whatever the reason is."""
_EVENTS: Final = {
    "JOIN": rows.JOIN, "PART": rows.PART, "QUIT": rows.QUIT, "NICK": rows.NICK, "KICK": rows.KICK,
    "MODE": rows.MODE, "TOPIC": rows.TOPIC, "RENAME": rows.RENAME,
}  # fmt: skip
_LIMIT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Invalid(Exception):
    """A command that is refused with FAIL: the code, what goes with it, and a description."""

    def __init__(self, code: str, description: str, *context: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.context = context


class Parsed(NamedTuple):
    """What a CHATHISTORY asks for: of which target (TARGETS: none), counted how."""

    subcommand: str
    way: Way | None
    target: str
    points: tuple[Point, ...]
    most: int


@CLIENT.command("CHATHISTORY", penalty=2.0)
async def chathistory(request: Request) -> None:
    """`CHATHISTORY <subcommand> <target> <from> [<to>] <limit>`: what was said (needs `draft/chathistory`).

    LATEST, BEFORE, AFTER and AROUND have one point, BETWEEN has two, each a
    `timestamp=2026-11-29T12:00:00.000Z` or a `msgid=<id>`; LATEST may have `*`.
    `CHATHISTORY TARGETS <timestamp> <timestamp> <limit>` tells where something was said meanwhile.
    https://ircv3.net/specs/extensions/chathistory#chathistory-command
    Refuses with 421 (without the capability, or where nothing is stored) and FAIL INVALID_PARAMS,
    INVALID_MSGREFTYPE, INVALID_TARGET (no such channel or nick, or it is not yours to read), MESSAGE_ERROR
    (the database, or too many ask).
    """
    session, looking = request.session, request.sessions.looking
    if looking is None or not session.caps & cap.CHATHISTORY:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "CHATHISTORY")
    try:
        asked = parse(request.params, request.settings.history.page)
        if asked.way is None:
            await _list_targets(request, looking, asked)
        else:
            await _look(request, looking, asked, asked.way)
    except Invalid as why:
        session.fail("CHATHISTORY", why.code, why.description, *why.context)
    return None


async def _look(request: Request, looking: Looking, asked: Parsed, way: Way) -> None:
    session, context = request.session, (asked.subcommand, middle(asked.target))
    settings = request.settings.history
    kinds = kinds_for(session)
    reactions = settings.context_most if rows.TAGMSG in kinds else 0
    wanted = Asked(way, asked.points, asked.most, kinds, reactions)
    try:
        await note_reading(request, asked.target)
        seen = await looking.look(request.user, asked.target, wanted)
    except Unseen:
        raise Invalid("INVALID_TARGET", FAILED, *context) from None
    except (Untold, Busy, StoreError):
        raise Invalid("MESSAGE_ERROR", FAILED, *context) from None
    if session.closed:
        return
    tell(session, seen)
    note_missing(session, "CHATHISTORY", seen.sight.name, seen.found.gaps)


async def _list_targets(request: Request, looking: Looking, asked: Parsed) -> None:
    """``CHATHISTORY TARGETS <name> <time>`` for each.  https://ircv3.net/specs/extensions/chathistory#targets"""
    session = request.session
    begin, end = (point.at for point in asked.points)
    try:
        listed = await looking.latest(request.user, kinds_for(session), begin, end, asked.most)
    except (Busy, StoreError):
        raise Invalid("MESSAGE_ERROR", FAILED, asked.subcommand, "*") from None
    if session.closed:
        return
    head = f":{request.sessions.server_name} CHATHISTORY TARGETS"
    now = request.now
    texts = [line(encode(f"{head} {name} {_time(at)}"), now, session.caps) for name, at in listed.names]
    in_batch(session, b"draft/chathistory-targets", texts, not listed.more)


def kinds_for(session: Session) -> frozenset[int]:
    """The kinds of rows that a client can show: "If the client has not negotiated the `draft/event-playback`
    capability, the server MUST NOT send any lines other than `PRIVMSG` and `NOTICE`".
    """
    caps = session.caps
    if not caps & cap.EVENT_PLAYBACK:
        return SPOKEN
    events = {_EVENTS[name] for name in session.sessions.node.settings.history.events}
    if not caps & cap.CHANNEL_RENAME:
        events.discard(rows.RENAME)
    return SPOKEN | events | ({rows.TAGMSG} if caps & cap.MESSAGE_TAGS else set())


def note_missing(session: Session, command: str, where: str, gaps: Sequence[rows.Gap]) -> None:
    """``NOTE <command> INCOMPLETE <where> <from> <to>``: something of that time may be missing."""
    if gaps and session.caps & cap.STANDARD_REPLIES:
        times = [_time(min(gap.since for gap in gaps)), _time(max(gap.until for gap in gaps))]
        session.standard_reply("NOTE", command, "INCOMPLETE", "Something may be missing", where, *times)


async def note_reading(request: Request, name: str) -> None:
    """Other operators read, and it is kept for good, that one reads what was said where they are not.

    It is told before: what is told of the past is looked up behind the last wait.
    """
    channel, user = request.network.channel(name), request.user
    if channel is None or user in channel.members or user.oper is None or not user.may(PRIVILEGE):
        return
    what, address = f"reads the history of {channel.name}", request.session.peer.address
    request.sessions.notice("g", address, f"{user.identity} {what}", f"{public_identity(user)} {what}")
    await request.sessions.auditing.written(user, request.row.verb, channel.name)


# what is asked


def parse(params: Sequence[str], most: int) -> Parsed:
    """The parameters of CHATHISTORY; raises Invalid.  `most` is the greatest limit, and that of 0."""
    given = middle(params[0][:32]) if params and params[0] else "*"
    name = given.upper()
    way = Way(name) if name in Way.__members__ else None
    if not params or (way is None and name != TARGETS):
        raise Invalid("INVALID_PARAMS", "Unknown command", given)
    count = 2 if way is None else POINTS[way]
    selectors = 1 if way is None else 2  # where they begin
    if len(params) < selectors + count + 1:
        raise Invalid("INVALID_PARAMS", "Insufficient parameters", given)
    if len(params) > selectors + count + 1:
        raise Invalid("INVALID_PARAMS", "Too many parameters", given)
    target = "*" if way is None else params[1]
    if not target:
        raise Invalid("INVALID_PARAMS", "Insufficient parameters", given)
    points: tuple[Point, ...] = ()
    texts = params[selectors : selectors + count]
    if texts == ["*"] and way in (Way.LATEST, Way.BEFORE):
        # Kiwi IRC says BEFORE * for LATEST *, as Ergo takes it.
        way = Way.LATEST
    else:
        points = tuple(_point(given, target, text, times_only=way is None) for text in texts)
    limit = params[-1]
    if not _LIMIT.fullmatch(limit):
        raise Invalid("INVALID_PARAMS", "Invalid limit", given, middle(limit[:64]) or "*")
    return Parsed(given, way, target, points, min(int(limit) or most, most))


def _point(given: str, target: str, text: str, *, times_only: bool) -> Point:
    kind, mark, value = text.partition("=")
    shown = middle(text[:64]) or "*"
    if not mark or not value:
        raise Invalid("INVALID_PARAMS", "Invalid message reference", given, shown)
    if kind == "msgid" and not times_only:
        return Point(0, value)
    if kind != "timestamp":
        types = "Only timestamps are supported" if times_only else "Only msgid and timestamp are supported"
        raise Invalid("INVALID_MSGREFTYPE", types, given, middle(target), shown)
    at = read_ms(value)
    if at is None:
        raise Invalid("INVALID_PARAMS", "Invalid timestamp", given, shown)
    return Point(max(0, min(at, rows.LAST)))


def _time(at: int) -> str:
    """Milliseconds as ``2026-11-29T12:00:00.000Z``."""
    return time_tag(seconds(at)).decode().removeprefix("time=")


@CLIENT.command("HISTORY", min_params=1, penalty=2.0)
async def history(request: Request) -> None:
    """`HISTORY <target> [<number> or <time>]`: what was said in a channel, or between you and somebody.

    The last messages: so many, or those since then (30m, 12h, 2d). A client without server-time does not tell
    when they were said: HISTSERV PLAY does.  As Ergo does.  Refuses with 461, 403 (no such channel, or it is
    not yours to read), 401 (the same of a nick), 263 (the database, or too many ask).
    """
    session, looking, name = request.session, request.sessions.looking, request.params[0]
    if looking is None:
        return session.notice("This server keeps nothing of what is said")
    most = request.settings.history.page
    text = request.param(1)
    seconds = seconds_in(text)
    points: tuple[Point, ...] = ()
    if seconds is not None:
        points = (Point(max(0, int((request.now - seconds) * 1000))),)
    elif _LIMIT.fullmatch(text):
        most = min(int(text) or most, most)
    elif text:
        return session.notice("How much: a number of messages, or a time, such as 30m, 12h or 2d")
    try:
        await note_reading(request, name)
        seen = await looking.look(request.user, name, Asked(Way.LATEST, points, most))
    except Unseen:
        missing = numerics.ERR_NOSUCHCHANNEL if name[:1] == "#" else numerics.ERR_NOSUCHNICK
        request.stop(missing, middle(name))
    except (Busy, StoreError):
        request.stop(numerics.RPL_TRYAGAIN, "HISTORY")
    if session.closed:
        return None
    if not seen.found.rows and not session.caps & cap.BATCH:
        # Silence would say nothing to who has no batch to be empty.
        session.notice(
            f"There is nothing of {seen.sight.name}{' since then' if points else ''} that you can read"
        )
    tell(session, seen)
    note_missing(session, "HISTORY", seen.sight.name, seen.found.gaps)
    return None
