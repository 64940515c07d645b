"""HELP of pseudo-users, made of their tables."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.commands.errand import is_alias
from chatnet.commands.request import Request
from chatnet.dispatch import Row, Table
from chatnet.model.entities import User
from chatnet.rules.opers import may_use


def show(request: Request, bot: User, table: Table, words: Sequence[str]) -> None:
    """``HELP [<command>]``: all commands, or what one of them does, or those that begin with a word."""
    wanted = " ".join(words).upper()
    rows = [row for row in table if row.verb == wanted or row.verb.startswith(wanted + " ")]
    if wanted and not rows:
        request.session.notice_by(bot, "There is no help on that. HELP lists what I do.")
    elif len(rows) == 1 and wanted:
        for line in rows[0].help.replace("`", "").splitlines():
            request.session.notice_by(bot, line or " ")
    else:
        _list(request, bot, rows if wanted else _without_aliases(list(table)))


def _list(request: Request, bot: User, rows: Sequence[Row]) -> None:
    request.session.notice_by(bot, f"/msg {bot.nick} <command>, in upper or lower case:")
    for row in rows:
        if row.privilege is None:
            _line(request, bot, row)
    mighty = [
        row for row in rows if row.privilege is not None and may_use(request.user, row.privilege) is None
    ]
    if mighty:
        request.session.notice_by(bot, "For operators:")
        for row in mighty:
            _line(request, bot, row)
    request.session.notice_by(bot, "HELP <command> tells more about one.")


def _line(request: Request, bot: User, row: Row) -> None:
    request.session.notice_by(bot, "  " + row.usage.replace("`", ""))


def _without_aliases(rows: Sequence[Row]) -> list[Row]:
    """Each command once, by the name that its form begins with."""
    return [row for row in rows if not is_alias(row)]
