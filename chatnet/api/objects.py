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


class Login(Object):
    """A token, which is told once."""

    token: str
    id: str
    """By which it is taken back."""
    account: str
    scope: str
    label: str
    expires_at: str | None = None


class Token(Object):
    """A token of the account, without its secret."""

    id: str
    label: str
    scope: str
    made_at: str
    expires_at: str | None = None
    current: bool
    """Whether this is asked with it."""


class Tokens(Object):
    """All of them, the oldest first."""

    items: list[Token]


class Registered(Object):
    """An account that was made."""

    account: str
    token: str | None = None
    """By which one is logged in; not there if a code was sent first."""
    expires_at: str | None = None
    verify: Literal["email"] | None = None
    """What is to come before the account can be used."""


class Seat(Object):
    """A channel that one is in."""

    name: str
    ranks: str
    """Prefixes, the highest first."""


class Me(Object):
    """Who asks."""

    nick: str
    user: str
    host: str
    account: str | None = None
    bot: bool
    operator: bool
    privileges: list[str] = Field(default_factory=list)
    """What one may as an operator, by the names of the configuration."""
    modes: str
    away: str | None = None
    channels: list[Seat]
    marks: list[Mark]
    """How far one has read, by channels and people."""
    settings: dict[str, Any]
    """What was chosen for the account with NickServ's SET; `web` is an object that pages keep there."""


class Invite(Object):
    """A link into channels, as those see it who may make one."""

    id: str
    token: str | None = None
    """What the link has in it, and a key for JOIN: told once, when it is made."""
    url: str | None = None
    channels: list[str]
    by: str
    made_at: str
    expires_at: str
    most: int
    used: int
    voice: bool
    guests: bool
    register_: bool = Field(alias="register")
    label: str
    closed: str | None = None
    """Why nobody comes by it any more."""


class Invites(Object):
    """All into a channel, the oldest first."""

    items: list[Invite]


class Room(Object):
    """A channel that an invite leads into."""

    name: str
    topic: str | None = None
    members: int


class Invitation(Object):
    """An invite, as whoever has the link sees it."""

    network: str
    channels: list[Room]
    by: str
    account: Literal["needed", "optional"]
    registration: bool
    """Whether an account can be made by it, or without."""


class Accepted(Object):
    """What somebody has who came by an invite."""

    account: str | None = None
    token: str | None = None
    """By which the account that was made is logged in."""
    expires_at: str | None = None
    verify: Literal["email"] | None = None
    channels: list[str]
    """To be joined with the token of the invite as the key."""


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
