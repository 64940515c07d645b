"""What is said to pseudo-users: it is taken as a command, and answered.

It never becomes a fact, since it may have a password in it: no history, log, link or other session sees any
of it.  The session that says it alone has its echo, if it asked for one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Final

import chatnet
from chatnet.commands.chanserv import CHANSERV
from chatnet.commands.errand import FOR_CHAT, Errand, Unwilling, say_it
from chatnet.commands.histserv import HISTSERV
from chatnet.commands.nickserv import NICKSERV
from chatnet.commands.request import CLIENT, Request
from chatnet.commands.service_help import show
from chatnet.dispatch import Row, Table
from chatnet.model.entities import User
from chatnet.model.facts import MessageSent
from chatnet.rules.opers import may_use
from chatnet.services import pseudo_users
from chatnet.services.refused import Refused
from chatnet.session import batches, render
from chatnet.session.render import in_utf8
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions
from chatnet.storage.interfaces import StoreError
from chatnet.wire import capabilities as cap
from chatnet.wire.multiline import Part

TABLES: Final = {
    pseudo_users.NICKSERV: NICKSERV,
    pseudo_users.CHANSERV: CHANSERV,
    pseudo_users.HISTSERV: HISTSERV,
    pseudo_users.SASLSERV: Table(),  # it is told nothing by people
}
"""What each pseudo-user does, by the end of its UID."""

AWAY: Final = "Accounts cannot be changed now. Try again later."
_SPACED: Final = re.compile(r"(?<!\S)(?::(.*?)(?=\s+:|\s*$)|\S+)", re.DOTALL)
TOLD: Final = (Unwilling, Refused, StoreError)
"""What ends an errand with a sentence."""


def answer(
    request: Request,
    bots: Sequence[User],
    command: str,
    text: str,
    tags: bytes = b"",
    parts: tuple[Part, ...] = (),
) -> None:
    """A PRIVMSG, NOTICE or TAGMSG to pseudo-users: a PRIVMSG is an errand for each line of it.

    The session is held until all are done.
    """
    if request.session.caps & cap.ECHO_MESSAGE:
        for bot in bots:
            _echo(request, bot, command, text, tags, parts)
    if command == "PRIVMSG":
        run(request, deque((bot, line) for bot in bots for line in text.split("\n")))


def answer_abroad(sessions: Sessions, session: Session, waiting: deque[tuple[User, str]]) -> None:
    """The same for a user of another server, whose errands are `waiting`: `session` is a visitor's."""
    run(Request(sessions, session, [], {}, CLIENT.rows["PRIVMSG"]), waiting)


def run(request: Request, waiting: deque[tuple[User, str]]) -> None:
    """Do what is `waiting`, one errand after the other; while one takes its time the session is held."""
    session = request.session

    async def rest(begun: Awaitable[None], bot: User) -> None:
        await _ended(request, bot, begun)
        while waiting and not session.closed:
            bot, text = waiting.popleft()
            if (next_one := _begin(request, bot, text)) is not None:
                await _ended(request, bot, next_one)

    while waiting and not session.closed:
        bot, text = waiting.popleft()
        if (begun := _begin(request, bot, text)) is not None:
            session.answer_by(request.row.verb, rest(begun, bot))
            break


def _echo(request: Request, bot: User, command: str, text: str, tags: bytes, parts: tuple[Part, ...]) -> None:
    session, sessions = request.session, request.sessions
    if command == "TAGMSG" and not session.caps & cap.MESSAGE_TAGS:
        return
    fact = MessageSent(
        command, request.user, bot, text, request.now, request.msgid(bot), tags, parts=parts
    )  # it is not committed
    if parts:
        said = batches.multiline(fact, session.caps, sessions.references.take())
    else:
        said = render.message(fact, session.caps)
    session.outlet.send(in_utf8(said) if sessions.node.settings.server.utf8_only else said)


def _begin(request: Request, bot: User, text: str) -> Awaitable[None] | None:
    """Do one errand; what it returns is to be awaited."""
    if text[:1] == "\x01":
        _answer_ctcp(request, bot, text.strip("\x01"))
        return None
    words = text.split()
    if not words:
        return None
    table = TABLES[bot.uid[3:]]
    row, params = find(table, words)
    try:
        if row is not None:
            if row.trailing:
                count = row.verb.count(" ") + 1
                params = spaced(text.split(maxsplit=count)[count:])
            if len(params) < row.min_params:
                raise Unwilling(f"There is something missing. {say_it(row)}")
            row.count += 1
            if request.session.way.chat and table is CHANSERV:
                raise Unwilling(FOR_CHAT)
            request.charge(row.penalty)
            return row.handler(Errand(request, bot, row, params))
        if words[0].upper() != "HELP":
            raise Unwilling(_unknown(request.user, table, words[0].upper()))
        show(request, bot, table, words[1:])
    except TOLD as told:
        request.session.notice_by(bot, _sentence(told))
    return None


def _unknown(user: User, table: Table, word: str) -> str:
    """A word is repeated only if commands begin with it: it may be a password, meant for elsewhere."""
    others = sorted(
        row.verb.partition(" ")[2]
        for row in table
        if row.verb.startswith(f"{word} ") and (row.privilege is None or may_use(user, row.privilege) is None)
    )
    if not others:
        return "I do not know that command. HELP lists what I do."
    return f"{word} what? There is {word} with one of these: {', '.join(others)}."


async def _ended(request: Request, bot: User, waiting: Awaitable[None]) -> None:
    """Await the rest of an errand."""
    try:
        await waiting
    except TOLD as told:
        request.session.notice_by(bot, _sentence(told))


def _sentence(told: Exception) -> str:
    if isinstance(told, Refused):
        return f"{told.text}."
    return AWAY if isinstance(told, StoreError) else str(told)


def find(table: Table, words: Sequence[str]) -> tuple[Row | None, list[str]]:
    """The row that the first two words mean, or the first; and what is behind them."""
    for count in (2, 1):
        row = table.rows.get(" ".join(words[:count]).upper())
        if row is not None and len(words) >= count:
            return row, list(words[count:])
    return None, []


def spaced(rest: Sequence[str]) -> list[str]:
    """The words of what stands behind a command, if anything does; one that begins with a colon has spaces.

    It goes on to the next one with a colon, or to the end: ``SET PASSWORD :correct horse :battery staple``.
    """
    return [
        found[1] if found[1] is not None else found[0] for text in rest for found in _SPACED.finditer(text)
    ]


def _answer_ctcp(request: Request, bot: User, text: str) -> None:
    """VERSION and PING; all else is silence.  https://modern.ircdocs.horse/ctcp.html"""
    word, _, rest = text.partition(" ")
    if word.upper() == "VERSION":
        request.session.notice_by(bot, f"\x01VERSION chatnet-{chatnet.__version__}\x01")
    elif word.upper() == "PING":
        request.session.notice_by(bot, f"\x01PING {rest}\x01")
