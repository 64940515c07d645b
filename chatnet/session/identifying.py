"""Whose account somebody has who comes in and did not log in by SASL: by PASS, or by a certificate."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.model.logins import CERTIFICATE, NO_WAY
from chatnet.records.claims import MARK
from chatnet.rules.logging_in import how_to_log_in
from chatnet.services.accounts import Accounts
from chatnet.services.refused import INVALID_CREDENTIALS, Refused
from chatnet.services.tokens import Tokens
from chatnet.session.logins import log_in, log_out
from chatnet.session.presence.devices import device_of
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.wire import numerics
from chatnet.wire.names import is_nick
from chatnet.wire.networks import address_in, networks_of


def login_in(shared: Shared, session: Session, words: tuple[str, ...]) -> tuple[str, str] | None:
    """The account and the password that one of `words` of PASS names, if somebody could log in by it.

    ``account:password``; with ``/client`` or ``@client`` behind the account.
    """
    settings = shared.node.settings
    if shared.accounts is None or not settings.accounts.login_by_pass or session.user.account is not None:
        return None
    if settings.sasl.tls_only and not session.peer.secure:
        return None
    for word in reversed(words):
        name, _, password = word.partition(":")
        plain = name.partition("/")[0].partition("@")[0].partition(MARK)[0]
        if password and is_nick(plain, shared.limits.nick):
            return name, password
    return None


async def by_password(accounts: Accounts, tokens: Tokens, session: Session, name: str, password: str) -> None:
    """Log in by PASS; 464, and they come in without, if it is not right."""
    user, owner = session.user, accounts.throttle.owner(session.peer.address)
    logins = session.sessions.node.counts.logins
    try:
        account, way = await tokens.enter(
            name, password, address=session.peer.address, owner=owner, certfp=user.certfp
        )
    except Refused as why:
        logins["PASS", False] += 1
        session.numeric(numerics.ERR_PASSWDMISMATCH)
        if why.code != INVALID_CREDENTIALS:
            session.notice(why.text)
    else:
        logins["PASS", True] += 1
        if not session.closed:
            session.device = device_of(name) or session.device
            log_in(session, account, way)


def look_again(shared: Shared, session: Session) -> None:
    """Log out who is logged in to an account that is no more, or is suspended since; tell its newest name."""
    user, accounts = session.user, shared.accounts
    if accounts is None or user.account_id is None:
        return
    account = accounts.registry.account(user.account_id)
    if account is None or not account.name:
        # Where a full neighbour looked at it, its records are to come yet, or some of them.
        if session.way != NO_WAY or user.account_id in accounts.registry.erased:
            log_out(session)
    elif not account.usable(shared.node.clock.time()):
        log_out(session)
    elif account.shown != user.account:
        log_in(session, account, session.way)


def by_certificate(shared: Shared, session: Session) -> None:
    """Log in whose certificate does so by itself: 900, and a NOTICE."""
    user, accounts = session.user, shared.accounts
    if accounts is None or user.account is not None or not shared.node.settings.accounts.login_by_certificate:
        return
    try:
        account = accounts.check_certificate(user)
    except Refused as why:
        session.notice(why.text)
    else:
        if account is not None:
            log_in(session, account, CERTIFICATE)
            session.notice(f"You are logged in as {account.shown}, by your certificate")


def lacks_account(shared: Shared, session: Session) -> str:
    """Why somebody is not let in for want of an account, as they read it; empty: they are let in."""
    settings = shared.node.settings
    if session.user.account is not None or session.peer.inside:
        return ""
    if settings.accounts.required and not _lies_in(session, settings.accounts.required_except):
        return f"You have to log in to an account to use this server: {how_to_log_in(settings)}"
    if session.connection_class.require_login:
        return f"From where you are you have to log in to an account: {how_to_log_in(settings)}"
    shield = shared.shield
    if (shield.require_login or shield.require_login_from) and shields_ask(shared, session):
        return f"For a while new people have to log in to an account they have: {how_to_log_in(settings)}"
    return ""


def shields_ask(shared: Shared, session: Session) -> bool:
    """Whether somebody who comes in has to log in at the level of the shields."""
    shield = shared.shield
    ranges = shield.require_login_from
    asks = shield.require_login or (bool(ranges) and _lies_in(session, ranges))
    return asks and not shared.network_bans.spares(session.user)


def _lies_in(session: Session, ranges: Iterable[str]) -> bool:
    """Whether somebody comes from one of these networks."""
    return address_in(session.peer.address, networks_of(ranges))
