"""What is said to pseudo-users: it is taken as a command, and answered.

It never becomes a fact, since it may have a password in it: no history, log, link or other session sees any
of it.  The session that says it alone has its echo, if it asked for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import chatnet
from chatnet.commands.errand import Errand, Unwilling, say, say_it
from chatnet.commands.nickserv import NICKSERV
from chatnet.commands.request import Request
from chatnet.commands.service_help import show
from chatnet.dispatch import Row, Table
from chatnet.model.entities import User
from chatnet.model.facts import MessageSent
from chatnet.session import batches, render
from chatnet.session.render import in_utf8
from chatnet.storage.interfaces import StoreError
from chatnet.wire import capabilities as cap
from chatnet.wire.multiline import Part

TABLES: Final = {"AAAAAA": NICKSERV}
"""What each pseudo-user does, by the end of its UID."""

AWAY: Final = "This server cannot write to its disk now. Try again later."


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
        run(request, [(bot, line) for bot in bots for line in text.split("\n")])


def run(request: Request, errands: Iterable[tuple[User, str]]) -> None:
    """Do errands, one after the other, while the later lines of the session wait."""

    async def do() -> None:
        for bot, text in errands:
            if not request.session.closed:
                await _answer(request, bot, text)

    request.session.answer_by(request.row.verb, do())


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


async def _answer(request: Request, bot: User, text: str) -> None:
    if text[:1] == "\x01":
        _answer_ctcp(request, bot, text.strip("\x01"))
        return
    words = text.split()
    if not words:
        return
    table = TABLES[bot.uid[3:]]
    row, params = find(table, words)
    try:
        if row is None:
            if words[0].upper() != "HELP":
                # It is not repeated: it may be a password that was meant for elsewhere.
                raise Unwilling("I do not know that command. HELP lists what I do.")
            show(request, bot, table, words[1:])
            return
        if len(params) < row.min_params:
            raise Unwilling(f"There is something missing. {say_it(row)}")
        row.count += 1
        request.charge(row.penalty)
        waiting = row.handler(Errand(request, bot, row, params))
        if waiting is not None:
            await waiting
    except Unwilling as unwilling:
        say(request, bot, str(unwilling))
    except StoreError:
        say(request, bot, AWAY)


def find(table: Table, words: Sequence[str]) -> tuple[Row | None, list[str]]:
    """The row that the first two words mean, or the first; and what is behind them."""
    for count in (2, 1):
        row = table.rows.get(" ".join(words[:count]).upper())
        if row is not None and len(words) >= count:
            return row, list(words[count:])
    return None, []


def _answer_ctcp(request: Request, bot: User, text: str) -> None:
    """VERSION and PING; all else is silence.  https://modern.ircdocs.horse/ctcp.html"""
    word, _, rest = text.partition(" ")
    if word.upper() == "VERSION":
        say(request, bot, f"\x01VERSION chatnet-{chatnet.__version__}\x01")
    elif word.upper() == "PING":
        say(request, bot, f"\x01PING {rest}\x01")
