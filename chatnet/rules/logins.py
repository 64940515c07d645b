"""What happens to a user who is logged in to an account that is kept here, or out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, Fact, HostChanged, UserModesChanged
from chatnet.model.registry import Account
from chatnet.records.accounts import TOKEN
from chatnet.records.grammar import split
from chatnet.storage.record import Record

BOT: Final = "B"
"""The mode of a user who is a program: that of each account which belongs to another one."""
TOKEN_TAKEN: Final = "The token that you came by was taken away"
"""What they read who came by it."""


def logged_in(user: User, account: Account, at: float) -> Iterator[Fact]:
    """They have this account from now on, and look as it has them look."""
    yield AccountChanged(user, account.shown, at, user.account, account.id, user.account_id)
    yield from looking(user, account, at)
    if account.owner and BOT not in user.modes:
        yield UserModesChanged(user, BOT, "", user.snomask, at)


def logged_out(user: User, at: float) -> Iterator[Fact]:
    """They have no account any more."""
    yield AccountChanged(user, None, at, user.account, old_id=user.account_id)
    yield from looking(user, None, at)


def shown_host(account: Account) -> str | None:
    """The host that who is logged in to an account has in the place of theirs."""
    return account.vhost.host if account.vhost is not None and account.vhost.on else None


def looking(user: User, account: Account | None, at: float) -> Iterator[Fact]:
    """They look as their account, if they have one, has them look."""
    host = None if account is None else shown_host(account)
    if host is None:
        if user.host in (user.real_host, user.cloak):
            return
        host = user.cloak if "x" in user.modes and user.cloak is not None else user.real_host
    if host != user.host:
        yield HostChanged(user, user.username, host, user.source, at)


def tokens_taken(records: Iterable[Record]) -> set[tuple[str | None, str]]:
    """The tokens that records take away: the id of the account, and the key."""
    gone = set[tuple[str | None, str]]()
    for record in records:
        if record.value is None and record.field.startswith(TOKEN):
            name, key = split(record.field)
            if name == TOKEN:
                gone.add((record.entity, key))
    return gone
