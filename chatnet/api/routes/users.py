"""People, how far one has read, and who one is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chatnet.api.answers import Answer
from chatnet.api.call import Call
from chatnet.api.objects import Mark, Person
from chatnet.api.problems import Mistake, Problem
from chatnet.api.table import TIME, Body, Routes
from chatnet.web.exchange import Reply
from chatnet.wire.server_time import read_ms, written_ms

ROUTES = Routes()


class Read(Body):
    """How far one has read."""

    time: Annotated[str, Field(pattern=TIME)]
    """Of the last message that was read, as ``2026-11-29T12:00:00.000Z``."""


@ROUTES.route("GET", "/users/{nick}", scope="read", cost=2.0, answer=Person, anywhere=True)
async def user(call: Call) -> Reply:
    """Somebody on the network, as WHOIS tells."""
    nick = call.nick()
    found = _person(await call.client.ask("WHOIS", [nick, nick]), nick)
    if call.identity.scope.channels is not None:
        found.channels = [each for each in found.channels if call.covers(each[each.find("#") :])]
    return call.reply(found)


def _person(answer: Answer, nick: str) -> Person:
    """https://modern.ircdocs.horse/#whois-message"""
    line = answer.first("311")
    if line is None or len(line.params) < 6:
        raise Problem("no-such-user", numeric="401", command="WHOIS", params=[nick])
    found: dict[str, Any] = {
        "nick": line.params[1],
        "user": line.params[2],
        "host": line.params[3],
        "realname": line.words,
        "server": "*",
        "channels": [],
    }
    for each in answer.lines:
        params = each.params
        if len(params) < 3:
            continue
        if each.command == "312":
            found["server"] = params[2]
        elif each.command == "319":
            found["channels"] += params[-1].split()
        elif each.command == "301":
            found["away"] = params[-1]
        elif each.command == "330":
            found["account"] = params[2]
        elif each.command == "313":
            found["operator"] = True
        elif each.command == "335":
            found["bot"] = True
        elif each.command == "671":
            found["secure"] = True
        elif each.command == "317" and len(params) > 4 and params[2].isdecimal() and params[3].isdecimal():
            found["idle"] = int(params[2])
            found["signon"] = written_ms(int(params[3]) * 1000)
    return Person(**found)


@ROUTES.route("PUT", "/marks/{target}", scope="send", body=Read, answer=Mark, anywhere=True)
async def mark(call: Call) -> Reply:
    """Tell how far one has read in a channel (with its ``#``), or of what somebody said."""
    target, time = call.params["target"], call.body.time
    if read_ms(time) is None:
        raise Problem("invalid", errors=[Mistake("/time", "is no time as 2026-11-29T12:00:00.000Z")])
    if target[:1] == "#":
        target = call.channel(target)
    else:
        call.within(None)
        target = call.nick(target)
    if call.parts.sessions.marks is None:
        raise Problem("not-here", "This server stores nothing")
    answer = await call.client.ask("MARKREAD", [target, f"timestamp={time}"])
    line = answer.first("MARKREAD")
    if line is None or len(line.params) < 2:
        raise Problem("unavailable", "It is not known how far you have read")
    text = line.params[1].removeprefix("timestamp=")
    return call.reply({"target": line.params[0], "time": None if text == "*" else text})
