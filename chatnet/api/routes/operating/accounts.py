"""Accounts, as operators see and change them."""

from __future__ import annotations

import heapq
from typing import Annotated, Literal

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.problems import Problem
from chatnet.api.routes.operating.asking import SLICE, Paged, operator, time_of
from chatnet.api.table import Body, Object, Routes
from chatnet.api.turns import next_turn
from chatnet.model.registry import Account
from chatnet.web.exchange import Reply
from chatnet.wire.masks import read_glob

ROUTES = Routes()


class Masked(Paged):
    """Which accounts: by their names."""

    mask: Annotated[str, Field(max_length=200)] = "*"


class OfAccount(Body):
    """What of an account is to be otherwise: one of these."""

    suspended: bool | None = None
    reason: Annotated[str, Field(max_length=300)] = "suspended"
    duration: Annotated[str, Field(pattern=r"^[0-9]{1,6}[smhdw]$")] | None = None
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")] | None = None
    verified: Literal[True] | None = None


class AccountSeen(Object):
    """An account."""

    id: str
    name: str
    nicks: list[str]
    state: str
    created_at: str
    online: list[str]
    """The nicks of who is logged in to it."""
    reason: str | None = None
    """Why it is suspended."""


class Accounts(Object):
    """A page of them, by name."""

    items: list[AccountSeen]
    complete: bool


def _account(call: Call) -> Account:
    accounts = call.parts.sessions.accounts
    if accounts is None:
        raise Problem("not-here", "This server keeps no accounts")
    found = accounts.registry.named(call.params["account"])
    if found is None:
        raise Problem("no-such-account")
    return found


def _seen(call: Call, account: Account) -> AccountSeen:
    node, suspension = call.parts.node, account.suspension
    return AccountSeen(
        id=account.id,
        name=account.shown,
        nicks=sorted(account.nicks),
        state=account.state(node.clock.time()).value,
        created_at=time_of(account.created),
        online=[user.nick for user in node.network.logged_in.get(account.id, ())],
        reason=None if suspension is None else suspension.reason,
    )


@ROUTES.route("GET", "/accounts", scope="operate", cost=5.0, query=Masked, answer=Accounts)
async def accounts(call: Call) -> Reply:
    """The accounts, by their names."""
    operator(call, "accounts")
    kept_here, query, node = call.parts.sessions.accounts, call.query, call.parts.node
    if kept_here is None:
        raise Problem("not-here", "This server keeps no accounts")
    registry, fold = kept_here.registry, node.network.fold
    matches = read_glob(query.mask, fold)
    after = None if query.after is None else fold(query.after)
    found: list[tuple[str, Account]] = []
    for count, each in enumerate(list(registry.accounts.values()), 1):
        name = fold(each.shown)
        if (after is None or name > after) and any(map(matches, (each.shown, *each.nicks))):
            found.append((name, each))
        if count % SLICE == 0:
            await next_turn(node.clock)
    page = heapq.nsmallest(query.limit + 1, found, key=lambda pair: pair[0])
    items = [_seen(call, each) for _, each in page[: query.limit] if registry.account(each.id) is each]
    follows = {"after": page[query.limit - 1][1].shown} if len(page) > query.limit else None
    return call.page(items, follows)


@ROUTES.route("GET", "/accounts/{account}", scope="operate", answer=AccountSeen)
async def account(call: Call) -> Reply:
    """An account, by its name or a nick of it."""
    operator(call, "accounts")
    return call.reply(_seen(call, _account(call)))


@ROUTES.route("PATCH", "/accounts/{account}", scope="operate", cost=2.0, body=OfAccount, answer=AccountSeen)
async def change_account(call: Call) -> Reply:
    """Suspend an account, or end that; call it otherwise; take it for verified: as NickServ does."""
    operator(call, "accounts")
    found, body = _account(call), call.body
    orders: list[list[str]] = []
    if body.suspended is True:
        length = [f"+{body.duration}"] if body.duration else []
        orders.append(["SUSPEND", found.shown, *length, body.reason or "suspended"])
    elif body.suspended is False:
        orders.append(["UNSUSPEND", found.shown])
    if body.verified:
        orders.append(["SAVERIFY", found.shown])
    if body.name is not None:
        orders.append(["RENAME", found.shown, body.name])
    if not orders:
        raise Problem("invalid", "Nothing of it is to be otherwise")
    ends = (" is suspended", " is suspended no more", " is verified", " is called ")
    for order in orders:
        answer = await call.client.ask("NS", [" ".join(order)])
        words = [each.words for each in answer.lines if each.command == "NOTICE"]
        if not any(end in text for text in words for end in ends):
            raise Problem("refused", " ".join(words), command=f"NS {order[0]}")
    return call.reply(_seen(call, found))


@ROUTES.route("DELETE", "/accounts/{account}", scope="operate", cost=5.0, status=204)
async def erase_account(call: Call) -> Reply:
    """End an account for good: its names are free, and nothing brings it back."""
    operator(call, "accounts")
    found = _account(call)
    name = str(found.shown)
    answer = await call.client.ask("NS", [f"ERASE {name}"])
    code = next((each.words.rpartition(" ")[2] for each in answer.lines if each.command == "NOTICE"), "")
    answer = await call.client.ask("NS", [f"ERASE {name} {code}"])
    words = [each.words for each in answer.lines if each.command == "NOTICE"]
    if not any("is erased" in text for text in words):
        raise Problem("refused", " ".join(words), command="NS ERASE")
    return call.reply()
