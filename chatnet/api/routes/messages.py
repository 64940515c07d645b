"""Messages: saying something, looking back, deleting, reacting, searching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from chatnet.api.answers import Answer
from chatnet.api.call import Call
from chatnet.api.events import read_cursor
from chatnet.api.objects import Message, Messages
from chatnet.api.problems import Mistake, Problem
from chatnet.api.routes.channels import enter
from chatnet.api.routes.server import PAGE
from chatnet.api.saying import say
from chatnet.api.table import TIME, Body, Routes
from chatnet.api.told import REACT, REPLY, UNREACT, Object, message
from chatnet.model.entities import User
from chatnet.web.exchange import Reply
from chatnet.wire.message import escape_tag_value
from chatnet.wire.names import is_tag_name
from chatnet.wire.server_time import read_ms, written_ms

ROUTES = Routes()
_MSGID = Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")


class Say(Body):
    """Something to say."""

    text: Annotated[str, Field(min_length=1, max_length=60_000)]
    """Lines are parted by line feeds, and become one message."""
    notice: bool = False
    """A NOTICE, to which no program answers."""
    reply_to: Annotated[str, _MSGID] | None = None
    """The id of the message that it is a reply to."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags for other clients: their names begin with ``+``."""
    join: bool = True
    """Go into the channel first, if one is not in it."""


class Past(Body):
    """Which page of the past: the newest, or one at a cursor (``<ms>-<msgid>``) or a time."""

    before: Annotated[str, Field(max_length=100)] | None = None
    after: Annotated[str, Field(max_length=100)] | None = None
    around: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 50
    """Messages at most."""


class Delete(Body):
    """Why a message is deleted."""

    reason: Annotated[str, Field(max_length=400)] | None = None


class Search(Body):
    """What is searched for."""

    q: Annotated[str, Field(max_length=400)] | None = None
    """Words, beginnings of words (``tea*``) and phrases (``"hot tea"``)."""
    channel: Annotated[str, Field(max_length=200)] | None = Field(default=None, alias="in")
    """A channel, or a nick."""
    by: Annotated[str, Field(max_length=64)] | None = Field(default=None, alias="from")
    """A nick."""
    after: Annotated[str, Field(pattern=TIME)] | None = None
    """A time as ``2026-11-29T12:00:00.000Z``."""
    before: Annotated[str, Field(pattern=TIME)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 50


def _target(call: Call) -> str:
    """The channel or the nick of the path."""
    return call.channel() if "channel" in call.params else call.nick()


# saying


@ROUTES.route("POST", "/channels/{channel}/messages", scope="send", body=Say, answer=Message, status=201)
async def say_to_channel(call: Call) -> Reply:
    """Say something in a channel."""
    channel = call.channel()
    if call.body.join:
        channel = (await enter(call, channel)).channel
    return await _say(call, channel)


@ROUTES.route("POST", "/users/{nick}/messages", scope="send", body=Say, answer=Message, status=201)
async def say_to_user(call: Call) -> Reply:
    """Say something to somebody."""
    nick = call.nick()
    _no_pseudo_user(call, call.parts.node.network.user(nick))
    return await _say(call, nick)


def _no_pseudo_user(call: Call, user: User | None) -> None:
    """What ChanServ and the like do for who asks them is a command."""
    if user is not None and user.server.virtual and not call.identity.allows("command"):
        raise Problem("scope", "To talk to services the token needs 'command'")


async def _say(call: Call, target: str) -> Reply:
    body: Say = call.body
    for name in body.tags:
        if name[:1] != "+" or not is_tag_name(name[1:]):
            raise Problem(
                "invalid", errors=[Mistake(f"/tags/{name}", "is not the name of a tag that begins with '+'")]
            )
    tags = dict(body.tags)
    if body.reply_to is not None:
        tags[REPLY] = body.reply_to
    found = await say(call.client, "NOTICE" if body.notice else "PRIVMSG", target, body.text, tags)
    if found is None:
        # It waits for somebody who may be back in a moment, and has no id yet.
        return Reply(202)
    return call.reply(found)


# looking back


@ROUTES.route("GET", "/channels/{channel}/messages", scope="read", cost=2.0, query=Past, answer=Messages)
async def channel_past(call: Call) -> Reply:
    """What was said in a channel that one is in: a page, the oldest first."""
    return await _look(call, call.channel())


@ROUTES.route("GET", "/users/{nick}/messages", scope="read", cost=2.0, query=Past, answer=Messages)
async def user_past(call: Call) -> Reply:
    """What one and somebody else said to each other: a page, the oldest first."""
    return await _look(call, call.nick())


async def _look(call: Call, target: str) -> Reply:
    query: Past = call.query
    given = [(name, text) for name in ("before", "after", "around") if (text := getattr(query, name))]
    if len(given) > 1:
        raise Problem("invalid", "Give one of before, after and around")
    way, points = ("LATEST", ("*",)) if not given else (given[0][0].upper(), _points(*given[0]))
    answer = await _history(call, way, target, points, query.limit)
    found = _messages(answer)
    batch = answer.batch("chathistory")
    ended = batch is None or "draft/chathistory-end" in batch.tags
    incomplete = answer.first("NOTE") is not None
    follows: Mapping[str, str] | None = None
    if found and not ended and way != "AROUND":
        edge, last = ("after", found[-1]) if way == "AFTER" else ("before", found[0])
        follows = {edge: last["cursor"]}
    return call.page(found, follows, complete=not incomplete)


def _points(name: str, text: str) -> tuple[str, ...]:
    """How a cursor or a time is said: by its id, and, if that is not known here, by its time."""
    if read_ms(text) is not None:
        return (f"timestamp={text}",)
    cursor = read_cursor(text)
    if cursor is None:
        raise Problem("invalid", errors=[Mistake(name, "is neither a cursor nor a time")])
    return f"msgid={cursor.msgid}", f"timestamp={written_ms(cursor.ms)}"


async def _history(call: Call, way: str, target: str, points: Sequence[str], limit: int) -> Answer:
    """A page; raises Problem where there is none."""
    if call.parts.sessions.looking is None:
        raise Problem("not-here", "This server stores no messages")
    problem = Problem("no-such-message")
    for point in points:
        answer = await call.client.command("CHATHISTORY", [way, target, point, str(limit)])
        found = answer.problem
        if found is None:
            return answer
        problem = found
    raise _seen_from_outside(problem, target)


def _seen_from_outside(problem: Problem, target: str) -> Problem:
    """The same; but of what is nobody's business here, that it is not there."""
    if problem.numeric != "INVALID_TARGET":
        return problem
    kind = "no-such-channel" if target[:1] == "#" else "no-such-user"
    return Problem(kind, "It is not there, or it is not yours to see", numeric=problem.numeric)


def _messages(answer: Answer) -> list[Object]:
    batch = answer.batch("chathistory")
    inner = () if batch is None else batch.inner or ()
    return [found for each in inner if (found := message(each)) is not None]


@ROUTES.route("GET", "/channels/{channel}/messages/{id}", scope="read", cost=2.0, answer=Message)
async def channel_message(call: Call) -> Reply:
    """One message of a channel."""
    return await _one(call, call.channel())


@ROUTES.route("GET", "/users/{nick}/messages/{id}", scope="read", cost=2.0, answer=Message)
async def user_message(call: Call) -> Reply:
    """One message of a talk."""
    return await _one(call, call.nick())


async def _one(call: Call, target: str) -> Reply:
    msgid = _id(call)
    try:
        answer = await _history(call, "AROUND", target, [f"msgid={msgid}"], 1)
    except Problem as why:
        if why.numeric in ("MESSAGE_ERROR", "INVALID_PARAMS"):
            raise Problem("no-such-message") from None
        raise
    for each in _messages(answer):
        if each["id"] == msgid:
            return call.reply(each)
    raise Problem("no-such-message")


def _id(call: Call) -> str:
    text = call.params["id"]
    if not 1 <= len(text) <= 64 or any(not "!" <= c <= "~" for c in text):
        raise Problem("no-such-message")
    return text


# deleting, reacting


@ROUTES.route("DELETE", "/channels/{channel}/messages/{id}", scope="send", body=Delete, status=204)
async def delete_in_channel(call: Call) -> Reply:
    """Delete a message of a channel: one's own, or any if one is operator there."""
    return await _delete(call, call.channel())


@ROUTES.route("DELETE", "/users/{nick}/messages/{id}", scope="send", body=Delete, status=204)
async def delete_in_talk(call: Call) -> Reply:
    """Delete a message of one's own to somebody."""
    return await _delete(call, call.nick())


async def _delete(call: Call, target: str) -> Reply:
    reason = call.body.reason
    answer = await call.client.command("REDACT", [target, _id(call), *([reason] if reason else [])])
    problem = answer.problem
    if problem is not None:
        raise _seen_from_outside(problem, target)
    return call.reply()


@ROUTES.route("PUT", "/channels/{channel}/messages/{id}/reactions/{emoji}", scope="send", status=204)
async def react_in_channel(call: Call) -> Reply:
    """React to a message of a channel."""
    return await _react(call, call.channel(), REACT)


@ROUTES.route("DELETE", "/channels/{channel}/messages/{id}/reactions/{emoji}", scope="send", status=204)
async def unreact_in_channel(call: Call) -> Reply:
    """Take a reaction back."""
    return await _react(call, call.channel(), UNREACT)


@ROUTES.route("PUT", "/users/{nick}/messages/{id}/reactions/{emoji}", scope="send", status=204)
async def react_in_talk(call: Call) -> Reply:
    """React to a message of a talk."""
    return await _react(call, call.nick(), REACT)


@ROUTES.route("DELETE", "/users/{nick}/messages/{id}/reactions/{emoji}", scope="send", status=204)
async def unreact_in_talk(call: Call) -> Reply:
    """Take a reaction back."""
    return await _react(call, call.nick(), UNREACT)


async def _react(call: Call, target: str, tag: str) -> Reply:
    emoji = call.params["emoji"]
    if len(emoji) > 64:
        raise Problem("invalid", "A reaction has at most 64 characters")
    await call.client.ask("TAGMSG", [target], {REPLY: _id(call), tag: emoji})
    return call.reply()


# searching


@ROUTES.route("GET", "/search", scope="read", cost=5.0, query=Search, answer=Messages, anywhere=True)
async def search(call: Call) -> Reply:
    """Messages that one may read, by their words."""
    query: Search = call.query
    if call.parts.sessions.looking is None or call.settings.history.search == "off":
        raise Problem("not-here", "Messages cannot be searched here")
    place = query.channel
    if call.identity.scope.channels is not None:
        if place is None or place[:1] != "#":
            raise Problem("channel", "The token is for some channels alone: name one with 'in'")
        place = call.channel(place)
    given = {
        "text": query.q,
        "in": place,
        "from": query.by,
        "after": query.after,
        "before": query.before,
        "limit": str(query.limit),
    }
    words = ";".join(f"{name}={escape_tag_value(text)}" for name, text in given.items() if text)
    answer = await call.client.ask("SEARCH", [words])
    batch = answer.batch("soju.im/search")
    inner = () if batch is None else batch.inner or ()
    found = [said for each in inner if (said := message(each)) is not None]
    return call.page(found, None, complete=answer.first("NOTE") is None)
