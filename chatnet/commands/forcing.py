"""SAJOIN, SAPART, SANICK, SAMODE, SATOPIC and OJOIN: having people and channels be as an operator wants.

As InspIRCd and UnrealIRCd have them.  What is done to a person their own server does.  Operators read of it,
it is noted for good, and people read of it unless ``force.silent`` is set.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from chatnet.commands import forced
from chatnet.commands.channel_modes import MOST_UNKNOWN, ModeCommand, shown
from chatnet.commands.joining import come
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.model.facts import ModeChange, ModesChanged, TopicChanged
from chatnet.model.modes import OP, kind_of
from chatnet.session.obeying import Disobeyed
from chatnet.wire import numerics
from chatnet.wire.modestring import parse_changes
from chatnet.wire.text import cut, middle, printable

CANNOT: Final = "CANNOT_FORCE"
"""The code of a FAIL that says why something is not done."""


@CLIENT.command("SAJOIN", min_params=2, privilege="force", penalty=1.0)
async def sajoin(request: Request) -> None:
    """`SAJOIN <nick> <channel>`: have somebody join a channel, whatever keeps them out of it.

    Mode S of a channel keeps out who is not connected securely in any case.  Refuses with 481, 723, 401, 485
    (a service), FAIL CANNOT_FORCE (why it cannot be, or the server of that person does not do so).
    """
    user, name = request.person(0), request.params[1]
    if await _have(request, user, (name,), partial(forced.join, request.sessions, user, name)):
        _done(request, user.mask, name, f"{user.nick} is in {printable(name)} now")
        _tell(request, name, f"had {user.nick} join")


@CLIENT.command("SAPART", min_params=2, privilege="force", penalty=1.0)
async def sapart(request: Request) -> None:
    """`SAPART <nick> <channel> [:<reason>]`: have somebody leave a channel.

    Refuses as SAJOIN does.
    """
    user, name, reason = request.person(0), request.params[1], request.text(2)
    part = partial(forced.part, request.sessions, user, name, reason)
    if await _have(request, user, (name, reason), part):
        _done(request, user.mask, name, f"{user.nick} has left {printable(name)}")
        _tell(request, name, f"had {user.nick} leave")


@CLIENT.command("SANICK", min_params=2, privilege="force", penalty=1.0)
async def sanick(request: Request) -> None:
    """`SANICK <nick> <new nick>`: have somebody bear another nick.

    One that is free, and belongs to nobody's account.  Refuses as SAJOIN does.
    """
    user, nick, gate = request.person(0), request.params[1], request.sessions.links.gate
    before = user.mask
    if gate.serves(user) and not request.sessions.links.orders.reaches(user.server):
        # Servers that are served by ours take a nick of services, and say nothing if they do not.
        if request.network.user(nick) is not None:
            _refuse(request, user, f"Somebody is called {printable(nick)}")
            return
        gate.rename(user, nick)
        _done(request, before, nick, f"{user.server.name} was asked to call {user.nick} {printable(nick)}")
        return
    if await _have(request, user, (nick,), partial(forced.rename, request.sessions, user, nick)):
        _done(request, before, nick, f"{before.partition('!')[0]} is called {printable(nick)} now")
        if not request.settings.force.silent:
            request.sessions.node.say(user, f"{request.user.nick}, an operator, gave you another nick")


@CLIENT.command("SAMODE", min_params=2, privilege="force", penalty=1.0)
def samode(request: Request) -> None:
    """`SAMODE <channel> <modes> [<parameters>]`: change modes of a channel, whatever rank you have there.

    The server changes them.  What its founder has locked (MLOCK) stays.  Refuses with 481, 723, 403 and as
    MODE does.
    """
    channel = request.channel(0)
    changes, unknown = parse_changes(request.params[1], request.params[2:], kind_of)
    for letter in unknown[:MOST_UNKNOWN]:
        request.reply(numerics.ERR_UNKNOWNMODE, middle(letter))
    done = ModeCommand(request, channel, forced=True).run(changes)
    if done:
        text = " ".join(map(shown, done))
        request.notice("g", f"{request.user.mask} used SAMODE on {channel.name}: {text}")
        _tell(request, channel.name, f"changed modes: {text}")


@CLIENT.command("SATOPIC", min_params=2, privilege="force", penalty=1.0)
def satopic(request: Request) -> None:
    """`SATOPIC <channel> :<text>`: change the topic of a channel, whatever rank you have there.

    Refuses with 481, 723, 403.
    """
    channel, text = request.channel(0), cut(request.text(1), request.settings.limits.topic)
    if text == (channel.topic.text if channel.topic is not None else ""):
        return
    request.note_down(channel.name, text)
    request.notice("g", f"{request.user.mask} used SATOPIC on {channel.name}: {printable(text)}")
    by = request.network.me if request.settings.force.silent else request.user
    request.commit(TopicChanged(channel, text, by, request.now))


@CLIENT.command("OJOIN", min_params=1, privilege="force", penalty=1.0)
def ojoin(request: Request) -> None:
    """`OJOIN <channel>`: come into a channel, whatever keeps you out, as an operator of it.

    Who is in it already becomes one.  Refuses with 481, 723, 403, FAIL CANNOT_FORCE (mode S, and you are not
    connected securely).
    """
    channel, user = request.channel(0), request.user
    if "S" in channel.flags and not user.secure:
        _refuse(request, user, f"{channel.name} is for those who are connected securely (mode S)")
        return
    if channel.members.get(user, 0) & OP:
        return
    request.note_down(channel.name)
    request.notice("g", f"{user.mask} used OJOIN on {channel.name}")
    if user in channel.members:
        change = ModeChange(True, "o", None, user)
        request.commit(ModesChanged(channel, (change,), request.network.me, request.now))
    else:
        registration = request.network.registry.channels.at(channel.folded)
        come(request.sessions, user, channel, registration, request.session, OP)
    _tell(request, channel.name, "came in as operator of the network")


async def _have(
    request: Request, user: User, words: tuple[str, ...], act: Callable[[], Awaitable[None]]
) -> bool:
    """Do an `act` if `user` is of this server, or have theirs do it, by these words; whether it was done."""
    orders, server, verb = request.sessions.links.orders, user.server, request.row.verb
    if server is request.network.me:
        try:
            await act()
        except Disobeyed as disobeyed:
            _refuse(request, user, str(disobeyed))
            return False
        return True
    if not orders.reaches(server):
        why = f"{server.name}, or a server on the way to it, is of another make or older, and obeys nobody"
        _refuse(request, user, why)
        return False
    outcome = await orders.give(server, request.user, [verb, user.uid, *words])
    if not outcome.done:
        _refuse(request, user, f"{server.name}: {printable(outcome.why)}")
        return False
    return True


def _refuse(request: Request, user: User, why: str) -> None:
    if not request.session.closed:
        request.session.fail(request.row.verb, CANNOT, why, user.nick)


def _done(request: Request, about: str, detail: str, text: str) -> None:
    """Note it, tell operators, and the one who did it."""
    request.note_down(about, detail)
    request.notice("g", f"{request.user.mask} used {request.row.verb} on {about}: {printable(detail)}")
    if not request.session.closed:
        request.session.notice(text)


def _tell(request: Request, name: str, what: str) -> None:
    """Tell those who are in a channel what an operator did, unless that is to be silent."""
    channel = request.network.channel(name)
    if channel is not None and not request.settings.force.silent:
        request.sessions.node.say(channel, f"{request.user.nick}, an operator, {what}")
