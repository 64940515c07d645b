"""Modes x and D of channels: which members are not seen by those without a rank.

Each server sees to its own people, so that this is no register: what servers tell each other is the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

U = TypeVar("U")
SPARE = 64
"""Those who have left that may still be remembered, besides twice as many as there are."""


class Veil(Generic[U]):
    """Who is `hidden` in a channel that has mode x or D, or had it.

    The value tells of each whether they came in with mode D and have not spoken since; all others are hidden
    by x alone.  Those who have left stay for a while: people may have yet to be told.  `shown` and `veiled`
    are whom the last change of modes has brought to light, and the other way round.
    """

    __slots__ = ("hidden", "shown", "veiled")

    def __init__(self) -> None:
        self.hidden: dict[U, bool] = {}
        self.shown: list[U] = []
        self.veiled: list[U] = []

    def came(self, user: U, ranks: int, members: Mapping[U, int], *, silent: bool) -> None:
        """Somebody came in; `silent` with mode D."""
        if ranks:
            self.hidden.pop(user, None)
            return
        self.hidden[user] = silent
        if len(self.hidden) > 2 * len(members) + SPARE:
            self.hidden = {each: how for each, how in self.hidden.items() if each in members}

    def spoke(self, user: U, *, hall: bool) -> None:
        """Somebody has spoken, and is seen from now on, unless the channel is an auditorium (`hall`)."""
        if hall and user in self.hidden:
            self.hidden[user] = False
        else:
            self.hidden.pop(user, None)

    def renew(self, members: Mapping[U, int], *, hall: bool, late: bool) -> None:
        """Modes or ranks have changed: it is an auditorium (`hall`, x), with delayed joins (`late`, D)."""
        before, after = self.hidden, dict[U, bool]()
        if hall or late:
            for user, silent in before.items():
                if user not in members and (hall or silent):
                    after[user] = silent and late
            for user, ranks in members.items():
                silent = late and before.get(user, False)
                if not ranks and (hall or silent):
                    after[user] = silent
        self.hidden = after
        self.shown = [user for user in before if user in members and user not in after]
        self.veiled = [user for user in after if user not in before]
