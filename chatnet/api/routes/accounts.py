"""Accounts: having one, verifying it, and what changes its locks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.api.banned import judge_address
from chatnet.api.call import Call
from chatnet.api.objects import Registered
from chatnet.api.people import (
    by_password,
    is_pending,
    judge_line,
    log_in,
    nickserv_of,
    register,
    stranger,
    until,
)
from chatnet.api.problems import Mistake, Problem
from chatnet.api.table import BASIC, NOBODY, Body, Routes
from chatnet.api.written import JSON, written
from chatnet.model.registry import Account
from chatnet.web.exchange import Reply
from chatnet.web.scopes import WEB

ROUTES = Routes()
Name = Annotated[str, Field(min_length=1, max_length=64)]
Secret = Annotated[str, Field(min_length=1, max_length=4096)]
Label = Annotated[str, Field(min_length=1, max_length=50)]
VERIFY = 202
"""An account that waits for a code."""


class Newcomer(Body):
    """Who wants an account."""

    name: Name
    """A nick that nobody has."""
    password: Secret
    email: Annotated[str, Field(max_length=320)] | None = None
    invite: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """What an invite has in it, if that lets people register where nobody else may."""
    label: Label = "page"
    """What the token is called that logs in."""


class Code(Body):
    """What was sent by mail."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    label: Label = "page"


class Reset(Body):
    """Without a code one is sent; with it the password is another one."""

    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    password: Secret | None = None


class Password(Body):
    """Another password."""

    password: Secret


class Email(Body):
    """Another address; null: none."""

    email: Annotated[str, Field(max_length=320)] | None


class Confirm(Body):
    """What was sent to the new address."""

    code: Annotated[str, Field(min_length=1, max_length=64)]


@ROUTES.route("POST", "/accounts", scope=NOBODY, body=Newcomer, answer=Registered, status=201, cost=5.0)
async def add(call: Call) -> Reply:
    """Register an account, as REGISTER does, and log in; 202 if a code was sent by mail first."""
    body: Newcomer = call.body
    chanserv = call.parts.sessions.chanserv
    invite = None if chanserv is None or body.invite is None else chanserv.invites.find(body.invite)
    invited = (
        chanserv is not None
        and invite is not None
        and invite.said is not None
        and invite.said.register
        and chanserv.invites.ended(invite) is None
    )
    account = await register(call, body.name, body.password, body.email, invited=invited)
    return await registered(call, account, body.label)


async def registered(call: Call, account: Account, label: str) -> Reply:
    """What somebody reads who has an account now, or has to say a code first."""
    if is_pending(account):
        found = Registered(account=str(account.shown), verify="email")
        return Reply(VERIFY, written(found), (("Content-Type", JSON),))
    login = await log_in(call, account, label, WEB, until(call))
    return call.reply(Registered(account=login.account, token=login.token, expires_at=login.expires_at))


@ROUTES.route(
    "POST", "/accounts/{name}/verify", scope=NOBODY, body=Code, answer=Registered, status=201, cost=5.0
)
async def verify(call: Call) -> Reply:
    """Have the account that was registered, by the code that was sent, and log in."""
    addresses = nickserv_of(call).addresses
    judge_address(call.parts.sessions, call.ask.address)
    account = await addresses.verify(call.params["name"], call.body.code, stranger(call))
    return await registered(call, account, call.body.label)


@ROUTES.route("POST", "/accounts/{name}/reset", scope=NOBODY, body=Reset, status=204, cost=5.0)
async def reset(call: Call) -> Reply:
    """Have a code sent to the verified address of an account, or choose another password by it.

    Whether there is such an account is not told.
    """
    body: Reset = call.body
    nickserv, name = nickserv_of(call), call.params["name"]
    judge_address(call.parts.sessions, call.ask.address)
    if not nickserv.mailing.ready:
        raise Problem("not-here", "This server sends no mail")
    if (body.code is None) is not (body.password is None):
        raise Problem("invalid", errors=[Mistake("/code", "code and password go together")])
    if body.code is None or body.password is None:
        nickserv.addresses.send_reset(name, stranger(call))
    else:
        judge_line(call)
        await nickserv.addresses.reset(name, body.code, body.password, stranger(call))
    return call.reply()


@ROUTES.route("PUT", "/accounts/{name}/password", scope=BASIC, body=Password, status=204, cost=5.0)
async def password(call: Call) -> Reply:
    """Have another password, by the one before."""
    account, new = await _named(call), call.body.password
    accounts = call.parts.sessions.accounts
    assert accounts is not None  # they have logged in
    accounts.acceptable_password(new, account.shown)
    await accounts.set_password(account, new, owner=accounts.throttle.owner(call.ask.address))
    return call.reply()


@ROUTES.route("PUT", "/accounts/{name}/email", scope=BASIC, body=Email, status=204, cost=5.0)
async def email(call: Call) -> Reply:
    """Have another address, or none; where addresses are verified a code is sent there first."""
    account, addresses = await _named(call), nickserv_of(call).addresses
    wanted: str | None = call.body.email
    if wanted is not None:
        await addresses.expect(account, wanted, stranger(call))
    elif addresses.required:
        raise Problem("refused", "Here every account has an address")
    else:
        await addresses.remove(account)
    return call.reply()


@ROUTES.route("POST", "/accounts/{name}/email", scope=BASIC, body=Confirm, status=204, cost=5.0)
async def confirm(call: Call) -> Reply:
    """Have the address that was chosen, by the code that was sent there."""
    account = await _named(call)
    await nickserv_of(call).addresses.confirm(account, call.body.code, stranger(call))
    return call.reply()


async def _named(call: Call) -> Account:
    """The account of the path, whose password was given."""
    account = await by_password(call)
    if call.parts.node.network.registry.named(call.params["name"]) is not account:
        raise Problem("no-such-account", "The name and the password are another account's")
    return account
