"""Who logs in, as those see it who look at passwords."""

from __future__ import annotations

from typing import Protocol

from chatnet.model.entities import User
from chatnet.model.ids import AccountName
from chatnet.model.logins import Way
from chatnet.model.registry import Account


class Applicant(Protocol):
    """A connection of this server that logs in."""

    @property
    def user(self) -> User:
        """Who is (or will be) the user."""

    @property
    def came(self) -> User:
        """Who came by it, with its address and its certificate: another one, if `user` has more of them."""

    def challenged(self, data: str) -> None:
        """The other side says something: one chunk."""

    def shown(self, mechanisms: str) -> None:
        """The other side tells which mechanisms it knows, with commas between."""

    def logged_in(
        self, nick: str | None, username: str | None, host: str | None, account: AccountName | None
    ) -> None:
        """Somebody who is no user yet is logged in, and may look otherwise from now on; None = as they do."""

    def proved(self, account: Account, way: Way, name: str) -> bool:
        """They are logged in to an account that is kept here, and how they came to it; they gave this `name`.

        False if they cannot have another account, and know.
        """

    def locked(self, text: str) -> None:
        """They are right, but the account is suspended."""

    def noted(self, code: str, text: str, *context: str) -> None:
        """Why it fails which is not their fault, or is for a while only."""

    def ended(self, good: bool) -> None:
        """It is over."""
