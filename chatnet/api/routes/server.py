"""What the server is: asked by anybody."""

from __future__ import annotations

import chatnet
from chatnet.api.call import Call
from chatnet.api.objects import Limits, Server
from chatnet.api.openapi import described
from chatnet.api.problems import KINDS, Problem
from chatnet.api.table import NOBODY, Routes
from chatnet.api.written import JSON, written
from chatnet.web.exchange import TEXT, Reply
from chatnet.wire.server_time import written_ms

ROUTES = Routes()
_HOUR = ("Cache-Control", "public, max-age=3600")


@ROUTES.route("GET", "/", scope=NOBODY, answer=Server)
async def server(call: Call) -> Reply:
    """The network, this server, and what it does."""
    node, settings = call.parts.node, call.settings
    limits = settings.limits
    storing = call.parts.sessions.looking is not None
    accounts = call.parts.sessions.accounts is not None
    return call.reply(
        Server(
            network=settings.server.network,
            server=settings.server.name,
            version=chatnet.__version__,
            now=written_ms(int(node.clock.time() * 1000)),
            registration=accounts and settings.accounts.registration,
            guests=not settings.accounts.required,
            history=storing,
            search=storing and settings.history.search != "off",
            limits=Limits(
                nick=limits.nick,
                channel=limits.channel,
                topic=limits.topic,
                text=limits.multiline_bytes,
                lines=limits.multiline_lines,
                page=min(settings.history.page, PAGE),
            ),
        )
    )


PAGE = 100
"""Messages that a page has at most."""


@ROUTES.route("GET", "/openapi.json", scope=NOBODY)
async def openapi(call: Call) -> Reply:
    """This API, described for programs (OpenAPI 3.1)."""
    found = described(call.parts.routes, call.settings.server.network)
    return Reply(200, written(found), (("Content-Type", JSON), _HOUR))


@ROUTES.route("GET", "/problems/{name}", scope=NOBODY, media="text/plain")
async def problem(call: Call) -> Reply:
    """What a kind of problem means: the address that is its `type`."""
    kind = KINDS.get(call.params["name"])
    if kind is None:
        raise Problem("no-such-path", "There is no such kind of problem")
    text = f"{kind.status} {kind.title}\n\n{kind.text}\n"
    return Reply(200, text.encode(), (("Content-Type", TEXT), _HOUR))
