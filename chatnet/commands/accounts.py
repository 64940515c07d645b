"""REGISTER and VERIFY: have an account.  https://ircv3.net/specs/extensions/account-registration"""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.rules.visibility import public_identity
from chatnet.services.accounts import Accounts
from chatnet.services.refused import TEMPORARILY_UNAVAILABLE, Refused
from chatnet.session.logins import log_in
from chatnet.session.render import encode
from chatnet.session.session import Needs
from chatnet.wire.text import middle


@CLIENT.command("REGISTER", min_params=3, phase=Phase.ANY, penalty=5.0)
async def register(request: Request) -> None:
    """`REGISTER * <e-mail or *> <password>`: register an account that is called as your nick, and log in.

    Your nick may stand in the place of the first `*`.  https://ircv3.net/specs/extensions/account-registration
    Refuses with FAIL REGISTER: COMPLETE_CONNECTION_REQUIRED (not while connecting), NEED_NICK,
    ALREADY_AUTHENTICATED, ACCOUNT_NAME_MUST_BE_NICK, ACCOUNT_EXISTS (or somebody else bears the nick),
    BAD_ACCOUNT_NAME, WEAK_PASSWORD, UNACCEPTABLE_PASSWORD, INVALID_EMAIL, TEMPORARILY_UNAVAILABLE (too often,
    or the disk).
    """
    session, user = request.session, request.user
    name, email, password = request.params[:3]
    accounts = _offered(request, name)
    if accounts is None:
        return
    if session.needs & Needs.NICK:
        session.fail("REGISTER", "NEED_NICK", "Take a nick first: that is the name of the account", "*")
    elif not _has_account(request) and _is_nick(request, name):
        try:
            account = await accounts.register(user.nick, password, None if email == "*" else email, by=user)
        except Refused as why:
            session.fail("REGISTER", why.code, why.text, *map(middle, why.context or (user.nick,)))
            return
        tell_registered(request, account.shown)
        if not session.closed:
            text = f"The account {account.shown} is yours, and you are logged in"
            session.send(encode(f":{request.sessions.server_name} REGISTER SUCCESS {account.shown} :{text}"))
            log_in(session, account)


@CLIENT.command("VERIFY", min_params=2, phase=Phase.ANY, penalty=5.0)
def verify(request: Request) -> None:
    """`VERIFY <account> <code>`: show that you have read the mail that was sent to the address of an account.

    https://ircv3.net/specs/extensions/account-registration  Refuses with FAIL VERIFY: INVALID_CODE,
    ALREADY_AUTHENTICATED, COMPLETE_CONNECTION_REQUIRED (not while connecting), TEMPORARILY_UNAVAILABLE.
    """
    name = request.params[0]
    if _offered(request, name) is not None and not _has_account(request):
        text = "No such code was sent, or its time is over"
        request.session.fail("VERIFY", "INVALID_CODE", text, middle(name))


def _offered(request: Request, name: str) -> Accounts | None:
    """The accounts, if one may be registered by this session; else it was refused."""
    session, settings, verb = request.session, request.settings, request.row.verb
    accounts = request.sessions.accounts
    if accounts is None or not settings.accounts.registration:
        session.fail(verb, TEMPORARILY_UNAVAILABLE, "No accounts are registered here", middle(name))
        return None
    if not session.registered and not settings.registers_early:
        # "The server MUST NOT sent these replies if it advertizes the `before-connect` key"
        session.fail(verb, "COMPLETE_CONNECTION_REQUIRED", "Come in first, and then register an account")
        return None
    return accounts


def _has_account(request: Request) -> bool:
    account = request.user.account
    if account is not None:
        text = f"You are logged in already, as {account}"
        request.session.fail(request.row.verb, "ALREADY_AUTHENTICATED", text, middle(account))
    return account is not None


def _is_nick(request: Request, name: str) -> bool:
    if name == "*" or request.network.fold(name) == request.user.folded:
        return True
    text = f"An account has the name of your nick: {request.user.nick}"
    request.session.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", text, middle(name))
    return False


def tell_registered(request: Request, account: str) -> None:
    """Operators read who has registered an account."""
    session, user, sessions = request.session, request.user, request.sessions
    address = session.peer.address
    if session.registered:
        who, public = user.identity, public_identity(user)
    else:
        who, public = f"{user.nick} [{address}]", f"{user.nick} [{sessions.veiled(address)}]"
    sessions.notice("a", address, f"{who} registered {account}", f"{public} registered {account}")
