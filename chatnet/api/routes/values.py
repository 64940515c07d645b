"""Last values of a channel: what boards and scripts measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.problems import Problem
from chatnet.api.table import Body, Object, Routes
from chatnet.api.values import Values
from chatnet.rules.metadata import channel_named
from chatnet.rules.visibility import may_see_channel
from chatnet.web.exchange import Reply
from chatnet.wire.server_time import written_ms

ROUTES = Routes()


class NewValue(Body):
    """What was measured."""

    value: Annotated[str, Field(min_length=1, max_length=200)]
    unit: Annotated[str, Field(max_length=20)] = ""
    """Stands behind the value, with a space between."""
    min_change: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    """Say it as well, if it is so far from what was said last."""


class LastValue(Object):
    """What was measured last, and when."""

    key: str
    value: str
    time: str


class LastValues(Object):
    """Those of a channel, by their keys."""

    items: list[LastValue]
    complete: bool


@ROUTES.route("PUT", "/channels/{channel}/values/{key}", scope="send", body=NewValue, status=204)
async def put_value(call: Call) -> Reply:
    """Keep a value: everybody reads it as metadata, ``value/<key>``; it is said only with `min_change`."""
    body: NewValue = call.body
    value = f"{body.value} {body.unit}".rstrip()
    await _values(call).put(call.identity, call.channel(), call.params["key"], value, body.min_change)
    return call.reply()


@ROUTES.route("GET", "/channels/{channel}/values", scope="read", answer=LastValues)
async def values_of(call: Call) -> Reply:
    """The last values of a channel."""
    name, network = call.channel(), call.parts.node.network
    channel = channel_named(network, name)
    if channel is None or not may_see_channel(call.user, channel):
        raise Problem("no-such-channel")
    found = [
        LastValue(key=each.key, value=each.value, time=written_ms(int(each.at * 1000)))
        for each in _values(call).of(channel)
    ]
    return call.page(found, None)


def _values(call: Call) -> Values:
    if call.parts.values is None:
        raise Problem("not-here")
    return call.parts.values
