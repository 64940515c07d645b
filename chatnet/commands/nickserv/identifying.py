"""IDENTIFY, LOGOUT, SESSIONS: logging in, and who else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from typing import Final, NamedTuple

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.entities import User
from chatnet.model.facts import Killed
from chatnet.model.logins import CERTIFICATE, Way
from chatnet.model.registry import Account
from chatnet.model.server import Server
from chatnet.services import refused
from chatnet.services.refused import Refused
from chatnet.session.logins import KEPT, keeps_account, log_in, log_out
from chatnet.session.presence.clients import describe, device_told
from chatnet.session.session import Session
from chatnet.wire.server_time import minute

IDENTIFIED: Final = "You are now identified for {account}."
"""Bots wait for these words, as Atheme says them: Limnoria joins channels only then, if it was told so."""
LISTED: Final = "CLIENTS LIST shows them."
NO_OTHER: Final = f"That is no number, device or nick of another session of yours. {LISTED}"
THIS_ONE: Final = "That is the session that you ask by: QUIT ends it."


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
    if keeps_account(errand.session, account):
        errand.end(KEPT)
    log_in(errand.session, account, way)
    errand.say(IDENTIFIED.format(account=account.shown))


async def _entered(errand: Errand, *words: str) -> tuple[Account, Way]:
    """The account whose password or token was given, before it perhaps its name; and which it was."""
    user, address, certfp = errand.user, errand.session.peer.address, errand.session.came.certfp
    name = words[0] if len(words) > 1 else errand.nickserv.protection.wish(user) or user.nick
    logins = errand.sessions.node.counts.logins
    with _counted(errand):
        try:
            found = await errand.nickserv.tokens.enter(
                name, words[-1], address=address, owner=errand.sessions.owner(address), certfp=certfp
            )
        except Refused:
            logins["IDENTIFY", False] += 1
            raise
    logins["IDENTIFY", True] += 1
    return found


async def proved(errand: Errand, name: str, password: str) -> Account:
    """The account of that name, whose password was given: no token."""
    address, certfp = errand.session.peer.address, errand.session.came.certfp
    with _counted(errand):
        return await errand.accounts.check(
            name, password, address=address, owner=errand.sessions.owner(address), certfp=certfp
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
    account = accounts.check_certificate(errand.session.came)
    if account is None:
        errand.end(
            f"You have shown no certificate that logs in to an account: /msg {errand.bot.nick} "
            "IDENTIFY <password>"
        )
    return account


@NICKSERV.command("LOGOUT", penalty=2.0)
async def logout(errand: Errand) -> None:
    """`LOGOUT [<number>|<device>|<nick>|ALL]`: log out; or end other sessions, as CLIENTS LOGOUT does."""
    account, word = errand.own, errand.param(0)
    if not word:
        if keeps_account(errand.session):
            errand.end(KEPT)
        log_out(errand.session)
        errand.end("You are logged out.")
    await _end_sessions(errand, account, word)


@NICKSERV.command("CLIENTS LOGOUT", penalty=2.0)
async def log_out_clients(errand: Errand) -> None:
    """`CLIENTS LOGOUT <number>|<device>|<nick>|ALL`: end other sessions of yours.

    CLIENTS LIST has their numbers, and the names of devices. ALL means all but you.
    """
    account, word = errand.own, errand.param(0)
    if not word:
        errand.end(f"Say which: CLIENTS LOGOUT <number>, or the name of a device, or ALL. {LISTED}")
    await _end_sessions(errand, account, word)


async def _end_sessions(errand: Errand, account: Account, word: str) -> None:
    """End the other sessions of an account that a word means."""
    clients = await clients_of(errand, account)
    meant = clients if word.upper() == "ALL" else _meant(errand, clients, word)
    others = [each for each in meant if not _is_own(errand, each)]
    if not others and word.upper() != "ALL":
        errand.end(THIS_ONE if meant else NO_OTHER)
    told = [_described(errand, client).partition(", connected")[0] for client in others]
    ended = [await _end(errand, client) for client in reversed(others)]
    for text in compress(told, reversed(ended)):
        errand.say(f"Ended: {text}.")
    errand.say(f"{counted(sum(ended), 'session')} of yours ended.")


async def _end(errand: Errand, client: ClientOf) -> bool:
    """End one; those elsewhere have their numbers until one before them is gone.  False: nobody answers."""
    if client.session is not None:
        client.session.close(f"Logged out by {errand.user.nick}")
    elif client.there is None:
        errand.commit(Killed(client.user, errand.network.me, f"LOGOUT by {errand.user.nick}", errand.now))
    elif not await errand.sessions.sitting.end_client(client.user, client.there, str(client.number)):
        server = errand.user.name_of(client.there)
        errand.say(f"{server} does not answer now. CLIENTS LIST tells later whether that session ended.")
        return False
    return True


def _is_own(errand: Errand, client: ClientOf) -> bool:
    """Whether it is the session that asks; of those of other servers nothing is known but the user."""
    if client.session is not None:
        return client.session is errand.session
    return client.user is errand.user and not client.number


def _meant(errand: Errand, clients: list[ClientOf], word: str) -> list[ClientOf]:
    """Those of a number, or else of a device, or else of a nick."""
    if word.isascii() and word.isdigit():
        number = int(word[:9])
        return clients[number - 1 : number] if number else []
    by_device = [each for each in clients if each.device.lower() == word.lower()]
    return by_device or [each for each in clients if each.user.folded == errand.network.fold(word)]


@NICKSERV.command("LISTLOGINS", penalty=2.0)
@NICKSERV.command("CLIENTS LIST", penalty=2.0)
@NICKSERV.command("SESSIONS", penalty=2.0)
async def sessions(errand: Errand) -> None:
    """`SESSIONS [<account>]`: who is logged in to your account, and where; CLIENTS LIST is the same.

    So is LISTLOGINS. The numbers are the same on all your devices. Of those on this server, and of those
    that are you on others, it tells more: the device, since when they are connected, for how long they have
    said nothing, whether they are away, and by what they logged in. Of other accounts it tells operators with
    the privilege accounts.
    """
    account = errand.account(0) if errand.params else errand.own
    if account.id != errand.user.account_id:
        errand.need("accounts")
    clients = await clients_of(errand, account)
    for number, client in enumerate(clients, 1):
        errand.say(f"{number}. {_described(errand, client)}")
    errand.say(f"{counted(len(clients), 'session')} of {account.shown}.")


def _described(errand: Errand, client: ClientOf) -> str:
    user, session = client.user, client.session
    if session is not None:
        return describe(errand.sessions, session, asking=session is errand.session)
    if client.there is not None:
        return client.text
    server = f"on {errand.user.name_of(user.server)}"
    idle = errand.sessions.persons.idle.get(user)
    if idle is not None:
        return f"{user.nick} {server}, where nobody is connected since {minute(idle.heard.ms / 1000)}"
    you = " (you)" if user is errand.user else ""
    return f"{user.nick}{you} {server} from {user.address}"


class ClientOf(NamedTuple):
    """Somebody who is logged in, by one of their sessions; None: without one, or on another server.

    A session of the one who asks that is elsewhere has a `number` `there`, and a `text` about it.
    """

    user: User
    session: Session | None
    there: Server | None = None
    number: int = 0
    text: str = ""

    @property
    def device(self) -> str:
        """The name of the device; empty if it has none, or is not known here."""
        return device_told(self.text) if self.session is None else self.session.device


async def clients_of(errand: Errand, account: Account) -> list[ClientOf]:
    """By whom an account is used, on all servers: in the same order whichever session of theirs asks."""
    found: list[ClientOf] = []
    for user in users_of(errand, account):
        if user is errand.user:
            clients = [each for server in _places(user) for each in await _clients_at(errand, user, server)]
        else:
            clients = _clients_here(errand, user)
        found += clients or [ClientOf(user, None)]
    return found


def _places(user: User) -> list[Server]:
    """Where somebody may have sessions."""
    return sorted(user.places, key=lambda server: server.name)


def _clients_here(errand: Errand, user: User) -> list[ClientOf]:
    return [ClientOf(user, session) for session in errand.sessions.local.sessions_of(user)]


async def _clients_at(errand: Errand, user: User, server: Server) -> list[ClientOf]:
    """The sessions that the asker has on a server, as that tells."""
    if server is errand.network.me:
        return _clients_here(errand, user)
    texts = await errand.sessions.sitting.clients(user, server)
    if texts is None:
        texts = [f"{user.nick} on {errand.user.name_of(server)}, which does not answer now"]
    return [ClientOf(user, None, server, number, text) for number, text in enumerate(texts, 1)]


def users_of(errand: Errand, account: Account) -> list[User]:
    """Who is logged in to an account, on all servers: who may have several sessions first."""
    users = errand.network.logged_in.get(account.id, ())
    return sorted(users, key=lambda user: (user.person is None, user.server.name, user.signon, user.uid))


def counted(number: int, noun: str) -> str:
    """``1 session``, ``2 sessions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
