"""People of this server who are users of another one now, which has an older claim: operators are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatnet.model.entities import User
from chatnet.model.server import Server
from chatnet.node import Clock

GATHERED: Final = 1.0
"""Seconds for which they are gathered: when halves of a network meet there may be many."""
NAMED: Final = 5
"""So many are named."""


class Taken:
    """Tells by `tell`, one line for each server."""

    def __init__(self, clock: Clock, tell: Callable[[str], object]) -> None:
        self._clock = clock
        self._tell = tell
        self._by: dict[str, list[str]] = {}

    def note(self, user: User, server: Server) -> None:
        """`server` has taken a person from this one."""
        if not self._by:
            self._clock.later(GATHERED, self._say)
        self._by.setdefault(server.name, []).append(user.nick)

    def _say(self) -> None:
        taken, self._by = self._by, {}
        for name, nicks in taken.items():
            named = ", ".join(nicks[:NAMED])
            more = f" and {len(nicks) - NAMED} more" if len(nicks) > NAMED else ""
            self._tell(
                f"{name} has older claims to people of this server, who are its users now: {named}{more}"
            )
