"""The objects that routes answer with, for their description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from chatnet.api.table import Object


class Author(Object):
    """Who said or did something."""

    nick: str
    user: str | None = None
    host: str | None = None
    account: str | None = None
    """The account that they are logged in to."""
    bot: bool = False


class Message(Object):
    """Something that was said."""

    type: Literal["message"] = "message"
    id: str | None
    """Its id, the same on all servers."""
    time: str | None
    target: str
    """The channel, or the nick, that it was said to."""
    by: Author = Field(alias="from")
    kind: Literal["message", "notice", "action"]
    text: str
    """Lines are parted by line feeds."""
    reply_to: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags that clients add: their names begin with ``+``."""
    redacted: bool = False
    cursor: str | None = None
    """Where it stands: for ``before`` and ``after``, and as ``Last-Event-ID``."""


class Messages(Object):
    """A page of them, the oldest first."""

    items: list[Message]
    complete: bool
    """False: other servers may know more."""


class Event(Object):
    """Something that happened, by its `type`; what else there is depends on that."""

    type: str
    time: str | None = None
    target: str | None = None
    by: Author | None = Field(default=None, alias="from")


class Lines(Object):
    """What a command was answered with."""

    lines: list[dict[str, Any]]


class Channel(Object):
    """A channel, as the asker may see it."""

    name: str
    topic: str | None = None
    topic_by: str | None = None
    topic_at: str | None = None
    modes: str | None = None
    members: int
    created_at: str | None = None
    registered: bool


class Channels(Object):
    """A page of them, by their names."""

    items: list[Channel]
    complete: bool


class Member(Object):
    """Somebody in a channel."""

    nick: str
    user: str | None = None
    host: str | None = None
    ranks: str
    """Prefixes, the highest first, such as ``@+``."""


class Members(Object):
    """A page of them, by their nicks."""

    items: list[Member]
    complete: bool


class Membership(Object):
    """That the asker is in a channel."""

    channel: str
    """Its name: another one than was asked for, if that leads there."""
    joined: bool
    """Whether they were not in it before."""


class Person(Object):
    """Somebody on the network."""

    nick: str
    user: str
    host: str
    realname: str
    account: str | None = None
    server: str
    away: str | None = None
    idle: int | None = None
    """Seconds since they said something."""
    signon: str | None = None
    bot: bool = False
    secure: bool = False
    operator: bool = False
    channels: list[str] = Field(default_factory=list)
    """Those that the asker may know of, with ranks before them."""


class Mark(Object):
    """How far the asker has read."""

    target: str
    time: str | None


class Ticket(Object):
    """What stands in the address of a stream, where a browser can send no token."""

    ticket: str
    seconds: int
    """For how long it is good, for one stream."""


class Limits(Object):
    """Lengths in UTF-8 bytes."""

    nick: int
    channel: int
    topic: int
    text: int
    """Of a message of several lines."""
    lines: int
    """In a message."""
    page: int
    """Messages of one page."""


class Server(Object):
    """What this server is, and what it does."""

    network: str
    server: str
    version: str
    now: str
    registration: bool
    """Whether accounts can be registered here."""
    guests: bool
    history: bool
    search: bool
    limits: Limits
