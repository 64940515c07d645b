"""STATUS and ACC: what programs ask, to know whether somebody is who they seem to be."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.wire.text import printable


@NICKSERV.command("STATUS", penalty=1.0)
def status(errand: Errand) -> None:
    """`STATUS [<nick>]`: whether who bears a nick is logged in to the account that it belongs to.

    The answer is `STATUS <nick> <number> <account>`, for programs, as Anope says it. 0: nobody bears the
    nick, or it belongs to no account; 1: they are not logged in to that; 3: they are.
    """
    nick, level, account = _level(errand)
    errand.say(f"STATUS {nick} {level} {account}".rstrip())


@NICKSERV.command("ACC", penalty=1.0)
def acc(errand: Errand) -> None:
    """`ACC [<nick>]`: the same as STATUS, answered `<nick> ACC <number>`, as Atheme says it."""
    nick, level, _ = _level(errand)
    errand.say(f"{nick} ACC {level}")


def _level(errand: Errand) -> tuple[str, int, str]:
    nick = errand.param(0) or errand.user.nick
    user, owner = errand.network.user(nick), errand.network.registry.owner(errand.network.fold(nick))
    if user is None or owner is None:
        return printable(nick), 0, ""
    if user.account_id != owner.id:
        return user.nick, 1, ""
    return user.nick, 3, owner.shown
