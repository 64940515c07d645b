"""Oneself: who one is, where, how far one has read, and what one has chosen."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.objects import Mark, Me, Seat
from chatnet.api.problems import Mistake, Problem
from chatnet.api.table import ANY, Body, Routes
from chatnet.model.modes import PREFIX_OF, rank_letters
from chatnet.model.registry import Account
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field, split
from chatnet.storage.interfaces import StoreError
from chatnet.web.exchange import Reply
from chatnet.wire.server_time import written_ms

ROUTES = Routes()
PAGE = "web"
"""The setting of an account that a page keeps for itself."""
MOST = 4096
"""Bytes of it, as JSON."""


class Chosen(Body):
    """What a page keeps for itself."""

    web: dict[str, Any] | None = None
    """Any object of at most 4 KiB; null: none."""


class Change(Body):
    """What is to be otherwise; what is not there stays."""

    away: Annotated[str, Field(max_length=400)] | None = None
    """Why one is not there; null, or empty: one is back."""
    settings: Chosen | None = None


@ROUTES.route("GET", "/me", scope=ANY, answer=Me, anywhere=True)
async def me(call: Call) -> Reply:
    """Who one is on the network, where one is in, how far one has read, and what one has chosen."""
    return call.reply(await _me(call))


async def _me(call: Call) -> Me:
    user = call.user
    marks: list[Mark] = []
    known = call.parts.sessions.marks
    if known is not None:
        try:
            await known.fetch(user)
        except StoreError:
            raise Problem("unavailable", "It is not known now how far you have read") from None
        for spot, at in sorted(known.known(user).items()):
            names = [name for name in known.names(spot) if call.covers(name)]
            marks += [Mark(target=name, time=written_ms(at)) for name in names]
    return Me(
        nick=user.nick,
        user=user.username,
        host=user.host,
        account=user.account,
        bot="B" in user.modes,
        modes="".join(sorted(user.modes)),
        away=user.away,
        operator=user.operates,
        privileges=sorted(user.oper.privileges) if user.oper is not None and user.operates else [],
        channels=[
            Seat(name=channel.name, ranks="".join(PREFIX_OF[each] for each in rank_letters(ranks)))
            for channel, ranks in sorted(user.channels.items(), key=lambda each: each[0].folded)
            if call.covers(channel.name)
        ],
        marks=marks,
        settings=await _settings(call),
    )


def _account(call: Call) -> Account | None:
    return call.parts.node.network.registry.account(call.identity.account or None)


async def _settings(call: Call) -> dict[str, Any]:
    """What was chosen for the account, by key; that of a page is an object."""
    account, accounts = _account(call), call.parts.sessions.accounts
    if account is None or accounts is None or call.identity.scope.channels is not None:
        return {}
    found: dict[str, Any] = {}
    for record in await accounts.read(account):
        name, key = split(record.field)
        if name == SETTING and record.value is not None:
            found[key] = record.value
    if PAGE in found:
        try:
            found[PAGE] = json.loads(found[PAGE])
        except ValueError:
            del found[PAGE]
    return found


@ROUTES.route("PATCH", "/me", scope="send", body=Change, answer=Me, anywhere=True)
async def change(call: Call) -> Reply:
    """Be away or back, or have a page keep something with the account."""
    body: Change = call.body
    if body.settings is not None and "web" in body.settings.model_fields_set:
        await _keep(call, body.settings.web)
    if "away" in body.model_fields_set:
        await call.client.ask("AWAY", [body.away] if body.away else [])
    return call.reply(await _me(call))


async def _keep(call: Call, found: dict[str, Any] | None) -> None:
    account, accounts = _account(call), call.parts.sessions.accounts
    if account is None or accounts is None:
        raise Problem("no-such-account", "This token belongs to no account")
    try:
        text = None if found is None else json.dumps(found, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise Problem(
            "invalid", errors=[Mistake("/settings/web", "has a number that JSON has not")]
        ) from None
    if text is not None and len(text) > MOST:
        raise Problem("invalid", errors=[Mistake("/settings/web", f"has more than {MOST} bytes as JSON")])
    await accounts.change(account, {field(SETTING, PAGE): text})
