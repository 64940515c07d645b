"""The people of the whole network, and the operators among them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.routes.operating.asking import SLICE, Paged, Why, operator, time_of
from chatnet.api.table import Object, Routes
from chatnet.api.turns import next_turn
from chatnet.model.entities import User
from chatnet.web.exchange import Reply
from chatnet.wire.masks import read_glob

ROUTES = Routes()


class People(Paged):
    """Which people: whose nick, host, address, account or server fits a mask."""

    mask: Annotated[str, Field(max_length=200)] = "*"
    by: Literal["nick", "host", "address", "account", "server"] = "nick"


class OperatorSeen(Object):
    """An operator."""

    nick: str
    account: str | None = None
    server: str
    block: str | None = None
    """Of the configuration; of another server it is not known."""
    away: str | None = None


class Operators(Object):
    """All of them."""

    items: list[OperatorSeen]


class UserSeen(Object):
    """Somebody on the network."""

    nick: str
    user: str
    host: str
    address: str | None = None
    """For those who may see it."""
    real_host: str | None = None
    realname: str
    account: str | None = None
    server: str
    secure: bool
    operator: bool
    bot: bool
    away: bool
    signon: str
    channels: int


class Users(Object):
    """A page of them, by nick."""

    items: list[UserSeen]
    complete: bool


@ROUTES.route("GET", "/operators", scope="operate", answer=Operators)
async def operators(call: Call) -> Reply:
    """The operators who are on the network."""
    operator(call)
    items = [
        OperatorSeen(
            nick=user.nick,
            account=user.account,
            server=user.server.name,
            block=None if user.oper is None else user.oper.name or None,
            away=user.away,
        )
        for user in call.parts.node.network.opers
    ]
    return call.reply(Operators(items=items))


@ROUTES.route("GET", "/network/users", scope="operate", cost=5.0, query=People, answer=Users)
async def users(call: Call) -> Reply:
    """People of the whole network, by their nicks."""
    user, query, network = operator(call, "see-all"), call.query, call.parts.node.network
    matches = read_glob(query.mask, network.fold)
    after = None if query.after is None else network.fold(query.after)
    found: list[tuple[str, User]] = []
    for count, each in enumerate(list(network.users.values()), 1):
        if (after is None or each.folded > after) and any(map(matches, _texts(each, query.by))):
            found.append((each.folded, each))
        if count % SLICE == 0:
            await next_turn(call.parts.node.clock)
    page = heapq.nsmallest(query.limit + 1, found, key=lambda pair: pair[0])
    items = [_user(each, user) for _, each in page[: query.limit] if network.users.get(each.uid) is each]
    follows = {"after": page[query.limit - 1][1].nick} if len(page) > query.limit else None
    return call.page(items, follows)


def _texts(user: User, by: str) -> Iterable[str]:
    if by == "host":
        return user.host, user.real_host
    if by == "address":
        return (user.address,)
    if by == "account":
        return (user.account or "",)
    return (user.server.name,) if by == "server" else (user.nick,)


def _user(user: User, by: User) -> UserSeen:
    return UserSeen(
        nick=user.nick,
        user=user.username,
        host=user.host,
        address=user.address if by.may("see-all") else None,
        real_host=user.real_host if by.may("see-all") else None,
        realname=user.realname,
        account=user.account,
        server=user.server.name,
        secure=user.secure,
        operator=user.oper is not None,
        bot="B" in user.modes,
        away=user.away is not None,
        signon=time_of(user.signon),
        channels=len(user.channels),
    )


@ROUTES.route("POST", "/network/users/{nick}/kill", scope="operate", cost=2.0, body=Why, status=204)
async def kill(call: Call) -> Reply:
    """Disconnect somebody, as KILL does."""
    operator(call, "kill")
    reason = call.body.reason.strip()
    await call.client.ask("KILL", [call.nick(), *([reason] if reason else [])])
    return call.reply()
