"""The links of this server, those of others, and the tree of all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from chatnet.api.call import Call
from chatnet.api.problems import Problem
from chatnet.api.routes.operating.asking import Why, Words, done, operator
from chatnet.api.table import Body, Object, Routes
from chatnet.links.neighbour.link import Link
from chatnet.web.exchange import Reply

ROUTES = Routes()
_LAG: Final = re.compile(r" lag ([0-9]{1,9})ms$")
"""How the state of a link ends that STATS tells, if its neighbour answered a PING."""


class Which(Body):
    """Of which servers the links are told."""

    far: bool = False
    """Those of other servers, too, which are asked."""


class LinkState(Object):
    """A link of this server."""

    name: str
    state: str
    since: float | None = None
    """For so many seconds it has been so."""
    lag: float | None = None
    clock_offset: float | None = None
    queue: int
    unconfirmed: int
    lines_in: int
    lines_out: int
    bytes_in: int
    bytes_out: int
    configured: bool


class ServerSeen(Object):
    """A server of the network, and the one by which it is reached."""

    name: str
    uplink: str | None = None
    users: int
    description: str


class FarLink(Object):
    """A link of another server, as that one tells of it."""

    server: str
    name: str
    queue: int
    state: str
    lag: float | None = None


class Links(Object):
    """The links of this server, those of others if they were asked for, and the tree of all."""

    items: list[LinkState]
    servers: list[ServerSeen]
    far: list[FarLink] | None = None
    """Of servers that do not answer there are none."""


@ROUTES.route("GET", "/links", scope="operate", query=Which, answer=Links)
async def links(call: Call) -> Reply:
    """The links of this server, how they do, and the tree of all servers; with `far` the links of those."""
    operator(call)
    query: Which = call.query
    far = [each async for each in _far(call)] if query.far else None
    node, now = call.parts.node, call.parts.node.clock.monotonic()
    there = {link.name: link for link in call.parts.sessions.links.all}
    names = dict.fromkeys([*(block.name for block in node.settings.link), *there])
    configured = {block.name for block in node.settings.link}
    seen = [_link(name, there.get(name), now, name in configured) for name in names]
    servers = [
        ServerSeen(
            name=each.name,
            uplink=None if each is node.network.me else (each.uplink or node.network.me).name,
            users=each.users,
            description=each.description,
        )
        for each in node.network.servers.values()
    ]
    return call.reply(Links(items=seen, servers=servers, far=far))


async def _far(call: Call) -> AsyncIterator[FarLink]:
    """The links of each other server, as ``STATS ?`` tells them there."""
    network = call.parts.node.network
    for name in [each.name for each in network.servers.values() if each is not network.me]:
        try:
            answer = await call.client.ask("STATS", ["?", name])
        except Problem:
            continue  # it is lost meanwhile, or does not tell this operator
        for told in answer.all("211"):
            neighbour, queue, *_, words = told.params[1:]
            state = words.partition(" ")[2]  # behind the seconds since it was opened
            lag = _LAG.search(state)
            yield FarLink(
                server=name,
                name=neighbour,
                queue=int(queue) if queue.isdigit() else 0,
                state=state,
                lag=None if lag is None else int(lag[1]) / 1000,
            )


def _link(name: str, link: Link | None, now: float, configured: bool) -> LinkState:
    if link is None:
        return LinkState(
            name=name, state="down", since=None, lag=None, clock_offset=None, queue=0, unconfirmed=0,
            lines_in=0, lines_out=0, bytes_in=0, bytes_out=0, configured=configured,
        )  # fmt: skip
    suspended = link.suspended
    return LinkState(
        name=name,
        state="suspended" if suspended else link.state.value,
        since=now - (link.recovery.lost if suspended else link.since),
        lag=link.pulse.lag,
        clock_offset=link.pulse.ahead,
        queue=link.streams.size if suspended else link.exit.waiting,
        unconfirmed=link.streams.waiting,
        lines_in=link.lines_in,
        lines_out=link.lines_out,
        bytes_in=link.bytes_in,
        bytes_out=link.bytes_out,
        configured=configured,
    )


@ROUTES.route("POST", "/links/{name}/connect", scope="operate", cost=5.0, answer=Words, status=202)
async def connect(call: Call) -> Reply:
    """Link to a server of the configuration, as CONNECT does."""
    operator(call, "routing")
    answer = await call.client.ask("CONNECT", [_word(call.params["name"])])
    return call.reply(done(answer, "CONNECT: connecting"))


@ROUTES.route("POST", "/links/{name}/squit", scope="operate", cost=5.0, body=Why, answer=Words, status=202)
async def squit(call: Call) -> Reply:
    """End the link to a server, as SQUIT does."""
    operator(call, "routing")
    await call.client.ask(
        "SQUIT", [_word(call.params["name"]), *([call.body.reason] if call.body.reason else [])]
    )
    return call.reply(Words(words=[]))


def _word(text: str) -> str:
    if not text.strip() or any(sign.isspace() for sign in text) or text[0] == ":":
        raise Problem("invalid", "That is not the name of a server")
    return text
