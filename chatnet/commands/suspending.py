"""SUSPEND as NickServ and ChanServ know it: for how long, why, and in which words it is told."""

from __future__ import annotations

from typing import Final

from chatnet.commands.errand import Errand
from chatnet.records.accounts import ACTIVE, SUSPENSION, State, Status, Suspension
from chatnet.records.grammar import STATUS
from chatnet.services.accounts import Value
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

REASON: Final = 200
"""Bytes of the reason of a suspension."""


def suspension(errand: Errand, what: str) -> Suspension:
    """What ``[+3d] <reason>`` behind `what` is suspended asks for; ends the errand if it is none."""
    words, until = errand.params[1:], 0
    if words[0][:1] == "+":
        until, words = errand.until(words[0][1:]), words[1:]
    reason = cut(one_line(" ".join(words)), REASON)
    if not reason:
        errand.end(f"Say why, too: SUSPEND {what} [+3d] <reason>")
    return Suspension(until, errand.user.nick, reason)


def lifted(said: Status) -> dict[str, Value]:
    """What ends a suspension of something whose status says `said`: an older one stands there."""
    given: dict[str, Value] = {SUSPENSION: None}
    if said.state is State.SUSPENDED:
        given[STATUS] = ACTIVE.text
    return given


def noted(suspension: Suspension) -> str:
    """What is noted of a suspension."""
    return f"{minute(suspension.until)}: {suspension.reason}" if suspension.until else suspension.reason


def told(name: str, suspension: Suspension) -> str:
    """What who suspended something of this name reads."""
    return f"{name} is suspended{f' until {minute(suspension.until)}' if suspension.until else ''}."
