"""What happens, as a stream, and tickets for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.events import TICKET, Wanted, read_cursor
from chatnet.api.objects import Event, Ticket
from chatnet.api.problems import Mistake, Problem
from chatnet.api.routes.channels import enter
from chatnet.api.table import Body, Routes
from chatnet.api.told import TYPES
from chatnet.web.exchange import Reply

ROUTES = Routes()
STREAM = "text/event-stream"
_HEADERS = (("Content-Type", STREAM), ("X-Accel-Buffering", "no"))
_MOST = 50
"""Channels of one stream."""


class Which(Body):
    """What a stream is about."""

    channels: Annotated[str, Field(max_length=2000)] | None = None
    """Channels, with commas between, which one goes into; without: all that one hears."""
    types: Annotated[str, Field(max_length=400)] | None = None
    """Types of events, with commas between; without: all."""


@ROUTES.route(
    "GET", "/events", scope="events", cost=5.0, query=Which, answer=Event, anywhere=True, media=STREAM
)
async def events(call: Call) -> Reply:
    """What happens, as server-sent events, beginning behind the header `Last-Event-ID`."""
    query: Which = call.query
    types = None if not query.types else frozenset(query.types.split(","))
    if types is not None and (unknown := sorted(types - set(TYPES))):
        raise Problem("invalid", errors=[Mistake("types", f"has {unknown[0]!r}, which is none")])
    last = call.ask.headers.get("last-event-id", "")
    since = read_cursor(last) if last else None
    if last and since is None:
        raise Problem("invalid", "The Last-Event-ID is none of ours")
    names = query.channels.split(",") if query.channels else list(call.identity.scope.channels or ())
    if len(names) > _MOST:
        raise Problem("invalid", f"A stream is about {_MOST} channels at most")
    named = [(await enter(call, call.channel(name))).channel for name in names]
    fold = call.parts.node.network.fold
    channels = frozenset(fold(name) for name in named) if named else None
    limited = call.identity.scope.channels is not None
    stream = call.parts.streams.open(call.client, Wanted(channels, types, since, named, limited))
    return Reply(200, stream, _HEADERS)


@ROUTES.route("POST", "/tickets", scope="events", answer=Ticket, status=201, anywhere=True, speaks=False)
async def ticket(call: Call) -> Reply:
    """A ticket for ``/events?ticket=…``, for browsers, whose EventSource sends no token."""
    return call.reply(Ticket(ticket=call.parts.streams.ticket(call.identity), seconds=TICKET))
