"""Hooks of a channel: what programs elsewhere say something by, and are told by."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.hooks.deliveries import Try
from chatnet.api.hooks.matching import MOST, TYPES, Match
from chatnet.api.hooks.outgoing import Outgoing
from chatnet.api.hooks.signing import is_key, new_key
from chatnet.api.problems import Mistake, Problem
from chatnet.api.table import Body, Object, Routes
from chatnet.model.hooks import Hook
from chatnet.model.modes import OP
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.records import hooks as fields
from chatnet.rules.access import access_of
from chatnet.rules.reachable import may_reach
from chatnet.services.hooks import Hooking
from chatnet.web.exchange import Reply
from chatnet.wire.names import is_domain
from chatnet.wire.networks import Place, networks_of
from chatnet.wire.server_time import written_ms

ROUTES = Routes()
URL = 1000
"""Characters of an address."""
LOCAL: Final = "127.0.0.1"
"""Where names lead that are of each machine itself.  https://www.rfc-editor.org/rfc/rfc6761#section-6.3"""

Label = Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[!-~]+$")]
Type = Literal[
    "message",
    "joined",
    "parted",
    "quit",
    "kicked",
    "nick",
    "topic",
    "mode",
    "renamed",
    "redacted",
    "reaction",
]


class HookMatch(Body):
    """What a hook tells of its types; all of it has to fit."""

    prefix: Annotated[str, Field(max_length=MOST)] = ""
    """What a text begins with, such as ``!deploy``."""
    mention: bool = False
    """Whether it has to name the bot."""
    by: Annotated[str, Field(max_length=MOST)] = Field(default="", alias="from")
    """A nick or an account."""


class NewHook(Body):
    """A hook: one with a `url` tells, any other hears."""

    label: Label
    """What people call it."""
    bot: Annotated[str, Field(max_length=64)] | None = None
    """A bot of one's own that speaks there; without, one is made that is called as the hook is."""
    format: Annotated[str, Field(max_length=500)] = "any"
    """How what is posted is read: any, github, gitlab, alertmanager, grafana, or template and a text."""
    url: Annotated[str, Field(max_length=URL)] | None = None
    """Where it tells."""
    types: tuple[Type, ...] = ("message",)
    """What it tells."""
    match: HookMatch | None = None
    """Which of these."""
    secret: Annotated[str, Field(max_length=120)] | None = None
    """The key that it signs with (``whsec_…``); without, one is made."""


class ChangedHook(Body):
    """What is to be other than it is."""

    label: Label | None = None
    format: Annotated[str, Field(max_length=500)] | None = None
    url: Annotated[str, Field(max_length=URL)] | None = None
    types: tuple[Type, ...] | None = None
    match: HookMatch | None = None
    renew: bool = False
    """Another address, or another key: it is shown once. That before is signed with for a day."""
    open: bool = False
    """Use one again that was closed."""


class HookObject(Object):
    """A hook."""

    id: str
    channel: str
    label: str
    bot: str | None
    """The account that speaks."""
    by: str | None
    """The account that made it."""
    created_at: str
    format: str | None = None
    url: str | None = None
    types: list[str] | None = None
    match: dict[str, Any] | None = None
    closed: str | None = None
    """Why it is not used any more."""
    address: str | None = None
    """Where to post, shown once."""
    secret: str | None = None
    """The key that it signs with, shown once."""


class HooksOf(Object):
    """Those of a channel."""

    items: list[HookObject]
    complete: bool


class Delivery(Object):
    """One try to tell something."""

    time: str
    event: str
    status: int
    """What was answered; 0: nothing."""
    reason: str
    tries: int


class Deliveries(Object):
    """The last tries of this server, the newest first."""

    items: list[Delivery]
    complete: bool


@ROUTES.route("GET", "/channels/{channel}/hooks", scope="hooks", answer=HooksOf)
async def hooks_of(call: Call) -> Reply:
    """The hooks of a channel: for its operators, and who has the flag s."""
    channel = _channel(call)
    return call.page([_shown(call, each) for each in _hooking(call).known.of(channel.id)], None)


@ROUTES.route(
    "POST", "/channels/{channel}/hooks", scope="hooks", cost=5.0, body=NewHook, answer=HookObject, status=201
)
async def make_hook(call: Call) -> Reply:
    """Make a hook that hears, or, with `url`, one that tells; its address or key is shown once."""
    channel, body, hooking = _channel(call), call.body, _hooking(call)
    owner = _account(call)
    bot = None if body.bot is None else _bot(call, owner, body.bot)
    if body.url is None:
        if (wrong := hooking.wrong(body.format)) is not None:
            raise Problem("invalid", errors=[Mistake("/format", wrong)])
        hook, secret = await hooking.hear(channel, body.label, body.format, owner, bot)
        return call.reply(_shown(call, hook, address=hooking.address(hook, secret)))
    _judge_url(call, body.url)
    key = body.secret or new_key()
    if not is_key(key):
        raise Problem("invalid", errors=[Mistake("/secret", "is not whsec_ and Base64 of 24 to 64 bytes")])
    match = _match(body.match)
    hook = await hooking.tell(
        channel, body.label, body.url, key, owner, bot, types=tuple(dict.fromkeys(body.types)), match=match
    )
    return call.reply(_shown(call, hook, secret=key))


@ROUTES.route("PATCH", "/hooks/{id}", scope="hooks", body=ChangedHook, answer=HookObject, anywhere=True)
async def change_hook(call: Call) -> Reply:
    """Change a hook; have it be at another address, or sign with another key; open one that was closed."""
    hook, body, hooking = _hook(call), call.body, _hooking(call)
    given: dict[str, str | None] = {}
    if body.label is not None:
        given[fields.LABEL] = body.label
    if hook.tells:
        if body.url is not None:
            _judge_url(call, body.url)
            given[fields.URL] = body.url
        if body.types is not None:
            given[fields.TYPES] = ",".join(dict.fromkeys(body.types))
        if body.match is not None:
            given[fields.MATCH] = _match(body.match) or None
    elif body.format is not None:
        if (wrong := hooking.wrong(body.format)) is not None:
            raise Problem("invalid", errors=[Mistake("/format", wrong)])
        given[fields.FORMAT] = body.format
    if body.open and hook.closed is not None:
        given[fields.CLOSED] = None
    if given:
        await hooking.change(hook, given)
    if not body.renew:
        return call.reply(_shown(call, hook))
    if hook.tells:
        key = new_key()
        await hooking.renew_key(hook, key)
        return call.reply(_shown(call, hook, secret=key))
    secret = await hooking.renew_secret(hook)
    return call.reply(_shown(call, hook, address=hooking.address(hook, secret)))


@ROUTES.route("DELETE", "/hooks/{id}", scope="hooks", status=204, anywhere=True)
async def remove_hook(call: Call) -> Reply:
    """Make an end of a hook."""
    await _hooking(call).remove(_hook(call))
    return call.reply()


@ROUTES.route("POST", "/hooks/{id}/test", scope="hooks", cost=5.0, status=204, anywhere=True)
async def test_hook(call: Call) -> Reply:
    """Have a hook that tells tell something, of the type `test`."""
    hook = _hook(call)
    if not hook.tells:
        raise Problem("invalid", "It is not one that tells")
    _outgoing(call).test(hook)
    return call.reply()


@ROUTES.route("GET", "/hooks/{id}/deliveries", scope="hooks", answer=Deliveries, anywhere=True)
async def deliveries_of(call: Call) -> Reply:
    """What came of telling: the last tries, of this server since its start."""
    found = _outgoing(call).deliveries.tries(_hook(call))
    return call.page([_tried(each) for each in found], None)


# what they ask first


def _hooking(call: Call) -> Hooking:
    chanserv = call.parts.sessions.chanserv
    if chanserv is None or chanserv.hooking is None:
        raise Problem("not-here", "This server keeps no registered channels")
    return chanserv.hooking


def _outgoing(call: Call) -> Outgoing:
    if call.parts.outgoing is None:
        raise Problem("not-here", "This server keeps no registered channels")
    return call.parts.outgoing


def _channel(call: Call) -> RegisteredChannel:
    """The registered channel of the path, where the asker may see to hooks."""
    _hooking(call)
    name, network = call.channel(), call.parts.node.network
    found = network.registry.channels.at(network.fold(name))
    if found is None:
        raise Problem("no-such-channel", f"{name} is not registered")
    return _may(call, found)


def _may(call: Call, channel: RegisteredChannel) -> RegisteredChannel:
    network, user = call.parts.node.network, call.user
    here = network.channel(channel.name)
    rank = 0 if here is None else here.members.get(user, 0)
    if channel.suspended(call.parts.node.clock.time()):
        raise Problem("no-such-channel", f"{channel.name} is suspended")
    if rank < OP and "s" not in access_of(network, channel, user):
        raise Problem("not-operator", f"It takes the flag s in {channel.name}, or to be an operator there")
    return channel


def _hook(call: Call) -> Hook:
    """The hook of the path, where the asker may see to it."""
    hook = _hooking(call).named(call.params["id"])
    channel = None
    if hook is not None:
        channel = call.parts.node.network.registry.channels.by_id.get(hook.channel)
    if hook is None or channel is None:
        raise Problem("no-such-path", "There is no such hook")
    call.within(channel.name)
    _may(call, channel)
    return hook


def _account(call: Call) -> Account:
    account = call.parts.node.network.registry.account(call.user.account_id)
    if account is None:
        raise Problem("login-required", "A hook belongs to an account")
    return account


def _bot(call: Call, owner: Account, name: str) -> Account:
    nickserv = call.parts.sessions.nickserv
    found = None if nickserv is None else nickserv.bots.named(owner, name)
    if found is None:
        raise Problem("invalid", errors=[Mistake("/bot", "is no bot of yours")])
    return found


def _judge_url(call: Call, url: str) -> None:
    """Refuse what is no address by which this server could tell anybody."""
    mistake = None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        mistake = "is no address"
    else:
        private = networks_of(call.settings.hooks.private_networks)
        if not url.isascii() or any(not "!" <= c <= "~" for c in url) or not host:
            mistake = "is no address"
        elif parts.scheme != "https" and not (parts.scheme == "http" and private):
            mistake = "does not begin with https://"
        elif parts.username is not None or parts.fragment:
            mistake = "has a name or a fragment in it"
        elif port == 0:
            mistake = "has no port that could be connected to"
        else:
            mistake = _unreachable(host, private, encrypted=parts.scheme == "https")
    if mistake is not None:
        raise Problem("invalid", errors=[Mistake("/url", mistake)])


def _unreachable(host: str, private: Sequence[Place], *, encrypted: bool) -> str | None:
    """Why a host can never be told anything; None: that is seen when its name is looked up."""
    name = host.removesuffix(".")
    address = LOCAL if name == "localhost" or name.endswith(".localhost") else name
    try:
        ip_address(address)
    except ValueError:
        # What is all digits at its end is taken for an address by some, and by others for none.
        return None if is_domain(name, 253) and not name[-1].isdigit() else "has no host that there could be"
    if may_reach(address, private, encrypted=encrypted):
        return None
    words = "leads to a network that this server does not connect to; who runs it can allow that"
    return f"{words}: hooks.private_networks"


def _match(wanted: HookMatch | None) -> str:
    return "" if wanted is None else Match(wanted.prefix, wanted.mention, wanted.by).text


# what they show


def _shown(call: Call, hook: Hook, *, address: str | None = None, secret: str | None = None) -> HookObject:
    registry = call.parts.node.network.registry
    bot, by = registry.account(hook.bot), registry.account(hook.by)
    channel = registry.channels.by_id.get(hook.channel)
    found = HookObject(
        id=hook.name,
        channel="" if channel is None else channel.name,
        label=hook.label,
        bot=None if bot is None else bot.shown,
        by=None if by is None else by.shown,
        created_at=written_ms(hook.created * 1000),
        closed=None if hook.closed is None else hook.closed.why,
        address=address,
        secret=secret,
    )
    if not hook.tells:
        found.format = hook.format
        return found
    match = Match.read(hook.match)
    found.url, found.types = hook.url, list(hook.types)
    asked = {"prefix": match.prefix, "mention": match.mention, "from": match.by}
    found.match = {name: value for name, value in asked.items() if value}
    return found


def _tried(found: Try) -> Delivery:
    time = written_ms(int(found.at * 1000))
    return Delivery(time=time, event=found.event, status=found.status, reason=found.why, tries=found.tries)


assert set(TYPES) == set(Type.__args__)  # type: ignore[attr-defined]  # of a Literal
