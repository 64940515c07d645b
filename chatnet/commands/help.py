"""HELP: how to begin, and what each command does, made from the tables themselves."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.model import modes
from chatnet.rules import bans
from chatnet.wire import numerics
from chatnet.wire.text import middle

WIDTH: Final = 76
"""Characters of a line of commands, for a terminal of 80."""


@CLIENT.command("HELP", phase=Phase.ANY, penalty=2.0)
def help_(request: Request) -> None:
    """`HELP [<command>|umodes|cmodes|extbans|snomask]`: how to begin, or about one command or subject.

    https://modern.ircdocs.horse/#help-message  Refuses with 524 (no help on this).
    """
    words = request.param(0).split()
    if not words:
        _show(request, "*", "Help", _introduction(request))
        return
    row = request.sessions.rows.get(words[0].upper())
    subject = words[0].lower()
    if row is not None:
        _show(request, row.verb, f"The {row.verb} command", _plain(row.help))
    elif subject in _SUBJECTS:
        title, table = _SUBJECTS[subject]
        _show(request, subject, title, [f"{letter}  {meaning}" for letter, meaning in table.items()])
    elif subject == "extbans":
        _show(request, subject, "Extended bans, for the lists b, e and I", _plain(inspect.getdoc(bans) or ""))
    else:
        request.reply(numerics.ERR_HELPNOTFOUND, middle(words[0]))


@CLIENT.command("HELPOP", phase=Phase.ANY, penalty=2.0)
def helpop(request: Request) -> None:
    """`HELPOP [<command>|<subject>]`: the same as HELP, as some clients call it."""
    help_(request)


_CHANNEL_MODES: Final = {letter: meaning for letter, (_, meaning) in modes.CHANNEL_MODES.items()}

_SUBJECTS: Final[dict[str, tuple[str, Mapping[str, str]]]] = {
    "cmodes": ("Channel modes: MODE <channel> +<letters>", _CHANNEL_MODES),
    "snomask": ("Server notices, for operators: MODE <nick> +s +<letters>", modes.SNOMASKS),
    "umodes": ("User modes: MODE <nick> +<letters>", modes.USER_MODES),
}


def _show(request: Request, subject: str, title: str, lines: Iterable[str]) -> None:
    """704, an empty 705, a 705 for each line, 706."""
    request.reply(numerics.RPL_HELPSTART, subject, title)
    request.reply(numerics.RPL_HELPTXT, subject, "")
    for text in lines:
        request.reply(numerics.RPL_HELPTXT, subject, text)
    request.reply(numerics.RPL_ENDOFHELP, subject, "End of help")


def _plain(docstring: str) -> list[str]:
    return docstring.replace("`", "").splitlines()


def _introduction(request: Request) -> list[str]:
    network = request.settings.server.network
    lines = [f"This is {request.sessions.server_name}, a server of the {network} network. It speaks IRC:"]
    lines.append("each line you send is a command with its parameters; a colon begins a text with spaces.")
    lines.append("")
    if not request.session.registered:
        seconds = request.settings.limits.registration_timeout
        lines.append(f"First say who you are, within {seconds:g} seconds from the connection on")
        lines.append("(any name will do that nobody else uses):")
        lines += ["  NICK ann", "  USER ann 0 * :Ann", "Then:"]
    lines += [
        "  JOIN #lobby                 enter a channel, or make one",
        "  PRIVMSG #lobby :Hi all!     say something in it (with a nick: to one person)",
        "  NAMES #lobby                who is there",
        "  LIST                        which channels there are",
        "  PART #lobby                 leave a channel",
        "  QUIT                        leave the network",
        "",
        "HELP <command> explains a command:",
        *_verbs(row.verb for row in request.sessions.rows.values() if row.privilege is None),
        "For operators:",
        *_verbs(row.verb for row in request.sessions.rows.values() if row.privilege is not None),
        "Also HELP umodes, HELP cmodes, HELP extbans, HELP snomask.",
    ]
    return lines


def _verbs(verbs: Iterable[str]) -> list[str]:
    return textwrap.wrap(" ".join(sorted(verbs)), WIDTH, initial_indent="  ", subsequent_indent="  ")
