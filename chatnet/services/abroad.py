"""Users of servers that keep no accounts, as services see them: their own server does what is wanted."""

from __future__ import annotations

from typing import Protocol

from chatnet.model.entities import User


class Abroad(Protocol):
    """The way to those whom this server serves (``links/logins/gate.py``); wiring hands it in."""

    def serves(self, user: User) -> bool:
        """Whether `user` is one of them; users of this server, and of others that keep accounts, are not."""

    def rename(self, user: User, nick: str) -> None:
        """Have their server give them another nick.  When it has done so the network is told."""

    def hold(self, nick: str, seconds: float) -> None:
        """Have those servers keep a nick free for so long; 0: no more."""
