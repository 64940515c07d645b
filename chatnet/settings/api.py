"""What programs may ask over HTTP, and those that come by a token of this file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from chatnet.settings.base import AddressRange, Section, Word
from chatnet.web.scopes import read_scope
from chatnet.wire.names import is_nick


def _hash(text: str) -> str:
    if re.fullmatch(r"[0-9a-f]{64}", text) is None:
        raise ValueError("is not the hash of a token: make one with `chatnet token`")
    return text


def _scope(text: str) -> str:
    read_scope(text)
    return text


def _nick(text: str) -> str:
    if not is_nick(text, 64):
        raise ValueError(
            "is not a nick: letters, digits and []\\`_^{|}-, and no digit or '-' at its beginning"
        )
    return text


class ApiSettings(Section):
    """``[api]``: what programs ask over HTTP, below ``/api/v1``, of listeners with ``kind = "web"``."""

    enabled: bool = True
    """False: it is answered nowhere, whatever listeners serve."""
    rate: Annotated[float, Field(ge=0.1, le=10_000)] = 10.0
    """Requests of one token in a second; some cost more than one."""
    burst: Annotated[int, Field(ge=10, le=100_000)] = 50
    """Requests of one token that may come at once; then it is so many a second (429)."""
    strangers: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Requests without a token from one address in a minute."""
    connection_class: str | None = None
    """Name of the ``[[connection_class]]`` that the users of tokens live by; absent: 10 lines a second, 50 at
    once, 1 MiB of SendQ."""
    linger: Annotated[int, Field(ge=1, le=86_400)] = 600
    """Seconds for which the user of a token stays after its last request."""
    wait: Annotated[float, Field(ge=1, le=300)] = 10.0
    """Seconds after which a request is given up (429) whose lines wait for the flood clock without moving."""
    clients: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Users of tokens at a time."""
    streams: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Streams of events at a time."""
    streams_per_token: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Streams of events of one token."""
    stream_queue: Annotated[int, Field(ge=4096, le=1_073_741_824)] = 1_048_576
    """Bytes that may wait for a slow reader of a stream, before it ends."""
    keepalive: Annotated[int, Field(ge=1, le=3600)] = 20
    """Seconds between two signs of life of a stream."""
    replay: Annotated[int, Field(ge=0, le=10_000)] = 1000
    """Messages of one channel that a stream begins with, if its reader says what it read last."""
    notices: Annotated[int, Field(ge=0, le=100_000)] = 500
    """Server notices that are kept for operators who were not there; 0 = none."""
    once_keep: Annotated[int, Field(ge=60, le=604_800)] = 86_400
    """Seconds for which the answer to an Idempotency-Key is kept."""
    once_most: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Such answers that are kept; the oldest go."""
    once_bytes: Annotated[int, Field(ge=65_536, le=1_073_741_824)] = 16_777_216
    """Bytes of them together."""


class TokenSettings(Section):
    """``[[token]]``: a program that speaks by a token of its own, without an account."""

    name: Word
    """Name of the token, used once: one word."""
    nick: Annotated[str, AfterValidator(_nick)]
    """Its nick; one that is taken gets ``_`` behind it."""
    hash: Annotated[str, AfterValidator(_hash)]
    """SHA-256 of the token, in hex, as ``chatnet token`` prints it."""
    scope: Annotated[str, AfterValidator(_scope)] = "read,send,events"
    """What it may do: some of the words of docs/api.md, with channels behind, as in ``read,send:#ci``."""
    oper_class: str | None = Field(default=None, alias="class")
    """Name of the ``[[oper_class]]`` that its user has; absent: it is no operator."""
    addresses: tuple[AddressRange, ...] = Field(default=(), alias="from")
    """Addresses that it may come from; empty = all."""
