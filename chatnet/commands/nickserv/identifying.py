"""IDENTIFY, LOGOUT, SESSIONS: logging in, and who else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.entities import User
from chatnet.model.facts import Killed
from chatnet.model.logins import CERTIFICATE, Way
from chatnet.model.registry import Account
from chatnet.services import refused
from chatnet.services.refused import Refused
from chatnet.session.logins import log_in, log_out
from chatnet.wire.server_time import minute

IDENTIFIED: Final = "You are now identified for {account}."
"""Bots wait for these words, as Atheme says them: Limnoria joins channels only then, if it was told so."""


@NICKSERV.command("ID", penalty=2.0, trailing=True)
@NICKSERV.command("LOGIN", penalty=2.0, trailing=True)
@NICKSERV.command("IDENTIFY", penalty=2.0, trailing=True)
async def identify(errand: Errand) -> None:
    """`IDENTIFY [<account>] [<password>]`: log in (LOGIN and ID are the same).

    Without an account it is that of your nick, or of the nick that you wanted when you came. Without a
    password your certificate logs you in.
    """
    errand.at_most(2)
    if errand.params:
        account, way = await _entered(errand, *errand.params)
    else:
        account, way = _certified(errand), CERTIFICATE
    if errand.session.closed:
        return
    log_in(errand.session, account, way)
    errand.say(IDENTIFIED.format(account=account.shown))


async def _entered(errand: Errand, *words: str) -> tuple[Account, Way]:
    """The account whose password or token was given, before it perhaps its name; and which it was."""
    user, address = errand.user, errand.session.peer.address
    name = words[0] if len(words) > 1 else errand.nickserv.protection.wish(user) or user.nick
    with _counted(errand):
        return await errand.nickserv.tokens.enter(
            name, words[-1], address=address, owner=errand.sessions.owner(address), certfp=user.certfp
        )


async def proved(errand: Errand, name: str, password: str) -> Account:
    """The account of that name, whose password was given: no token."""
    user, address = errand.user, errand.session.peer.address
    with _counted(errand):
        return await errand.accounts.check(
            name, password, address=address, owner=errand.sessions.owner(address), certfp=user.certfp
        )


@contextmanager
def _counted(errand: Errand) -> Iterator[None]:
    """Whose passwords are wrong too often is disconnected."""
    try:
        yield
    except Refused as why:
        if why.code == refused.INVALID_CREDENTIALS:
            _count_failure(errand)
        raise


def _count_failure(errand: Errand) -> None:
    session = errand.session
    session.failed_logins += 1
    if session.failed_logins >= errand.settings.sasl.attempts:
        session.close("Too many failed logins")


def _certified(errand: Errand) -> Account:
    user, accounts = errand.user, errand.accounts
    if not errand.sessions.links.gate.vouches(user):
        errand.end("Your server is not believed of certificates here: IDENTIFY <password>, or SASL.")
    account = accounts.check_certificate(user)
    if account is None:
        errand.end(
            f"You have shown no certificate that logs in to an account: /msg {errand.bot.nick} "
            "IDENTIFY <password>"
        )
    return account


@NICKSERV.command("LOGOUT", penalty=2.0)
def logout(errand: Errand) -> None:
    """`LOGOUT [<number>|<nick>|ALL]`: log out; or disconnect others who are logged in to your account.

    SESSIONS has their numbers. ALL means all but you.
    """
    account, word = errand.own, errand.param(0)
    if not word:
        log_out(errand.session)
        errand.end("You are logged out.")
    users = users_of(errand, account)
    others = [user for user in users if user is not errand.user]
    if word.upper() != "ALL":
        others = [user for user in others if _is_meant(errand, users, user, word)]
        if not others:
            errand.end("That is no other session of yours. SESSIONS lists them.")
    for user in others:
        errand.commit(Killed(user, errand.network.me, f"LOGOUT by {errand.user.nick}", errand.now))
    errand.say(f"{counted(len(others), 'session')} of yours ended.")


def _is_meant(errand: Errand, users: list[User], user: User, word: str) -> bool:
    if word.isascii() and word.isdigit():
        return users.index(user) + 1 == int(word[:9])
    return user.folded == errand.network.fold(word)


@NICKSERV.command("LISTLOGINS", penalty=2.0)
@NICKSERV.command("CLIENTS LIST", penalty=2.0)
@NICKSERV.command("SESSIONS", penalty=2.0)
def sessions(errand: Errand) -> None:
    """`SESSIONS [<account>]`: who is logged in to your account, on which server, and from where.

    LISTLOGINS and CLIENTS LIST are the same. By what they logged in it tells of this server. Of other
    accounts it tells operators with the privilege accounts.
    """
    account = errand.account(0) if errand.params else errand.own
    if account.id != errand.user.account_id:
        errand.need("accounts")
    users = users_of(errand, account)
    for number, user in enumerate(users, 1):
        you = " (you)" if user is errand.user else ""
        ways = {session.way.how for session in errand.sessions.local.sessions_of(user)} - {""}
        by = f", by {' and '.join(sorted(ways))}" if ways else ""
        since = f", connected since {minute(user.signon)}" if user.server is errand.network.me else ""
        errand.say(f"{number}. {user.nick}{you} on {user.server.name} from {user.address}{since}{by}")
    errand.say(f"{counted(len(users), 'session')} of {account.shown}.")


def users_of(errand: Errand, account: Account) -> list[User]:
    """Who is logged in to an account, on all servers: the first of this one first, then those of others."""
    network = errand.network
    users = network.logged_in.get(account.id, ())
    return sorted(users, key=lambda user: (user.server is not network.me, user.server.name))


def counted(number: int, noun: str) -> str:
    """``1 session``, ``2 sessions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
