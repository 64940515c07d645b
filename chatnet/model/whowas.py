"""Users who have left, or who have left a nick: what WHOWAS answers from."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from chatnet.model.entities import User
from chatnet.model.ids import Folded


class Departure(NamedTuple):
    """Who bore a nick, and until when (Unix time)."""

    nick: str
    folded: Folded
    username: str
    host: str
    real_host: str
    address: str
    realname: str
    account: str | None
    server: str
    at: float


Kept = tuple[str, Folded, str, str, str, str, str, str | None, str, float]
"""The fields of a Departure: a bare tuple is made in a fraction of the time."""


class Whowas:
    """The last `size` departures, newest first for each nick."""

    __slots__ = ("_by_nick", "_order", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._order: deque[Kept] = deque()
        self._by_nick: dict[Folded, list[Kept]] = {}  # oldest first

    def remember(self, user: User, at: float) -> None:
        """Note that `user` bears their nick no more."""
        departure = (
            user.nick, user.folded, user.username, user.host, user.real_host, user.address, user.realname,
            user.account, user.server.name, at,
        )  # fmt: skip
        self._order.append(departure)
        same = self._by_nick.get(user.folded)
        if same is None:
            self._by_nick[user.folded] = [departure]
        else:
            same.append(departure)
        while len(self._order) > self.size:
            folded = self._order.popleft()[1]
            same = self._by_nick[folded]
            del same[0]
            if not same:
                del self._by_nick[folded]

    def remember_all(self, users: Sequence[User], at: float) -> None:
        """The same for many at once, of whom the first are forgotten at once if there is no room for all."""
        for user in users[-self.size :] if self.size else ():
            self.remember(user, at)

    def find(self, folded: Folded, most: int | None = None) -> tuple[Departure, ...]:
        """Who bore this nick, the last one first; all, or `most` of them."""
        return tuple(Departure(*kept) for kept in islice(reversed(self._by_nick.get(folded, ())), most))
