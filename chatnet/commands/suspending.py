"""SUSPEND as NickServ and ChanServ know it: for how long, why, and in which words it is told."""

from __future__ import annotations

from typing import Final

from chatnet.commands.errand import Errand
from chatnet.records.accounts import State, Status
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

REASON: Final = 200
"""Bytes of the reason of a suspension."""


def suspension(errand: Errand, what: str) -> Status:
    """What ``[+3d] <reason>`` behind `what` is suspended asks for; ends the errand if it is none."""
    words, until = errand.params[1:], 0
    if words[0][:1] == "+":
        until, words = errand.until(words[0][1:]), words[1:]
    reason = cut(one_line(" ".join(words)), REASON)
    if not reason:
        errand.end(f"Say why, too: SUSPEND {what} [+3d] <reason>")
    return Status(State.SUSPENDED, until, errand.user.nick, reason)


def noted(status: Status) -> str:
    """What is noted of a suspension."""
    return f"{minute(status.until)}: {status.reason}" if status.until else status.reason


def told(name: str, status: Status) -> str:
    """What who suspended something of this name reads."""
    return f"{name} is suspended{f' until {minute(status.until)}' if status.until else ''}."
