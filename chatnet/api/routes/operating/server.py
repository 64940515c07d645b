"""This server: how it does, what operators were told, numbers as they went, and a reload."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

import chatnet
from chatnet.api.call import Call
from chatnet.api.families import number
from chatnet.api.problems import Mistake, Problem
from chatnet.api.routes.operating.asking import Words, kept, operator, time_of
from chatnet.api.series import COLUMNS, SPANS
from chatnet.api.table import Body, Object, Routes
from chatnet.web.exchange import Reply

ROUTES = Routes()


class Span(Body):
    """Which numbers, with commas between; of what time."""

    names: Annotated[str, Field(max_length=400)] = ""
    """Empty: all of them."""
    span: Literal["hour", "day", "week"] = "hour"


class Since(Body):
    """What is behind the notice of that number."""

    after: Annotated[int, Field(ge=0)] = 0


class ServerState(Object):
    """This server."""

    name: str
    version: str
    started: str
    users: int
    network_users: int
    users_max: int
    operators: int
    channels: int
    servers: int
    connections: int
    turn_delay: float
    """Seconds by which the last timer was late."""
    troubles: list[str]
    """What is wrong, a sentence each."""
    certificates: dict[str, str]
    """When each ends."""
    free: int | None = None
    """Bytes that are free where the data is."""


class NoticeSeen(Object):
    """What operators are told."""

    id: int
    time: str
    letter: str
    server: str
    text: str


class Notices(Object):
    """Those that are kept, in order."""

    items: list[NoticeSeen]


class SeriesSeen(Object):
    """Numbers as they went, the oldest first; null where there was none."""

    step: float
    until: str | None = None
    series: dict[str, list[float | None]]


@ROUTES.route("GET", "/server", scope="operate", answer=ServerState)
async def server(call: Call) -> Reply:
    """This server: how it does, and what is wrong with it."""
    operator(call)
    figures, node, sessions = kept(call).figures, call.parts.node, call.parts.sessions
    outside, network = figures.outside, node.network
    troubles = []
    if sessions.health is not None and sessions.health.trouble:
        troubles.append(f"Messages are not stored as they should: {sessions.health.trouble}")
    if sessions.accounts is not None and sessions.accounts.ledger.trouble:
        troubles.append(f"The last change of accounts was not written: {sessions.accounts.ledger.trouble}")
    up = {link.name for link in sessions.links.all if link.server is not None and not link.suspended}
    troubles += [f"There is no link to {each.name}" for each in node.settings.link if each.name not in up]
    return call.reply(
        ServerState(
            name=network.me.name,
            version=chatnet.__version__,
            started=time_of(node.started),
            users=sessions.people(),
            network_users=len(network.users),
            users_max=sessions.most_people,
            operators=len(network.opers),
            channels=len(network.channels),
            servers=len(network.servers),
            connections=int(number(figures, "connections")),
            turn_delay=figures.lateness.latest,
            troubles=troubles,
            certificates={name: time_of(end) for name, end in outside.certificates().items()},
            free=outside.free(),
        )
    )


@ROUTES.route("GET", "/notices", scope="operate", query=Since, answer=Notices)
async def notices(call: Call) -> Reply:
    """What operators were told lately."""
    user = operator(call)
    items = [
        NoticeSeen(id=each.number, time=time_of(each.at), letter=each.letter, server=each.server, text=text)
        for each in kept(call).notices.after(call.query.after)
        if (text := each.shown(user)) is not None
    ]
    return call.reply(Notices(items=items))


@ROUTES.route("GET", "/series", scope="operate", cost=2.0, query=Span, answer=SeriesSeen)
async def series(call: Call) -> Reply:
    """Some numbers as they went, for graphs."""
    operator(call)
    rows, query = kept(call).series, call.query
    names = [each for each in query.names.split(",") if each] or list(COLUMNS)
    if unknown := [each for each in names if each not in COLUMNS]:
        raise Problem("invalid", errors=[Mistake("/names", f"{each} is none of them") for each in unknown])
    step = SPANS[query.span][0]
    until = rows.until if query.span == "hour" else rows.long_until
    told = {name: rows.told(name, query.span) for name in names}
    return call.reply(SeriesSeen(step=step, until=time_of(until) if until else None, series=told))


@ROUTES.route("POST", "/reload", scope="operate", cost=10.0, answer=Words)
async def reload(call: Call) -> Reply:
    """Read the configuration again, as REHASH does; all mistakes, if the old one stays."""
    operator(call, "rehash")
    answer = await call.client.command("REHASH", [])
    told = [each for each in answer.lines if each.command in ("FAIL", "NOTE") and len(each.params) > 2]
    mistakes = [each.words for each in told if each.command == "FAIL"]
    if mistakes:
        # The last one says that the settings stay as they were.
        raise Problem("invalid", mistakes[-1], errors=[Mistake("", text) for text in mistakes[:-1]])
    if answer.problem is not None:
        raise answer.problem
    return call.reply(Words(words=[each.words for each in told]))
