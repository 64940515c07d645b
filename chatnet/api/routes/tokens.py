"""Tokens: logging in with a password once, and what has been logged in so."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.identities import BEARER
from chatnet.api.objects import Login, Token, Tokens
from chatnet.api.people import by_password, expires, log_in, login_of, nickserv_of, until
from chatnet.api.problems import Mistake, Problem
from chatnet.api.table import ANY, BASIC, Body, Routes
from chatnet.model.registry import Account
from chatnet.services.tokens import is_old, token_hash
from chatnet.web.exchange import Reply
from chatnet.web.scopes import WEB, read_scope
from chatnet.wire.server_time import DAY, written_ms

ROUTES = Routes()


class Wanted(Body):
    """A token."""

    label: Annotated[str, Field(min_length=1, max_length=50)] = "page"
    """What it is called in the list of those of the account."""
    scope: Annotated[str, Field(min_length=1, max_length=400)] = WEB
    """``web``, ``all``, ``chat``, or a list as in ``read,send:#ci``."""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days for which it is good; one for a page has those of ``web.login_days``, others have no end."""


@ROUTES.route("POST", "/tokens", scope=BASIC, body=Wanted, answer=Login, status=201, cost=2.0)
async def add(call: Call) -> Reply:
    """Log in: the token of an account, which is shown once, for its name and password.

    With the token of a page in their place that is exchanged for another secret, if it is older than 30 days.
    """
    body: Wanted = call.body
    if _has_bearer(call):
        return call.reply(await _exchange(call))
    account = await by_password(call)
    try:
        read_scope(body.scope)
    except ValueError as error:
        raise Problem("invalid", errors=[Mistake("/scope", str(error))]) from None
    now = int(call.parts.node.clock.time())
    end = now + body.days * DAY if body.days else until(call) if body.scope == WEB else 0
    return call.reply(await log_in(call, account, body.label, body.scope, end))


async def _exchange(call: Call) -> Login:
    given = call.ask.headers["authorization"]
    await call.parts.identities.of(given, call.ask.address)
    secret = given[len(BEARER) :].strip()
    tokens = nickserv_of(call).tokens
    found = await tokens.find(token_hash(secret) or "")
    if found is None or found.token.scope != WEB:
        raise Problem("scope", "Only the token of a page is exchanged")
    if is_old(found.token, call.parts.node.clock.time()):
        secret = await tokens.exchange(found, until(call))
    return await login_of(call, secret)


def _has_bearer(call: Call) -> bool:
    return call.ask.headers.get("authorization", "")[: len(BEARER)].lower() == BEARER


@ROUTES.route("GET", "/tokens", scope=ANY, answer=Tokens, speaks=False, anywhere=True)
async def tokens(call: Call) -> Reply:
    """The tokens of the account, without their secrets."""
    account = _own(call)
    found = await nickserv_of(call).tokens.listed(account)
    return call.reply(
        Tokens(
            items=[
                Token(
                    id=key,
                    label=each.label,
                    scope=each.scope,
                    made_at=written_ms(each.made * 1000),
                    expires_at=expires(each.until),
                    current=key == call.identity.way.token,
                )
                for key, each in found
            ]
        )
    )


def _own(call: Call) -> Account:
    account = call.parts.node.network.registry.account(call.identity.account)
    if account is None:
        raise Problem("no-such-account", "This token belongs to no account")
    return account


@ROUTES.route("DELETE", "/tokens/{id}", scope=BASIC, status=204)
async def delete(call: Call) -> Reply:
    """Take a token back: the one that this is asked with (log out), or by the password any one."""
    key = call.params["id"]
    if _has_bearer(call):
        identity = await call.parts.identities.of(call.ask.headers["authorization"], call.ask.address)
        account = call.parts.node.network.registry.account(identity.account)
        if account is None or key != identity.way.token:
            raise Problem("scope", "A token takes back itself; all others go by the password of the account")
    else:
        account = await by_password(call)
    tokens = nickserv_of(call).tokens
    if not await tokens.remove_key(account, key):
        raise Problem("no-such-token")
    return call.reply()
