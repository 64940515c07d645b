"""MODE on oneself: what a user wants to be shown, told and spared."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from chatnet.commands.request import Request
from chatnet.model.facts import HostChanged, UserModesChanged
from chatnet.model.modes import SNOMASKS, USER_MODES
from chatnet.rules.logins import BOT
from chatnet.rules.opers import OPERS_ONLY, resigned
from chatnet.session.rates import too_fast
from chatnet.wire import numerics
from chatnet.wire.modestring import Change, parse_changes

UNSET_ONLY: Final = "o"
"""Modes that a user may drop, but not take."""
FIXED: Final = "Z"
"""Modes that the server alone sets."""


def user_mode(request: Request) -> Awaitable[None] | None:
    """``MODE <nick> [<modes> [<snomask>]]``, for one's own nick.

    https://modern.ircdocs.horse/#mode-message  Refuses with 401, 502 (somebody else), 501 (unknown letter,
    once), 481 (s and z are for opers).
    """
    if request.nick(0) is not request.user:
        request.stop(numerics.ERR_USERSDONTMATCH)
    if request.is_elsewhere:
        return request.by_host()
    if len(request.params) == 1:
        _show(request)
        return None
    changes, unknown = parse_changes(request.params[1], request.params[2:3], _kind_of)
    wanted, snomask = _judge(request, changes)
    _change(request, wanted, snomask.replace("?", ""))
    if unknown or "?" in snomask:
        request.reply(numerics.ERR_UMODEUNKNOWNFLAG)
    return None


def _kind_of(letter: str) -> str | None:
    """The snomask of ``+s`` is the only parameter; kinds as in ``wire.modestring``."""
    if letter not in USER_MODES:
        return None
    return "C" if letter == "s" else "D"


def _show(request: Request) -> None:
    user = request.user
    request.reply(numerics.RPL_UMODEIS, "+" + "".join(sorted(user.modes)))
    if user.snomask:
        request.reply(numerics.RPL_SNOMASK, "+" + user.snomask)


def _judge(request: Request, changes: list[Change]) -> tuple[set[str], str]:
    """The modes the user will have, and the snomask, with a ``?`` in it if a letter of it is unknown."""
    user = request.user
    wanted, snomask = set(user.modes), user.snomask
    refused = False
    for change in changes:
        letter = change.letter
        if letter in FIXED or (letter in UNSET_ONLY and change.adding):
            continue
        if letter == BOT and not change.adding and _is_bot(request):
            continue
        if change.adding and letter in OPERS_ONLY and not user.operates:
            refused = True
        elif letter == "s":
            snomask = _snomask(snomask, change)
        elif change.adding:
            wanted.add(letter)
        else:
            wanted.discard(letter)
    if refused:
        request.reply(numerics.ERR_NOPRIVILEGES)
    if user.oper is not None and "o" not in wanted:
        wanted -= set(OPERS_ONLY)
        snomask = ""
    return (wanted | {"s"} if snomask.strip("?") else wanted - {"s"}), snomask


def _is_bot(request: Request) -> bool:
    """Whether the account of the asker is one of a bot, which stays marked as one."""
    account = request.network.registry.account(request.user.account_id)
    return account is not None and bool(account.owner)


def _snomask(snomask: str, change: Change) -> str:
    """``+s +ck-o`` changes the letters, ``+s`` alone sets all of them, ``-s`` unsets all."""
    if not change.adding:
        return ""
    if not change.parameter:
        return "".join(sorted(SNOMASKS))
    asked, unknown = parse_changes(change.parameter, (), lambda letter: "D" if letter in SNOMASKS else None)
    letters = set(snomask)
    for adding, letter, _ in asked:
        if adding:
            letters.add(letter)
        else:
            letters.discard(letter)
    return "".join(sorted(letters)) + ("?" if unknown else "")


def _change(request: Request, wanted: set[str], snomask: str) -> None:
    user, now, before = request.user, request.now, request.user.snomask
    if "o" in user.modes - wanted:
        request.notice("o", f"{user.mask} is no longer an operator")
        for fact in resigned(user, now):
            request.commit(fact)
    if ("x" in wanted) is not ("x" in user.modes) and _too_often(request):
        request.reply(numerics.RPL_TRYAGAIN, "MODE")
        wanted ^= {"x"}
    added = "".join(sorted(wanted - user.modes))
    removed = "".join(sorted(user.modes - wanted))
    if added or removed or snomask != user.snomask:
        request.commit(UserModesChanged(user, added, removed, snomask, now))
    if snomask != before:
        request.reply(numerics.RPL_SNOMASK, "+" + snomask)
    if "x" in added + removed:
        host = user.cloak if "x" in added and user.cloak is not None else user.real_host
        if host != user.host:
            request.commit(HostChanged(user, user.username, host, user.source, now))


def _too_often(request: Request) -> bool:
    """A change of host is seen by everybody around, as one of the nick is, and counts as much."""
    flood = request.settings.flood
    return too_fast(request.session, "host", flood.nick_rate, flood.nick_period)
