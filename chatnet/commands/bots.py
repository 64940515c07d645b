"""NICKSERV, CHANSERV, HISTSERV, NS, CS: as a message to a pseudo-user, which nobody can stand in for."""

from __future__ import annotations

from collections import deque

from chatnet.commands.answering import TABLES, find, run
from chatnet.commands.request import CLIENT, Request
from chatnet.commands.saying import send
from chatnet.wire import numerics


@CLIENT.command("NICKSERV", penalty=1.0)
def nickserv(request: Request) -> None:
    """`NICKSERV <command>`: ask NickServ, who keeps accounts and nicks; `NICKSERV HELP` lists what it does.

    Where services do that which are linked, it is a message to theirs.  Refuses with 401 (there is none).
    """
    _ask(request, request.settings.services.nickserv)


@CLIENT.command("NS", penalty=1.0)
def ns(request: Request) -> None:
    """`NS <command>`: the same as NICKSERV, for those who type much."""
    nickserv(request)


@CLIENT.command("CHANSERV", penalty=1.0)
def chanserv(request: Request) -> None:
    """`CHANSERV <command>`: ask ChanServ, who keeps channels; `CHANSERV HELP` lists what it does.

    Where services do that which are linked, it is a message to theirs.  Refuses with 401 (there is none).
    """
    _ask(request, request.settings.services.chanserv)


@CLIENT.command("CS", penalty=1.0)
def cs(request: Request) -> None:
    """`CS <command>`: the same as CHANSERV, for those who type much."""
    chanserv(request)


@CLIENT.command("HISTSERV", penalty=1.0)
def histserv(request: Request) -> None:
    """`HISTSERV <command>`: ask HistServ, who tells what was said; `HISTSERV HELP` lists what it does.

    Refuses with 401 (there is none, since nothing is stored).
    """
    found = request.sessions.histserv
    if found is None:
        request.stop(numerics.ERR_NOSUCHNICK, request.settings.services.histserv)
    run(request, deque([(found.user, " ".join(request.params) or "HELP")]))


def _ask(request: Request, nick: str) -> None:
    """Ask the pseudo-user of this nick, or services of another make that bear it."""
    text = " ".join(request.params) or "HELP"
    bot = request.network.user(nick)
    if bot is not None and bot.server.virtual:
        *words, last = request.params or ["HELP"]
        row, _ = find(TABLES[bot.uid[3:]], text.split())
        if row is not None and row.trailing and words and " " in last and last[:1] != ":":
            text = f"{' '.join(words)} :{last}"  # a colon was there
        run(request, deque([(bot, text)]))
        return
    links = request.sessions.links
    way = links.way_to(bot) if bot is not None else None
    if bot is None or way is None or not links.serves(bot.server, way):
        request.stop(numerics.ERR_NOSUCHNICK, nick)
    refusal = send(request, "PRIVMSG", f"{bot.nick}@{bot.server.name}", text, b"")
    if refusal is not None:
        request.refuse(refusal)
