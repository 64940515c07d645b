"""May she? Whether one user may write to another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from chatnet.model.entities import User
from chatnet.rules.refusal import Refusal
from chatnet.rules.visibility import may_meet
from chatnet.wire import numerics
from chatnet.wire.text import ctcp_request

GUARDS: Final = frozenset("CGRg")
"""User modes that keep messages away."""


def are_open(user: User, other: User) -> bool:
    """Whether no mode of either keeps messages away: then the two rules below refuse nothing."""
    return GUARDS.isdisjoint(user.modes) and GUARDS.isdisjoint(other.modes)


def may_write(user: User, target: User, text: str) -> Refusal | None:
    """Whether `user` may send `text` to `target`: user modes g, G, R and C of the target.

    Opers pass R and caller id.  716 (caller id) asks the caller to tell the target.  A list of accepted users
    is known to one's own server only, so each server judges for its users.
    """
    if target.server.uplink is not None:
        return None
    modes = target.modes
    if "C" in modes and ctcp_request(text) and not user.operates:
        return Refusal(numerics.ERR_CANNOTSENDTOUSER, target.nick, "+C set")
    if user is target:
        return None
    if user.oper is not None and not user.bounded:  # a call less than to ask whether they operate
        return None
    if "R" in modes and user.account is None and user not in target.accepts:
        return Refusal(numerics.ERR_NONONREG, target.nick)
    if "g" in modes and user not in target.accepts:
        return Refusal(numerics.ERR_TARGUMODEG, target.nick, "+g")
    if "G" in modes and user not in target.accepts and not may_meet(user, target):
        return Refusal(numerics.ERR_TARGUMODEG, target.nick, "+G")
    return None


def unanswerable(user: User, target: User) -> str | None:
    """The mode of `user` that would keep away an answer of `target`; None if nothing would."""
    if user is target or target.oper is not None or target in user.accepts:
        return None
    if "g" in user.modes:
        return "+g"
    if "G" in user.modes and not may_meet(target, user):
        return "+G"
    if "R" in user.modes and target.account is None:
        return "+R"
    return None


def is_service(user: User, names: Collection[str]) -> bool:
    """Whether `user` is a service: what it is told may be a password, and what it answers a token.

    `names` are those of servers of services.
    """
    return "S" in user.modes or user.server.virtual or user.server.name.lower() in names
