"""Any command of IRC: whatever it can do, programs can."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.objects import Lines
from chatnet.api.problems import Problem
from chatnet.api.table import Body, Routes
from chatnet.api.told import event, line
from chatnet.web.exchange import Reply

ROUTES = Routes()
REFUSED: Final = frozenset({"PASS", "CAP", "AUTHENTICATE", "BATCH", "PING", "PONG", "QUIT"})
"""What is about the connection, of which there is none."""


class Command(Body):
    """A command, as it is written in IRC."""

    command: Annotated[str, Field(pattern=r"^[A-Za-z]{1,32}$")]
    params: Annotated[list[Annotated[str, Field(max_length=510)]], Field(max_length=15, default_factory=list)]
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags for other clients: their names begin with ``+``."""


@ROUTES.route("POST", "/commands", scope="command", cost=2.0, body=Command, answer=Lines)
async def command(call: Call) -> Reply:
    """Do a command of IRC; what it is answered with."""
    body: Command = call.body
    verb = body.command.upper()
    row = call.parts.sessions.rows.get(verb)
    if row is None or verb in REFUSED:
        raise Problem("refused", f"{verb} is no command that can be given here", numeric="421", command=verb)
    if any(name[:1] != "+" for name in body.tags):
        raise Problem("invalid", "The names of tags begin with '+'")
    answer = await call.client.ask(verb, body.params, body.tags)
    return call.reply({"lines": [event(each) or line(each) for each in answer.lines]})
