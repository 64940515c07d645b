"""Channels: which there are, who is in them, going in and out, and changing them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.objects import Channel, Channels, Member, Members, Membership
from chatnet.api.problems import Problem
from chatnet.api.table import Body, Routes
from chatnet.model.modes import RANK_OF_PREFIX
from chatnet.rules.visibility import may_see_channel
from chatnet.web.exchange import Reply
from chatnet.wire.server_time import written_ms

ROUTES = Routes()
LIST_PAGE = 200
"""Channels, or people, that a page has at most."""
_PREFIXES = "".join(RANK_OF_PREFIX)


class Listing(Body):
    """Which page of names: those behind `after`."""

    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIST_PAGE)] = 100


class Listed(Listing):
    """Which channels."""

    q: Annotated[str, Field(max_length=100, pattern=r"^[^,\s]+$")] | None = None
    """A part of the name; ``*`` and ``?`` stand for others."""


class Enter(Body):
    """How one goes into a channel."""

    key: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^,\s:][^,\s]*$")] | None = None


class Leave(Body):
    """Why one leaves."""

    reason: Annotated[str, Field(max_length=400)] | None = None


class Change(Body):
    """What of a channel is to be otherwise."""

    topic: Annotated[str, Field(max_length=400)] | None = None
    """Empty: none."""
    modes: Annotated[str, Field(min_length=2, max_length=400)] | None = None
    """As in MODE: ``+m-t``, ``+o ann``."""


@ROUTES.route("GET", "/channels", scope="read", cost=5.0, query=Listed, answer=Channels, anywhere=True)
async def channels(call: Call) -> Reply:
    """The channels that one may see, by their names."""
    query: Listed = call.query
    given = query.q
    mask = None if given is None else given if "*" in given or "?" in given else f"*{given}*"
    answer = await call.client.ask("LIST", [mask] if mask is not None else [])
    fold = call.parts.node.network.fold
    limited = call.identity.scope.channels
    allowed = None if limited is None else {fold(each) for each in limited}
    after = None if query.after is None else fold(query.after)
    rows: list[tuple[str, Sequence[str]]] = []
    for each in answer.all("322"):
        if len(each.params) > 3:
            name = fold(each.params[1])
            if (after is None or name > after) and (allowed is None or name in allowed):
                rows.append((name, each.params))
    page = heapq.nsmallest(query.limit + 1, rows)
    found = [_listed(call, params) for _, params in page[: query.limit]]
    follows = {"after": found[-1].name} if len(page) > query.limit else None
    return call.page(found, follows, complete=answer.first("416") is None)


def _listed(call: Call, params: Sequence[str]) -> Channel:
    """Of a line of LIST: name, members, topic."""
    return Channel(
        name=params[1],
        members=int(params[2]) if params[2].isdecimal() else 0,
        topic=params[3] or None,
        registered=_is_registered(call, params[1]),
    )


def _is_registered(call: Call, name: str) -> bool:
    network = call.parts.node.network
    return network.registry.channels.at(network.fold(name)) is not None


@ROUTES.route("GET", "/channels/{channel}", scope="read", cost=2.0, answer=Channel)
async def channel(call: Call) -> Reply:
    """A channel that one may see."""
    return call.reply(await shown(call, call.channel()))


async def shown(call: Call, name: str) -> Channel:
    """What LIST, MODE and TOPIC show of a channel; raises Problem if it is nothing."""
    listed = await call.client.ask("LIST", [name])
    row = next((each.params for each in listed.all("322") if len(each.params) > 3), None)
    if row is None:
        raise Problem("no-such-channel", numeric="403", command="LIST", params=[name])
    found = _listed(call, row)
    modes = await call.client.command("MODE", [name])
    if (line := modes.first("324")) is not None:
        found.modes = " ".join(line.params[2:])
    if (line := modes.first("329")) is not None:
        found.created_at = _time(line.params[-1])
    topic = await call.client.command("TOPIC", [name])
    if (line := topic.first("332")) is not None:
        found.topic = line.words
    if (line := topic.first("333")) is not None and len(line.params) > 3:
        found.topic_by, found.topic_at = line.params[2], _time(line.params[3])
    return found


def _time(seconds: str) -> str | None:
    return written_ms(int(seconds) * 1000) if seconds.isascii() and seconds.isdecimal() else None


@ROUTES.route("GET", "/channels/{channel}/members", scope="read", cost=2.0, query=Listing, answer=Members)
async def members(call: Call) -> Reply:
    """Who is in a channel that one may see, by their nicks."""
    query: Listing = call.query
    name = call.channel()
    channel = call.parts.node.network.channel(name)
    if channel is None or not may_see_channel(call.user, channel):
        raise Problem("no-such-channel", numeric="403", command="NAMES", params=[name])
    answer = await call.client.ask("NAMES", [name])
    fold = call.parts.node.network.fold
    after = None if query.after is None else fold(query.after)
    rows: list[tuple[str, str, str]] = []
    for each in answer.all("353"):
        for word in each.words.split():
            who = word.lstrip(_PREFIXES)
            nick = fold(who.partition("!")[0])
            if after is None or nick > after:
                rows.append((nick, who, word[: len(word) - len(who)]))
    page = heapq.nsmallest(query.limit + 1, rows)
    found = [_member(who, ranks) for _, who, ranks in page[: query.limit]]
    follows = {"after": found[-1].nick} if len(page) > query.limit else None
    return call.page(found, follows)


def _member(who: str, ranks: str) -> Member:
    nick, mark, rest = who.partition("!")
    user, _, host = rest.partition("@")
    return Member(nick=nick, user=user if mark else None, host=host if mark else None, ranks=ranks)


@ROUTES.route("PUT", "/channels/{channel}/membership", scope="send", body=Enter, answer=Membership)
async def join(call: Call) -> Reply:
    """Go into a channel."""
    return call.reply(await enter(call, call.channel(), call.body.key))


async def enter(call: Call, name: str, key: str | None = None) -> Membership:
    """Go into a channel, unless one is in it; raises Problem if one is not let in."""
    user, network = call.user, call.parts.node.network
    channel = network.channel(name)
    if channel is not None and channel in user.channels:
        return Membership(channel=channel.name, joined=False)
    answer = await call.client.ask("JOIN", [name, *([key] if key else [])])
    line = answer.first("JOIN")
    if line is None:
        channel = network.channel(name)
        if channel is None or channel not in user.channels:
            raise Problem("cannot-join", "It leads to no channel", command="JOIN", params=[name])
        return Membership(channel=channel.name, joined=True)
    joined = line.params[0]
    call.within(joined)
    return Membership(channel=joined, joined=True)


@ROUTES.route("DELETE", "/channels/{channel}/membership", scope="send", body=Leave, status=204)
async def part(call: Call) -> Reply:
    """Leave a channel."""
    reason = call.body.reason
    await call.client.ask("PART", [call.channel(), *([reason] if reason else [])])
    return call.reply()


@ROUTES.route("PATCH", "/channels/{channel}", scope="manage", body=Change, answer=Channel)
async def change(call: Call) -> Reply:
    """Change the topic or the modes of a channel."""
    name, body = call.channel(), call.body
    if body.topic is None and body.modes is None:
        raise Problem("invalid", "There is nothing to change")
    if body.topic is not None:
        await call.client.ask("TOPIC", [name, body.topic])
    if body.modes is not None:
        await call.client.ask("MODE", [name, *body.modes.split()])
    return call.reply(await shown(call, name))
