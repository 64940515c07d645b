"""REGISTER and VERIFY: have an account.  https://ircv3.net/specs/extensions/account-registration"""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.model.logins import CODE, PASSWORD
from chatnet.records.accounts import State
from chatnet.rules.blocklists import worst
from chatnet.rules.shields import stopped
from chatnet.rules.visibility import public_identity
from chatnet.services.addresses import Addresses
from chatnet.services.refused import INVALID_CODE, TEMPORARILY_UNAVAILABLE, Refused
from chatnet.session.identifying import shields_ask
from chatnet.session.logins import log_in
from chatnet.session.render import encode
from chatnet.session.session import Needs
from chatnet.wire.text import middle, printable


@CLIENT.command("REGISTER", min_params=3, phase=Phase.ANY, penalty=5.0)
async def register(request: Request) -> None:
    """`REGISTER * <e-mail or *> <password>`: register an account that is called as your nick, and log in.

    Your nick may stand in the place of the first `*`.  https://ircv3.net/specs/extensions/account-registration
    Refuses with FAIL REGISTER: COMPLETE_CONNECTION_REQUIRED (not while connecting), NEED_NICK,
    ALREADY_AUTHENTICATED, ACCOUNT_NAME_MUST_BE_NICK, ACCOUNT_EXISTS (or somebody else bears the nick),
    BAD_ACCOUNT_NAME, WEAK_PASSWORD, UNACCEPTABLE_PASSWORD, INVALID_EMAIL, UNACCEPTABLE_EMAIL,
    TEMPORARILY_UNAVAILABLE (too often, or the disk, or a ban which asks for an account).
    """
    session, user = request.session, request.user
    name, email, password = request.params[:3]
    addresses = _offered(request, name)
    if addresses is None:
        return
    if session.needs & Needs.NICK:
        session.fail("REGISTER", "NEED_NICK", "Take a nick first: that is the name of the account", "*")
    elif not session.registered and session.needs & Needs.LISTS:
        text = "It is being looked up whether one may register from where you are: try again in a moment"
        session.fail("REGISTER", TEMPORARILY_UNAVAILABLE, text, user.nick)
    elif not session.registered and _needs_account(request):
        text = "From where you are people come in with an account that they have already"
        session.fail("REGISTER", TEMPORARILY_UNAVAILABLE, text, user.nick)
    elif not _has_account(request) and _is_nick(request, name):
        try:
            given = None if email == "*" else email
            account = await addresses.register(user.nick, password, given, by=user)
        except Refused as why:
            session.fail("REGISTER", why.code, why.text, *map(middle, why.context or (user.nick,)))
            return
        tell_registered(request, account.shown)
        if session.closed:
            return
        if account.status.state is State.PENDING:
            text = f"A code was sent to {printable(email)}, which makes the account yours"
            words = f"REGISTER VERIFICATION_REQUIRED {account.shown} :{text}"
            session.send(encode(f":{request.sessions.server_name} {words}"))
        else:
            text = f"The account {account.shown} is yours, and you are logged in"
            session.send(encode(f":{request.sessions.server_name} REGISTER SUCCESS {account.shown} :{text}"))
            log_in(session, account, PASSWORD)


@CLIENT.command("VERIFY", min_params=2, phase=Phase.ANY, penalty=5.0)
async def verify(request: Request) -> None:
    """`VERIFY <account> <code>`: show that you have read the mail that was sent to the address of an account.

    It is yours then, and you are logged in.

    https://ircv3.net/specs/extensions/account-registration  Refuses with FAIL VERIFY: INVALID_CODE,
    ALREADY_AUTHENTICATED, COMPLETE_CONNECTION_REQUIRED (not while connecting), TEMPORARILY_UNAVAILABLE.
    """
    session, (name, code) = request.session, request.params[:2]
    addresses = _offered(request, name)
    if addresses is None or _has_account(request):
        return
    try:
        account = await addresses.verify(name, code, request.user)
    except Refused as why:
        known = INVALID_CODE if why.code == INVALID_CODE else TEMPORARILY_UNAVAILABLE
        session.fail("VERIFY", known, why.text, middle(name))
        return
    if not session.closed:
        text = f"The account {account.shown} is yours, and you are logged in"
        session.send(encode(f":{request.sessions.server_name} VERIFY SUCCESS {account.shown} :{text}"))
        log_in(session, account, CODE)


def _offered(request: Request, name: str) -> Addresses | None:
    """Who has addresses verified, if an account may be registered by this session; else it was refused."""
    session, settings, verb = request.session, request.settings, request.row.verb
    nickserv = request.sessions.nickserv
    if nickserv is None or not settings.accounts.registration:
        session.fail(verb, TEMPORARILY_UNAVAILABLE, "No accounts are registered here", middle(name))
        return None
    if verb == "REGISTER" and request.sessions.shield.stop_registrations:
        session.fail(verb, TEMPORARILY_UNAVAILABLE, stopped(settings), middle(name))
        return None
    if not session.registered and not settings.registers_early:
        # "The server MUST NOT sent these replies if it advertizes the `before-connect` key"
        session.fail(verb, "COMPLETE_CONNECTION_REQUIRED", "Come in first, and then register an account")
        return None
    return nickserv.addresses


def _needs_account(request: Request) -> bool:
    """Whether somebody who connects has to log in to an account that they have already."""
    session, sessions = request.session, request.sessions
    listing = worst(session.listed, logged_in=False)
    return (
        (listing is not None and listing.block.action == "require-login")
        or session.connection_class.require_login
        or shields_ask(sessions, session)
        or sessions.network_bans.needs_login(session.peer.address) is not None
    )


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
