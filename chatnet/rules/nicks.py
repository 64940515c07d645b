"""May she bear it? Nicks that belong to accounts, and the nicks of guests."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Final

from chatnet.model.entities import User
from chatnet.model.ids import Folded
from chatnet.model.registry import Account, Registry
from chatnet.settings import AccountsSettings

PROTECT: Final = "protect"
"""The setting of an account by which it has its nicks protected in another way than others."""


class Protection(Enum):
    """How the nicks of an account are protected from those who are not logged in to it."""

    GUEST = "guest"
    """Who connects with one comes in under the nick of a guest; who is in cannot take it."""
    STRICT = "strict"
    """Who connects with one is refused as well."""
    GRACE = "grace"
    """One may bear it for a while."""
    OFF = "off"


def protection_of(account: Account, settings: AccountsSettings) -> Protection:
    """How the nicks of `account` are protected: as it chose, or as all are."""
    chosen = account.settings.get(PROTECT, settings.nick_protection)
    try:
        return Protection(chosen)
    except ValueError:  # a word of a later version
        return Protection(settings.nick_protection)


def keeper(registry: Registry, settings: AccountsSettings, user: User, folded: Folded) -> Account | None:
    """The account that keeps a nick from `user`; None if they may bear it."""
    owner = registry.owner(folded)
    if owner is None or owner.id == user.account_id or protection_of(owner, settings) is Protection.OFF:
        return None
    return owner


def names_of(account: Account, fold: Callable[[str], Folded]) -> frozenset[str]:
    """The name that an account asks for and its grouped nicks, folded."""
    return frozenset((fold(account.name), *account.nicks))


class Guests:
    """The nicks of guests: a word, and then digits in the place of each ``#`` of `pattern`.

    Both are cut where a nick has at most `limit` characters.
    """

    __slots__ = ("_digits", "_word")

    def __init__(self, pattern: str, limit: int) -> None:
        word = pattern.rstrip("#")
        digits = len(pattern) - len(word)
        self._word = word[: max(limit - digits, 1)]
        self._digits = min(digits, limit - len(self._word))

    def nick(self, chance: float, taken: Callable[[str], bool]) -> str | None:
        """The first that is not taken, from where `chance` (from 0 to 1) says; None if all are."""
        most = 10**self._digits
        first = int(chance * most)
        for number in range(first, first + most):
            nick = f"{self._word}{number % most:0{self._digits}}" if self._digits else self._word
            if not taken(nick):
                return nick
        return None

    def includes(self, nick: str) -> bool:
        """Whether it is one of them."""
        form = rf"{re.escape(self._word)}[0-9]{{{self._digits}}}"
        return re.fullmatch(form, nick, re.IGNORECASE) is not None
