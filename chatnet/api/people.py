"""Who asks with a name and a password, and what comes of it: a token, which asks from then on."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Final

from chatnet.api.banned import judge_address
from chatnet.api.call import Call
from chatnet.api.objects import Login
from chatnet.api.problems import Problem
from chatnet.model.bans import LOGIN, REFUSE, NetworkBan
from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.records.accounts import State
from chatnet.rules.banned_words import told
from chatnet.rules.blocklists import Listing, reason, worst
from chatnet.rules.shields import stopped
from chatnet.services.nickserv import NickServ
from chatnet.services.tokens import token_hash
from chatnet.storage.promise import Promise
from chatnet.wire.server_time import DAY, written_ms
from chatnet.wire.text import cut, one_line

BASIC: Final = "basic "
LABEL: Final = 50
"""Bytes of what a token is called."""


def nickserv_of(call: Call) -> NickServ:
    """Who keeps accounts here; raises Problem if nobody does."""
    found = call.parts.sessions.nickserv
    if found is None:
        raise Problem("no-accounts")
    return found


def judge_line(call: Call) -> None:
    """Refuse a password that somebody on the way may have read."""
    if not call.ask.secure and not call.settings.web.insecure_login:
        raise Problem("insecure")


def stranger(call: Call) -> User:
    """Somebody who is not on the network, and asks from where they are."""
    return User(call.parts.node.network.me, call.ask.address, call.ask.address)


async def by_password(call: Call) -> Account:
    """Whose name and password stand in ``Authorization: Basic``; raises Problem or Refused."""
    nickserv_of(call)
    judge_line(call)
    judge_address(call.parts.sessions, call.ask.address)
    given = call.ask.headers.get("authorization", "")
    if given[: len(BASIC)].lower() != BASIC:
        raise Problem("unauthenticated", "This is asked with the name and the password of an account")
    try:
        name, colon, password = b64decode(given[len(BASIC) :].strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, or not even ASCII
        name = colon = password = ""
    if not (name and colon and password):
        raise Problem("unauthenticated", "There is no name and password in the header Authorization")
    await _listed(call, stranger(call), "log in", logged_in=True)
    accounts, address = call.parts.sessions.accounts, call.ask.address
    assert accounts is not None  # where there is a NickServ there are accounts
    return await accounts.check(name, password, address=address, owner=accounts.throttle.owner(address))


async def register(call: Call, name: str, password: str, email: str | None, *, invited: bool) -> Account:
    """A new account, as by REGISTER; raises Problem or Refused.  `invited` may where nobody else may."""
    sessions, nickserv = call.parts.sessions, nickserv_of(call)
    judge_line(call)
    judge_address(call.parts.sessions, call.ask.address)
    if not (call.settings.accounts.registration or invited):
        raise Problem("no-registration")
    if sessions.shield.stop_registrations:
        raise Problem("unavailable", stopped(call.settings))
    address = call.ask.address
    if sessions.network_bans.needs_login(address) is not None:
        raise Problem("unavailable", "From where you are people come with an account that they have already")
    by = stranger(call)
    listed = await _listed(call, by, "register an account", logged_in=False)
    account = await nickserv.addresses.register(name, password, email, by=by)
    who, public = f"{account.name} [{address}]", f"{account.name} [{sessions.veiled(address)}]"
    text = f"registered {account.shown} over HTTP"
    if listed:
        text += f" (listed by {', '.join(each.text for each in listed)})"
    sessions.notice("a", address, f"{who} {text}", f"{public} {text}")
    return account


async def _listed(call: Call, by: User, what: str, *, logged_in: bool) -> Sequence[Listing]:
    """The block lists that an address is in; raises Problem if one of them keeps it from what it wants."""
    sessions, answer = call.parts.sessions, Promise[Sequence[Listing]]()
    sessions.block_lists.look_up(by.address, answer.keep)
    found = await answer
    listing = worst(found, logged_in=logged_in)
    if listing is not None and not sessions.network_bans.spares(by):
        where = f"listed by {listing.text}"
        shown = f"Refused to {what} over HTTP from {{}}: {where}"
        address, veiled = by.address, sessions.veiled(by.address)
        sessions.notice("r", address, shown.format(address), shown.format(veiled))
        does = LOGIN if listing.block.action == "require-login" else REFUSE
        words, now = reason(listing, address), int(call.parts.node.clock.time())
        ban = NetworkBan("D", "*", address, now, None, None, sessions.network.me.name, words, True, does)
        raise Problem("banned", told(ban, call.settings))
    return found


def is_pending(account: Account) -> bool:
    """Whether a code was sent first."""
    return account.status.state is State.PENDING


def until(call: Call) -> int:
    """Until when somebody stays logged in on a page who logs in now."""
    return int(call.parts.node.clock.time()) + call.settings.web.login_days * DAY


async def log_in(call: Call, account: Account, label: str, scope: str, end: int) -> Login:
    """A token of an account, which is shown once; `end` is a Unix time, or 0."""
    name = cut(one_line(label), LABEL)
    secret = await nickserv_of(call).tokens.add(account, name, scope, end)
    return await login_of(call, secret)


async def login_of(call: Call, secret: str) -> Login:
    """What is told of a token, with it."""
    found = await nickserv_of(call).tokens.find(token_hash(secret) or "")
    if found is None:
        raise Problem("unavailable", "The token was taken back at once")
    token = found.token
    return Login(
        token=secret,
        id=found.key,
        account=str(found.account.shown),
        scope=token.scope,
        label=token.label,
        expires_at=expires(token.until),
    )


def expires(end: int) -> str | None:
    """When a token is over, as programs read it."""
    return written_ms(end * 1000) if end else None
