"""What operators have people do who are on this server: the server of a person does it, whoever orders it.

Each act raises Disobeyed if it cannot be done, with a sentence for the operator.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from chatnet.commands.joining import begin, come
from chatnet.model.entities import User
from chatnet.model.facts import NickChanged, Parted
from chatnet.model.ids import UID
from chatnet.rules.renames import renamed_from
from chatnet.session.obeying import Disobeyed, Obeyed, Order
from chatnet.session.sessions import Sessions
from chatnet.storage.interfaces import StoreError
from chatnet.wire.names import is_channel, nick_mistake
from chatnet.wire.text import cut, printable


async def join(sessions: Sessions, user: User, name: str) -> None:
    """Have somebody join a channel whatever keeps them out; mode S is a promise, and does."""
    network, limits = sessions.network, sessions.limits
    if not is_channel(name, limits.channel):
        raise Disobeyed(f"{printable(name)} is no name of a channel")
    if sessions.marks is not None:
        with suppress(StoreError):  # of how far they have read they are told as they come in
            await sessions.marks.fetch(user)
    if network.users.get(user.uid) is not user:
        raise Disobeyed("They have gone meanwhile")
    channel = network.channel(name)
    if channel is not None and user in channel.members:
        raise Disobeyed(f"{user.nick} is in {channel.name} already")
    if channel is None:
        known = renamed_from(network, sessions.node.settings, user, name, sessions.node.clock.time())
        if known is not None:
            raise Disobeyed(f"{printable(name)} is called {known.name} now")
        channel = begin(sessions, name)
    if "S" in channel.flags and not user.secure:
        raise Disobeyed(f"{channel.name} is for those who are connected securely (mode S)")
    if len(user.channels) >= limits.channels:
        raise Disobeyed(f"{user.nick} is in as many channels as one may be in")
    come(sessions, user, channel, network.registry.channels.at(channel.folded), None)


async def part(sessions: Sessions, user: User, name: str, reason: str) -> None:
    """Have somebody leave a channel."""
    channel = sessions.network.channel(name)
    if channel is None or user not in channel.members:
        raise Disobeyed(f"{user.nick} is not in {printable(name)}")
    text = cut(reason, sessions.node.settings.limits.kick) or None
    sessions.node.commit(Parted(channel, user, text, sessions.node.clock.time()))


async def rename(sessions: Sessions, user: User, nick: str) -> None:
    """Have somebody bear another nick, which is free."""
    network, now = sessions.network, sessions.node.clock.time()
    mistake = nick_mistake(nick, sessions.limits.nick)
    if mistake is not None:
        raise Disobeyed(f"{printable(nick)} cannot be a nick: {mistake}")
    folded, nickserv = network.fold(nick), sessions.nickserv
    if network.nicks.get(folded, user) is not user:
        raise Disobeyed(f"Somebody is called {printable(nick)}")
    if nickserv is not None and folded != user.folded:
        protection = nickserv.protection
        if protection.keeper(user, folded) is not None:
            raise Disobeyed(f"{printable(nick)} belongs to an account")
        if protection.is_bound(user, folded):
            raise Disobeyed(f"{user.nick} has to bear a nick of their account")
    if nick == user.nick:
        raise Disobeyed(f"{user.nick} is called that already")
    sessions.node.commit(NickChanged(user, nick, folded, now, user.nick, user.source))


def _whom(order: Order) -> User:
    """The user of this server whom an order is about: its first word is their UID."""
    user = order.sessions.network.users.get(UID(order.word(0)))
    if user is None or user.server is not order.sessions.network.me:
        raise Disobeyed("They are not there any more")
    return user


def _note(order: Order, verb: str, user: User, detail: str) -> None:
    by = f"by order of {order.server.name}"
    order.sessions.auditing.note(order.user, verb, user.mask, f"{detail} ({by})")
    order.sessions.node.notice("g", f"{order.user.mask} used {verb} on {user.nick}: {detail} ({by})")


async def _join(order: Order) -> None:
    user, name = _whom(order), order.word(1)
    await join(order.sessions, user, name)
    _note(order, "SAJOIN", user, name)


async def _part(order: Order) -> None:
    user, name = _whom(order), order.word(1)
    await part(order.sessions, user, name, order.word(2))
    _note(order, "SAPART", user, name)


async def _rename(order: Order) -> None:
    user, nick, before = _whom(order), order.word(1), _whom(order).mask
    await rename(order.sessions, user, nick)
    order.sessions.auditing.note(order.user, "SANICK", before, f"{nick} (by order of {order.server.name})")
    order.sessions.node.notice("g", f"{order.user.mask} used SANICK on {before}: {nick}")


ORDERS: Final = {
    "SAJOIN": Obeyed("force", _join),
    "SAPART": Obeyed("force", _part),
    "SANICK": Obeyed("force", _rename),
}
"""What operators of other servers may order, in these words."""
